// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/install"
)

// A part is a member of an ar archive.
type part struct {
	name string
	data []byte
	// size is what the header says in place of the data's, and end what it ends in.
	size, end string
	// odd leaves out the byte after a member of an odd size.
	odd bool
}

// ar packs members.
func ar(parts ...part) []byte {
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, p := range parts {
		if p.size == "" {
			p.size = fmt.Sprint(len(p.data))
		}
		if p.end == "" {
			p.end = "`\n"
		}
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10s%s", p.name, 0, 0, 0, "100644", p.size, p.end)
		b.Write(p.data)
		if len(p.data)%2 == 1 && !p.odd {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

const evilControl = "Package: evil\nVersion: 1\nArchitecture: all\nInstalled-Size: 1\nMaintainer: Nobody <nobody@example.org>\nDescription: evil\n"

// version, fields and content are the members that a package has.
func version() part { return part{name: "debian-binary", data: []byte("2.0\n")} }

func fields(t *testing.T, text string, more ...entry) part {
	control := named("./control")
	control.text = text
	return part{name: "control.tar", data: tarball(t, append([]entry{control}, more...)...)}
}

func content(t *testing.T, entries ...entry) part {
	return part{name: "data.tar", data: tarball(t, entries...)}
}

// unpackDeb hands a package to the step helper's reader.
func unpackDeb(t *testing.T, b *box, deb []byte) error {
	return install.Unpack(t.Context(), []string{b.file(t, "evil.deb", deb)}, b.out, b.meta, install.UnpackOptions{})
}

// deb is an input that is a package of these members.
func deb(tries, refused, taken string, parts func(t *testing.T) []part) input {
	return input{tries, refused, taken, func(t *testing.T, b *box) error { return unpackDeb(t, b, ar(parts(t)...)) }}
}

// debMembers are packages whose ar archive is odd.
func debMembers() []input {
	with := func(first, last []part) func(t *testing.T) []part {
		return func(t *testing.T) []part {
			return append(append(append([]part{}, first...), fields(t, evilControl), content(t, named("./usr/x"))), last...)
		}
	}
	var seventeen []part
	for i := range 17 {
		seventeen = append(seventeen, part{name: fmt.Sprintf("_x%d", i), data: []byte("x")})
	}
	one := func(p part) func(t *testing.T) []part { return with([]part{version(), p}, nil) }
	return []input{
		deb("a member of -1 bytes", `claims "-1" bytes`, "", one(part{name: "_x", size: "-1"})),
		deb("a member of +4 bytes", `claims "+4" bytes`, "", one(part{name: "_x", size: "+4"})),
		deb("a member of 0x10 bytes", `claims "0x10" bytes`, "", one(part{name: "_x", size: "0x10"})),
		deb("a member of 9,999,999,999 bytes", "claims 9999999999 bytes", "", one(part{name: "_x", size: "9999999999"})),
		deb("a member that doesn't say how long it is", "doesn't say how long it is", "", one(part{name: "_x", size: " "})),
		deb("a member called ../../etc/x", `a member called "../../etc/x"`, "", one(part{name: "../../etc/x"})),
		deb("a table of long names, as GNU ar has", `a member called "//"`, "", one(part{name: "//", data: []byte("data.tar/\n")})),
		deb("a long name, as BSD ar has", `a member called "#1/20"`, "", one(part{name: "#1/20", data: []byte("data.tar")})),
		deb("a header that ends in other bytes", "ends in the wrong bytes", "", one(part{name: "_x", end: "x\n"})),
		deb("a member of an odd size without the byte after it", "not a Debian package", "", one(part{name: "_x", data: []byte("odd"), odd: true})),
		deb("17 members before the files", "more than 16 members", "", with(append([]part{version()}, seventeen...), nil)),
		deb("a second list of fields", "it has both control.tar and control.tar", "", func(t *testing.T) []part {
			return []part{version(), fields(t, evilControl), fields(t, evilControl), content(t)}
		}),
		deb("a second archive of files behind the first", "", "dpkg reads no more than the first, and so does Strata",
			with([]part{version()}, []part{{name: "data.tar.gz", data: []byte("no gzip")}})),
		deb("files before the fields", "its files come before control.tar", "", func(t *testing.T) []part {
			return []part{version(), content(t), fields(t, evilControl)}
		}),
		deb("no format", "want debian-binary", "", with(nil, nil)),
		deb("format 3.0", `debian-binary says "3.0\n"`, "", with([]part{{name: "debian-binary", data: []byte("3.0\n")}}, nil)),
		deb("a format without a line's end", "want 2.0", "", with([]part{{name: "debian-binary", data: []byte("2.0")}}, nil)),
		deb("an empty format", "not a Debian package", "", with([]part{{name: "debian-binary"}}, nil)),
		deb("a compression that dpkg doesn't know", "data.tar.br is compressed in a way that isn't supported", "", func(t *testing.T) []part {
			return []part{version(), fields(t, evilControl), {name: "data.tar.br", data: []byte("x")}}
		}),
		{"the old format of 1995", "it doesn't begin as an ar archive", "", func(t *testing.T, b *box) error {
			return unpackDeb(t, b, []byte("0.939000\n20\ncontrol"))
		}},
		{"a thin archive, whose members are other files", "it doesn't begin as an ar archive", "", func(t *testing.T, b *box) error {
			return unpackDeb(t, b, append([]byte("!<thin>\n"), ar(version())[8:]...))
		}},
		{"nothing at all", "it doesn't begin as an ar archive", "", func(t *testing.T, b *box) error { return unpackDeb(t, b, nil) }},
	}
}

// debControl are packages whose fields and scripts are odd.
func debControl() []input {
	text := func(tries, refused, taken, text string) input {
		return deb(tries, refused, taken, func(t *testing.T) []part { return []part{version(), fields(t, text), content(t)} })
	}
	file := func(tries, refused, taken string, more ...entry) input {
		return deb(tries, refused, taken, func(t *testing.T) []part { return []part{version(), fields(t, evilControl, more...), content(t)} })
	}
	said := func(name, body string) entry {
		e := named(name)
		e.text = body
		return e
	}
	field := func(name, value string) string {
		var b strings.Builder
		for line := range strings.Lines(evilControl) {
			if strings.HasPrefix(line, name+":") {
				line = name + ":" + value + "\n"
			}
			b.WriteString(line)
		}
		return b.String()
	}
	setuid := said("./postinst", "#!/bin/sh\n")
	setuid.Mode = 0o6755
	device := entry{Header: tar.Header{Name: "./postinst", Typeflag: tar.TypeBlock, Devmajor: 8}}
	sparse := entry{Header: tar.Header{
		Name: "./templates", Typeflag: tar.TypeReg, Mode: 0o644, Format: tar.FormatPAX,
	}, text: "1\n1099511627776\n0\n"}
	sparse.raw = func(block []byte) { block[156] = 'S' }
	return []input{
		text("a name ../x", `its field Package is "../x"`, "", field("Package", " ../x")),
		text("a name on the next line", "its field Package", "", field("Package", "\n evil")),
		text("a name with a space", `its field Package is "evil x"`, "", field("Package", " evil x")),
		text("a name that an option begins as", `its field Package is "--root=x"`, "", field("Package", " --root=x")),
		text("a name of 200 letters", "its field Package", "", field("Package", " "+strings.Repeat("a", 200))),
		text("a version with a path in it", "its field Version", "", field("Version", " 1/../../x")),
		text("a version with a line's end in it", "its field Version", "", field("Version", " 1\n Status: install ok installed")),
		text("a version of 300 digits", "its field Version", "", field("Version", " "+strings.Repeat("1", 300))),
		text("an architecture ../../x", "its field Architecture", "", field("Architecture", " ../../x")),
		text("no architecture", "its field Architecture", "", field("Architecture", "")),
		text("a field twice", "stands twice", "", evilControl+"PACKAGE: other\n"),
		text("a second paragraph", "want one paragraph, got 2", "", evilControl+"\nPackage: other\nVersion: 1\nArchitecture: all\n"),
		text("a line without a field before it", "a continued line without a field before it", "", " x\n"+evilControl),
		text("a line that is no field", "is not a field", "", evilControl+"no field\n"),
		text("1,001 fields", "more than 1000 fields", "", evilControl+numbered(1001, "X-%d: y\n")),
		text("a state of its own, that dpkg would take for true", "its field Status", "", "Status: install ok installed\n"+evilControl),
		text("a version that was configured before", "its field Config-Version", "", evilControl+"Config-Version: 0\n"),
		text("triggers that are pending", "its field Triggers-Pending", "", evilControl+"Triggers-Pending: /etc\n"),
		text("a zero byte in a field", "its field Description", "", field("Description", " evil\x00more")),
		text("a terminal's commands in a field", "", "it stands in dpkg's database, as dpkg takes it", field("Description", " \x1b[2J\x1b]0;evil\a")),
		text("an installed size of -1", "", "no size is taken for said", field("Installed-Size", " -1")),
		text("an installed size of 2^70", "", "no size is taken for said", field("Installed-Size", " 1180591620717411303424")),
		file("a script ../../etc/cron.d/x", "can't be a file's name", "", named("../../etc/cron.d/x")),
		file("a script of an absolute name", "can't be a file's name", "", named("/postinst")),
		file("a script in a directory", "can't be a file's name", "", named("./a/postinst")),
		file("a script with a line's end in its name", "can't be a file's name", "", named("./post\ninst")),
		file("a script of 51 letters", "can't be a file's name", "", named("./"+strings.Repeat("a", 51))),
		file("a list of its own files", "can't be a file's name", "", said("./list", "/etc/passwd\n")),
		file("a script twice", "is there twice", "", named("./postinst"), named("./postinst")),
		file("a script that is a link to /etc/shadow", "isn't a file", "", linked("./postinst", "/etc/shadow")),
		file("a script that is another name of its fields", "isn't a file", "", again("./postinst", "./control")),
		file("a script that is a disk", "isn't a file", "", device),
		file("a script that may become root", "", "the bits go", setuid),
		file("a sparse file of 1 TiB among the scripts", "read control.tar", "", sparse),
		file("33 MB of templates", "it has more than", "", said("./templates", strings.Repeat("x", 33<<20))),
		file("a configuration file that isn't absolute", "isn't a path", "", said("./conffiles", "etc/x\n")),
		file("a configuration file /../../etc/shadow", `read conffiles: "/../../etc/shadow"`, "", said("./conffiles", "/../../etc/shadow\n")),
		file("a configuration file with a sum and a state behind it", "", "all of it is the name",
			said("./conffiles", "/etc/x d41d8cd98f00b204e9800998ecf8427e obsolete\n")),
		file("a configuration file twice", "", "it counts once", said("./conffiles", "/etc/x\n/etc/x\n")),
		file("a configuration file with a terminal's commands", "read conffiles", "", said("./conffiles", "/etc/\x1b[2J\n")),
		file("a trigger ../../../etc/cron.d/x", "read triggers", "", said("./triggers", "interest ../../../etc/cron.d/x\n")),
		file("a trigger File, as dpkg's own list is called", "read triggers", "", said("./triggers", "interest File\n")),
		file("a trigger ..", "read triggers", "", said("./triggers", "interest ..\n")),
		file("a trigger of a terminal's commands", "read triggers", "", said("./triggers", "activate \x1b[2J\n")),
		file("a trigger that dpkg doesn't know", "read triggers", "", said("./triggers", "explode now\n")),
	}
}

// numbered is a text for each number.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
