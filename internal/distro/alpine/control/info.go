// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"strconv"
	"strings"
)

// Info is what a package says of itself in .PKGINFO.
type Info struct {
	Name, Version, Arch string
	Description         string
	URL, License        string
	Origin, Commit      string
	Maintainer          string
	BuildTime           int64 // seconds since 1970
	InstalledSize       int64 // bytes
	Depends             []string
	Provides            []string
	Replaces            []string
	InstallIf           []string
	Triggers            []string // directories
	ReplacesPriority    uint64
	ProviderPriority    uint64
	DataHash            string // the SHA-256 of the segment of files, in hexadecimal
}

const maxInfo = 4 << 20 // bytes

// ParseInfo reads .PKGINFO. Keys that it doesn't know are passed over, as apk
// passes them over.
func ParseInfo(text string) (*Info, error) {
	if len(text) > maxInfo {
		return nil, fmt.Errorf("read .PKGINFO: it has more than %d bytes", maxInfo)
	}
	in := &Info{}
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("read .PKGINFO: line %d: %.80q is not \"key = value\"", n, line)
		}
		if err := in.set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("read .PKGINFO: line %d: %w", n, err)
		}
	}
	return in, in.check()
}

func (in *Info) set(key, value string) (err error) {
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return fmt.Errorf("%s has a character that cannot be there", key)
	}
	words := map[string]*string{
		"pkgname": &in.Name, "pkgver": &in.Version, "arch": &in.Arch, "pkgdesc": &in.Description, "url": &in.URL,
		"license": &in.License, "origin": &in.Origin, "commit": &in.Commit, "maintainer": &in.Maintainer, "datahash": &in.DataHash,
	}
	if p := words[key]; p != nil {
		*p = value
		return nil
	}
	switch key {
	case "depend":
		in.Depends = append(in.Depends, strings.Fields(value)...)
	case "provides":
		in.Provides = append(in.Provides, strings.Fields(value)...)
	case "replaces":
		in.Replaces = append(in.Replaces, strings.Fields(value)...)
	case "install_if":
		in.InstallIf = append(in.InstallIf, strings.Fields(value)...)
	case "triggers":
		in.Triggers = append(in.Triggers, strings.Fields(value)...)
	case "builddate":
		in.BuildTime, err = parseSize(value)
	case "size":
		in.InstalledSize, err = parseSize(value)
	case "replaces_priority":
		in.ReplacesPriority, err = strconv.ParseUint(value, 10, 32)
	case "provider_priority":
		in.ProviderPriority, err = strconv.ParseUint(value, 10, 32)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// check refuses what could not be a line of the database or part of a name.
func (in *Info) check() error {
	for key, value := range map[string]string{"pkgname": in.Name, "pkgver": in.Version, "arch": in.Arch} {
		if value == "" || checkWord(value) != nil {
			return fmt.Errorf("read .PKGINFO: %s is %.80q", key, value)
		}
	}
	if strings.ContainsAny(in.Name, notInName) {
		return fmt.Errorf("read .PKGINFO: %.80q is not the name of a package", in.Name)
	}
	if !ValidVersion(in.Version) {
		return fmt.Errorf("read .PKGINFO: pkgver %.80q is not a version that apk knows", in.Version)
	}
	if in.DataHash != "" && (len(in.DataHash) != 64 || strings.Trim(in.DataHash, "0123456789abcdef") != "") {
		return fmt.Errorf("read .PKGINFO: datahash %.80q is not a SHA-256 in hexadecimal", in.DataHash)
	}
	for _, list := range [][]string{in.Depends, in.Provides, in.Replaces, in.InstallIf} {
		for _, word := range list {
			if _, err := ParseRelation(word); err != nil {
				return fmt.Errorf("read .PKGINFO: %w", err)
			}
		}
	}
	return nil
}

// Record writes the package's fields as an index and the database have them, in
// apk's order: checksum is the control segment's, size the file's in bytes.
func (in *Info) Record(checksum string, size int64) string {
	var b strings.Builder
	line := func(field byte, value string) {
		if value != "" {
			b.WriteByte(field)
			b.WriteString(":" + value + "\n")
		}
	}
	line('C', checksum)
	line('P', in.Name)
	line('V', in.Version)
	line('A', in.Arch)
	line('S', strconv.FormatInt(size, 10))
	line('I', strconv.FormatInt(in.InstalledSize, 10))
	// These are there even if they are empty.
	b.WriteString("T:" + in.Description + "\nU:" + in.URL + "\nL:" + in.License + "\n")
	line('o', in.Origin)
	line('m', in.Maintainer)
	line('t', positive(uint64(in.BuildTime))) //nolint:gosec // parseSize refuses negative numbers
	line('c', in.Commit)
	line('k', positive(in.ProviderPriority))
	line('D', strings.Join(in.Depends, " "))
	line('p', strings.Join(in.Provides, " "))
	line('i', strings.Join(in.InstallIf, " "))
	return b.String()
}

func positive(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}
