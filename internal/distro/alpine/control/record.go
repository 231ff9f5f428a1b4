// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"strconv"
	"strings"
)

// notInName are the characters of relations, which a package's name has not.
const notInName = "!<>=~@"

// A Record is a package as an index or the database of installed packages has
// it. Its strings are parts of the text that was read.
type Record struct {
	Checksum      string // Q1…, in the one form that Q1Of has
	Name          string
	Version       string
	Arch          string
	Size          int64 // of the file, in bytes
	InstalledSize int64 // in bytes, as the package says
	Origin        string
	Depends       string
	Provides      string
	InstallIf     string
	Replaces      string // only of installed packages
	// ReplacesPriority is that of Replaces among those of other packages; only of
	// installed packages.
	ReplacesPriority uint64
	Priority         uint64 // among those that provide a name
	Tag              string // of the repository that it was installed from
	Broken           string // only of installed packages: what went wrong
	Newer            bool   // it has fields that only a newer apk knows, and must not be installed
	Text             string // all fields, with their newlines
}

// again are further values of fields of relations, which may come several times: apk adds
// them up.
type again map[*string][]string

func (a again) add(to *string, value string) {
	if *to == "" {
		*to = value
		return
	}
	a[to] = append(a[to], value)
}

func (a again) join() {
	for to, values := range a {
		*to += " " + strings.Join(values, " ")
	}
}

// ReadRecords calls each for every record of an index or a database. Lines about
// files are left to [Record.Files].
func ReadRecords(text string, each func(*Record) error) error {
	line := 0
	for text != "" {
		var stanza string
		stanza, text = cutStanza(text)
		if stanza != "" && stanza != "\n" {
			r := &Record{Text: stanza}
			if n, err := r.read(); err != nil {
				return fmt.Errorf("line %d: %w", line+n, err)
			}
			if err := each(r); err != nil {
				return fmt.Errorf("line %d: %w", line+1, err)
			}
		}
		line += strings.Count(stanza, "\n")
	}
	return nil
}

// cutStanza cuts after the lines up to the next empty one, and after that one
// if there are none before it.
func cutStanza(text string) (stanza, rest string) {
	if text[0] == '\n' {
		return text[:1], text[1:]
	}
	if i := strings.Index(text, "\n\n"); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, ""
}

// read reads the fields, and returns the number of a line that is wrong.
func (r *Record) read() (int, error) {
	n, more := 0, again{}
	for line := range strings.Lines(r.Text) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if len(line) < 2 || line[1] != ':' {
			return n, fmt.Errorf("%.80q is not a field: want a letter, a colon and a value", line)
		}
		if err := r.set(line[0], line[2:], more); err != nil {
			return n, fmt.Errorf("field %c: %w", line[0], err)
		}
	}
	more.join()
	switch {
	case checkWord(r.Name) != nil || r.Name == "" || strings.ContainsAny(r.Name, notInName):
		return 1, fmt.Errorf("%.80q is not the name of a package", r.Name)
	case r.Version == "" || checkWord(r.Version) != nil:
		return 1, fmt.Errorf("package %s: %.80q is not a version", r.Name, r.Version)
	}
	sum, err := canonicalQ1(r.Checksum)
	if err != nil {
		return 1, fmt.Errorf("package %s: %w", r.Name, err)
	}
	r.Checksum = sum
	return 0, nil
}

func (r *Record) set(field byte, value string, more again) (err error) {
	switch field {
	case 'C':
		r.Checksum = value
	case 'P':
		r.Name = value
	case 'V':
		r.Version = value
	case 'A':
		r.Arch, err = value, checkWord(value)
	case 'S':
		r.Size, err = parseSize(value)
	case 'I':
		r.InstalledSize, err = parseSize(value)
	case 'o':
		r.Origin = value
	case 'D':
		more.add(&r.Depends, value)
	case 'p':
		more.add(&r.Provides, value)
	case 'i':
		more.add(&r.InstallIf, value)
	case 'r':
		more.add(&r.Replaces, value)
	case 'q':
		r.ReplacesPriority, err = strconv.ParseUint(value, 10, 32)
	case 'k':
		r.Priority, err = strconv.ParseUint(value, 10, 64)
	case 's':
		r.Tag = value
	case 'f':
		r.Broken = value
	case 'T', 'U', 'L', 'm', 't', 'c', 'F', 'M', 'R', 'a', 'Z':
	default:
		// apk itself says that a small letter may be passed over.
		r.Newer = r.Newer || field < 'a' || field > 'z'
	}
	return err
}

func parseSize(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%.80q is not a size", value)
	}
	return n, nil
}

// checkWord refuses what would be more than one part of a path, or more than one
// word of a line.
func checkWord(s string) error {
	if s == "." || s == ".." || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == '/' || c == 0x7f }) {
		return fmt.Errorf("%.80q has a character that cannot be there", s)
	}
	return nil
}

// FileName is the package's file, as repositories call it.
func (r *Record) FileName() string { return r.Name + "-" + r.Version + ".apk" }
