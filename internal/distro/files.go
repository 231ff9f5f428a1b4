// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// File is a package that is a file, and in no repository.
type File struct {
	// Name is the name in the request that asks for it, and perhaps for others: it may
	// be a pattern.
	Name string
	// ID tells it from the other files, in words for messages.
	ID   string
	Data []byte
}

// SHA256 is the file's, in hex.
func (f *File) SHA256() string {
	sum := sha256.Sum256(f.Data)
	return hex.EncodeToString(sum[:])
}

// IsFile reports whether a name asks for packages that are files.
func (r *Request) IsFile(name string) bool {
	return slices.ContainsFunc(r.Files, func(f File) bool { return f.Name == name })
}

// OnlyFiles reports whether nothing is asked of repositories by name.
func (r *Request) OnlyFiles() bool {
	return len(r.Files) > 0 && r.Upgrade == UpgradeNothing &&
		!slices.ContainsFunc(slices.Concat(r.Layers...), func(name string) bool { return !r.IsFile(name) })
}

// ReadFile is a file with what the package says of itself.
type ReadFile struct {
	File
	Package, Version, Arch string
}

// ReadFiles are the package files of a request, each of another package.
type ReadFiles []ReadFile

// Add adds one that isn't there yet, and reports whether it did. It must be for the
// image's architecture, or for any, in the words of the system.
func (r *ReadFiles) Add(f ReadFile, native, anyArch string) (bool, error) {
	if f.Arch != native && f.Arch != anyArch {
		return false, &Error{Name: f.Name, Err: fmt.Errorf(
			"%s is a package for %s, and the image is for %s; name a file for each platform, with $TARGETARCH in its name or as a map by platform", f.ID, f.Arch, native)}
	}
	switch old := r.Named(f.Package); {
	case old != nil && old.ID == f.ID:
		return false, nil
	case old != nil:
		return false, &Error{Name: f.Name, Err: fmt.Errorf("%s and %s are both the package %s; name one of them", old.ID, f.ID, f.Package)}
	}
	*r = append(*r, f)
	return true, nil
}

// Named finds the file of the package with a name; nil when there is none.
func (r ReadFiles) Named(name string) *ReadFile {
	for i := range r {
		if r[i].Package == name {
			return &r[i]
		}
	}
	return nil
}

// Packages are the names of the packages that a name of the request asks for.
func (r ReadFiles) Packages(asked string) []string {
	var out []string
	for _, f := range r {
		if f.Name == asked {
			out = append(out, f.Package)
		}
	}
	return out
}

// addPresent adds to a solution those files whose packages the base has already, in
// that version: they aren't among the packages of the solution. The layers are those
// of packages by their names.
func (s *Solution) addPresent(files ReadFiles, layers map[string]int) {
	for _, f := range files {
		if slices.ContainsFunc(s.Packages, func(p Package) bool { return p.Name == f.Package }) {
			continue
		}
		s.Present = append(s.Present, Package{
			Name: f.Package, Version: f.Version, Arch: f.Arch, File: f.ID, Size: int64(len(f.Data)), SHA256: f.SHA256(), Layer: layers[f.Package],
		})
		s.Warnings = append(s.Warnings, Warning{Name: f.Name, Text: fmt.Sprintf(
			"the base has %s %s already, so that %s changes nothing; give it another version to install it", f.Package, f.Version, f.ID)})
	}
}
