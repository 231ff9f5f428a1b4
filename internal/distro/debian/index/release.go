// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// A Release is the signed table of contents of a suite.
type Release struct {
	Origin, Label   string
	Suite, Codename string
	Version         string
	Date            time.Time // when it was made
	ValidUntil      time.Time // zero when it does not say
	AcquireByHash   bool      // files can be fetched by their hash

	NotAutomatic         bool // nothing comes from here unless asked for
	ButAutomaticUpgrades bool // except newer versions of what is installed
	AllApart             bool // packages for all architectures have lists of their own

	Architectures []string
	Components    []string

	// Files are the indexes, by their path below the suite's directory. What has neither
	// a SHA256 nor a SHA512 is not among them: MD5 and SHA1 count for nothing.
	Files map[string]File
	// Signers are the fingerprints of the trusted keys that signed, in capital
	// hex, sorted; ReadRelease leaves it empty.
	Signers []string
}

// A File is an index that a Release lists.
type File struct {
	Size   int64  // bytes
	SHA256 string // in hex; empty where the Release has only the SHA512
	SHA512 string // in hex; empty where the Release has the SHA256
}

// byHash is the directory of files by their hash, and the file's name there.
func (f File) byHash() string {
	if f.SHA256 == "" {
		return "by-hash/SHA512/" + f.SHA512
	}
	return "by-hash/SHA256/" + f.SHA256
}

// Priority is the pin priority of the suite's versions: 500, or 1 for one that
// is NotAutomatic, or 100 for one that is ButAutomaticUpgrades besides.
func (r *Release) Priority() int {
	switch {
	case r.NotAutomatic && r.ButAutomaticUpgrades:
		return 100
	case r.NotAutomatic:
		return 1
	}
	return 500
}

// IsOf reports whether it is that of a suite as a source of apt names it, as apt looks
// at that: stable-security/updates is stable-security, too.
func (r *Release) IsOf(suite string) bool {
	known := func(name string) bool { return name == "" || name == r.Suite || name == r.Codename }
	if known(suite) {
		return true
	}
	if suite == "../project/experimental" {
		suite = "experimental"
	}
	if i := strings.LastIndexByte(suite, '/'); i >= 0 {
		suite = suite[:i]
	}
	return suite == "." || known(suite)
}

// ByHash returns the path, below the suite's directory, under which a file with
// that hash never changes. It is "" when the archive has no such paths.
func (r *Release) ByHash(name string) string {
	f, ok := r.Files[name]
	if !ok || !r.AcquireByHash {
		return ""
	}
	return path.Join(path.Dir(name), f.byHash())
}

// ReadRelease reads the text of a Release file and trusts it: VerifyInRelease
// and VerifyRelease are for text that comes from elsewhere.
func ReadRelease(content []byte) (*Release, error) { return readRelease(content, false) }

// readRelease reads a Release file, which may be without hashes that count.
func readRelease(content []byte, weak bool) (*Release, error) {
	p, err := control.NewReader("Release", string(content)).Next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("read the Release file: it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("read the Release file: %w", err)
	}
	r := &Release{
		Origin: p.Get("Origin"), Label: p.Get("Label"), Suite: p.Get("Suite"), Codename: p.Get("Codename"),
		Version: p.Get("Version"), AcquireByHash: isYes(p.Get("Acquire-By-Hash")),
		NotAutomatic: isYes(p.Get("NotAutomatic")), ButAutomaticUpgrades: isYes(p.Get("ButAutomaticUpgrades")),
		Architectures: strings.Fields(p.Get("Architectures")), Components: strings.Fields(p.Get("Components")),
		Files: map[string]File{},
	}
	r.AllApart = slices.Contains(r.Architectures, "all") && p.Get("No-Support-for-Architecture-all") != "Packages"
	_ = readDate(p, "Date", &r.Date) // as apt does: a bad one is none
	if err := readDate(p, "Valid-Until", &r.ValidUntil); err != nil {
		return nil, err
	}
	field, ok := p.Lookup("SHA256")
	if !ok {
		field, ok = p.Lookup("SHA512")
	}
	if !ok && weak {
		return r, nil
	}
	if !ok {
		return nil, &control.SyntaxError{File: "Release", Line: p.Line(), Reason: "there is no field SHA256 or SHA512, and weaker hashes do not count"}
	}
	if err := r.readFiles(field); err != nil {
		return nil, err
	}
	return r, nil
}

// HasComponent reports whether the archive has a component, as it says; one that says
// none may have all.
func (r *Release) HasComponent(component string) bool {
	return len(r.Components) == 0 || slices.ContainsFunc(r.Components, func(has string) bool { return has == component || path.Base(has) == component })
}

func isYes(s string) bool { return strings.EqualFold(s, "yes") }

func readDate(p control.Paragraph, name string, to *time.Time) error {
	field, ok := p.Lookup(name)
	if !ok {
		return nil
	}
	for _, layout := range []string{"Mon, _2 Jan 2006 15:04:05 MST", "Mon, _2 Jan 2006 15:04:05 -0700"} {
		t, err := time.Parse(layout, field.Value)
		if zone, offset := t.Zone(); err == nil && offset == 0 && (zone == "UTC" || zone == "GMT" || zone == "" || zone == "Z") {
			*to = t.UTC()
			return nil
		}
	}
	return &control.SyntaxError{File: "Release", Line: field.Line, Reason: fmt.Sprintf("%s: %.60q is not a date in UTC", name, field.Value)}
}

// readFiles reads lines of hash, size and path.
func (r *Release) readFiles(field control.Field) error {
	length := sha256.Size
	if strings.EqualFold(field.Name, "SHA512") {
		length = sha512.Size
	}
	for i, line := range strings.Split(field.Value, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		fail := func(reason string) error {
			return &control.SyntaxError{File: "Release", Line: field.Line + i, Reason: reason}
		}
		if len(words) != 3 {
			return fail("expected a hash, a size and a path")
		}
		sum, err := hex.DecodeString(words[0])
		if err != nil || len(sum) != length {
			return fail(fmt.Sprintf("%.60q is not a %s", words[0], strings.ToUpper(field.Name)))
		}
		size, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || size < 0 {
			return fail(fmt.Sprintf("%.60q is not a size", words[1]))
		}
		name := words[2]
		if path.IsAbs(name) || path.Clean(name) != name || name == ".." || strings.HasPrefix(name, "../") {
			return fail(fmt.Sprintf("the path %.60q leads out of the suite", name))
		}
		file := File{Size: size}
		if length == sha256.Size {
			file.SHA256 = strings.ToLower(words[0])
		} else {
			file.SHA512 = strings.ToLower(words[0])
		}
		r.Files[name] = file
	}
	return nil
}
