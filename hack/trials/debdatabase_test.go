// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"strings"
	"testing"
)

// debDatabase are packages that would leave a database behind that dpkg doesn't read, or
// in which files have two meanings.
func debDatabase() []input {
	control := func(tries, refused, taken, text string) input {
		return deb(tries, refused, taken, func(t *testing.T) []part {
			return []part{version(), fields(t, text), content(t, named("./usr/x"))}
		})
	}
	field := func(tries, refused, taken, line string) input {
		return control(tries, refused, taken, evilControl+line+"\n")
	}
	versioned := func(tries, version string) input {
		return control(tries, "its field Version", "", strings.Replace(evilControl, "Version: 1", "Version: "+version, 1))
	}
	beside := func(tries, refused, taken, name, text string) input {
		return deb(tries, refused, taken, func(t *testing.T) []part {
			file := named("./" + name)
			file.text = text
			return []part{version(), fields(t, evilControl, file), content(t, named("./usr/x"))}
		})
	}
	return []input{
		field("a word that Multi-Arch doesn't have", "which dpkg doesn't read", "", "Multi-Arch: evil"),
		field("one of each architecture that is for all", `its field Multi-Arch is "same"`, "", "Multi-Arch: same"),
		field("perhaps essential", "which dpkg doesn't read", "", "Essential: perhaps"),
		field("a field of one letter", "a name of one letter", "", "X: y"),
		field("a need of a version that is none", "which dpkg doesn't read", "", "Recommends: foo (= !!)"),
		field("a need of an architecture ../../x", "names no package", "", "Suggests: foo:../../x"),
		field("a need with nothing between its commas", "a name is missing beside a comma", "", "Enhances: foo, , bar"),
		field("a conflict with one of two", "alternatives have no place in it", "", "Conflicts: a | b"),
		field("configuration files among the fields", "", "dpkg lists those of its own, and so does Strata", "Conffiles:\n /etc/shadow d41d8cd98f00b204e9800998ecf8427e"),
		versioned("a version without a revision behind its hyphen", "1-"),
		versioned("a version that begins with a letter", "abc"),
		versioned("an epoch of 2^40", "1099511627776:1"),
		versioned("an epoch and no version", "1:"),
		control("a name that begins with a sign", "its field Package", "", strings.Replace(evilControl, "Package: evil", "Package: +evil", 1)),
		control("fields with a mark of the order of bytes", "is not a field", "", "\ufeff"+evilControl),
		control("fields that are signed", "is not a field", "", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"+evilControl),
		beside("the root as a configuration file", `read conffiles: "/"`, "", "conffiles", "/\n"),
		beside("a configuration file that is removed and is there", "conffiles says that it is removed", "", "conffiles", "remove-on-upgrade /usr/x\n"),
		beside("a removed configuration file ../../x", "isn't a path of the image", "", "conffiles", "remove-on-upgrade ../../x\n"),
		beside("a configuration file with a flag that dpkg doesn't know", "isn't a path of the image", "", "conffiles", "explode /usr/x\n"),
		beside("sums of files that it doesn't have", "", "dpkg keeps them as they are, and so does Strata", "md5sums", "d41d8cd98f00b204e9800998ecf8427e  ../../etc/shadow\n"),
		beside("the root as a trigger", "read triggers", "", "triggers", "interest /\n"),
		beside("a trigger /a//b", "read triggers", "", "triggers", "interest /a//b\n"),
	}
}
