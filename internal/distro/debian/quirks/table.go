// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import "slices"

// A Quirk is what is known of one package.
type Quirk struct {
	// Package is its name; N in python3.N is any minor version.
	Package string
	// File is what it is known by: a path in the package, or the name of one of its
	// maintainer scripts.
	File string
	// Seen are the versions of the file that were read, if it counts as a whole.
	Seen []Version
	// Texts are in the file, each, if only they count.
	Texts []string
	// Since is the first release of Debian in which it was true: 11.
	Since int
	// Compared says that a build compares the file; without it the entry holds for
	// every package of the name, and only hack/quirks compares.
	Compared bool
	// Known is what is known, and what is done about it.
	Known string
	// Saves is what it is good for. Times are approximate, of two processors.
	Saves string
	// Otherwise is what happens to a package whose file is another one.
	Otherwise string
}

// A Version is a file of some releases of Debian.
type Version struct {
	// Releases are Debian's numbers, as they were when the file was read.
	Releases string
	// SHA256 is that of the text, in hexadecimal, in which VERSION stands for the
	// package's own version, :ARCH for its architecture after a colon, and python3.N
	// for the version of Python in the package's name.
	SHA256 string
}

const (
	whole   = "the whole package is configured as before, only slower"
	settled = "the same is done, and finds nothing to settle"
	twice   = "no time: two builds give the same bytes"
)

// Table is everything that is known of single packages.
func Table() []Quirk { return slices.Concat(fast(), settles()) }

// of is the entry of a package that is known by a file. What isn't in the table
// matches nothing.
func of(name, file string) Quirk {
	for _, q := range Table() {
		if q.Package == name && q.File == file {
			return q
		}
	}
	return Quirk{}
}

// fast are the scripts that took most of the time.
func fast() []Quirk {
	return []Quirk{
		{
			Package: "ca-certificates", File: "/usr/sbin/" + certificatesProgram, Since: 11, Compared: true,
			Seen: []Version{
				{"11", "7ad4af5c16cfe26de17f76a3b2217f011a651fe1f25ed1608584765aeeffb7f9"},
				{"12, at first", "395364bffc7ce85ccbe2de71215f9c6c85c024af3bbd991c75a01c2d2aa3080a"},
				{"12, 13", "2cb06c85b5f01c4f6b72c3983d9f66d44aac0a7ac997ee55e7e429aedbc3934d"},
			},
			Known:     "it starts five processes for each of 140 certificates, twice; the shim starts one in all (trust.go)",
			Saves:     "1,400 processes: with Python's, two thirds of the time of configuring six packages",
			Otherwise: "the shim becomes the program",
		},
		{
			Package: "ca-certificates", File: "config", Since: 11, Compared: true, Texts: append(emptyLists(), vainConditions()...),
			Known:     "its questions look each certificate up in a list that a new system doesn't have; the answer stands there while dpkg runs (questions.go)",
			Saves:     "860 processes: a tenth of a cold build of five packages",
			Otherwise: "the script stays as it is",
		},
		{
			Package: "python3.N-minimal", File: "postinst", Since: 12, Compared: true,
			Seen:      []Version{{"12, 13", "d9daa12b6933ee4625e03437fd17b0cb2a06584ef78858db8dcc7fd7af58bcbf"}},
			Known:     "it only compiles, so it runs beside dpkg (install/register_lanes.go)",
			Saves:     "with python3.N's, up to half of configuring: as long as all other scripts together",
			Otherwise: whole,
		},
		{
			Package: "python3.N", File: "postinst", Since: 11, Compared: true,
			Seen: []Version{
				{"11, 12", "502bb9690e386fc11cabe8138bab296e6c0c43cf0257b9b808f145430c360e16"},
				{"13", "ffbb79c84e24de073d3bd137950de65984c8e77c3d4ffbb979e3658b352f4da9"},
			},
			Known:     "it only compiles, so it runs beside dpkg (install/register_lanes.go)",
			Saves:     "see python3.N-minimal",
			Otherwise: whole,
		},
	}
}

// settles are what scripts make differently in every run.
func settles() []Quirk {
	return []Quirk{
		{
			Package: "ca-certificates-java", File: "postinst", Since: 11, Texts: []string{"storepass='" + JavaPassword + "'", "/java/cacerts"},
			Known:     "its list of certificates holds the times at which they were put in, in the disk's order; both are settled (javastore.go)",
			Saves:     twice,
			Otherwise: "a list of another format or with another password stays as it is",
		},
		{
			Package: "man-db", File: "postinst", Since: 11, Texts: []string{"run_mandb "},
			Known:     "its indexes depend on where on the disk the pages are; man does without (caches.go)",
			Saves:     twice,
			Otherwise: settled,
		},
		{
			Package: "fontconfig", File: "postinst", Since: 11, Texts: []string{"fc-cache -s -f"},
			Known:     "its lists of new directories hold the time; fontconfig does without (caches.go)",
			Saves:     twice,
			Otherwise: settled,
		},
		{
			Package: "systemd", File: "postinst", Since: 11, Texts: []string{"systemd-machine-id-setup"},
			Known:     "it makes up an identity of the machine, as dbus did until 11; it is emptied (settle.go)",
			Saves:     "no machine shares its identity with all others of the image; two builds give the same bytes",
			Otherwise: settled,
		},
		{
			Package: "adduser", File: "/usr/sbin/adduser", Since: 11, Texts: []string{"useradd"},
			Known:     "useradd notes in /etc/shadow the day on which an account was made; it becomes the latest of the base's (settle.go)",
			Saves:     twice,
			Otherwise: settled,
		},
	}
}
