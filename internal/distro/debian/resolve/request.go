// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/spell"
)

// Request is what to resolve. Its zero value wants nothing.
type Request struct {
	Architecture string         // Debian's word, such as amd64
	Foreign      []string       // other architectures that the base takes packages of
	Indexes      []*index.Index // in the order of the configuration
	Files        *index.Index   // packages that are files; nil for none
	Installed    *index.Status  // of the base; nil for none
	Wanted       []Wanted       // in any order
	Pins         []index.Pin    // of the base, from ReadPreferences
	Upgrade      distro.Upgrade // which packages of the base are brought up to date
	Recommends   bool           // take recommended packages too, as apt does by default
	AllowHeld    bool           // let what is held change if it is requested
	Essential    bool           // want everything marked Essential as well, for an empty root
}

// lists are the indexes of all packages that can be had.
func (r *Request) lists() []*index.Index {
	if r.Files == nil {
		return r.Indexes
	}
	return append(slices.Clone(r.Indexes), r.Files)
}

// Wanted is a package that is requested by name.
type Wanted struct {
	Name    string
	Version string // exactly this one; a trailing * stands for anything
	Suite   string // from this suite, by its name or its code name
	Arch    string // empty or the request's own architecture
	Not     bool   // it must not come in
	File    string // it is that file, which this stands for in messages
}

// String returns the request as it is written in a build file.
func (w Wanted) String() string {
	s := w.Name
	if w.File != "" {
		return w.File
	}
	if w.Not {
		s = "!" + s
	}
	if w.Arch != "" {
		s += ":" + w.Arch
	}
	if w.Version != "" {
		s += "=" + w.Version
	}
	if w.Suite != "" {
		s += "/" + w.Suite
	}
	return s
}

// A Solution is what has to be fetched and unpacked.
type Solution struct {
	Packages []Package                     // sorted by name
	Upgrades []Upgrade                     // installed packages that Packages replaces, sorted by name
	Removed  []string                      // installed packages that have to go, sorted
	KeptBack []KeptBack                    // installed packages that an upgrade has to leave as they are, in the archive's order
	For      map[string]string             // the package of each requested name
	Ties     []Tie                         // choices that nothing but the archive's order decided
	Absent   []*distro.UnknownPackageError // what is kept out and is nowhere
}

// A Package is one version to install.
type Package struct {
	Name          string
	Version       string
	Architecture  string
	Source        string
	SourceVersion string
	Filename      string // path in the pool, below the repository's address
	Size          int64  // bytes of the file
	SHA256        string // of the file, in hex
	InstalledSize int64  // bytes, as the archive says
	Repository    string // id of the index it comes from
	Suite         string
	Component     string
	Section       string
	Priority      string
	Essential     bool
	MultiArch     string // same, foreign, allowed or empty
	Control       string // the paragraph of the index, as it is there
	Wanted        bool   // it was requested by name
	Reason        Reason
}

// A Reason says which package brought one in: none but the request itself, when By
// is empty.
type Reason struct {
	By       string // name of a package of the solution
	Field    string // Depends, Pre-Depends or Recommends
	Relation string // as it is written there
}

// An Upgrade is an installed package that another version replaces.
type Upgrade struct {
	Name     string
	From, To string // versions
}

// A KeptBack is an installed package with a newer version that can't be had: another
// package is held, pinned or wanted in a version that doesn't go with it.
type KeptBack struct {
	Name           string
	Version, Newer string
}

// String says what stays.
func (k KeptBack) String() string {
	return k.Name + " stays in version " + k.Version + ": " + k.Newer + " doesn't go with what the base holds, pins or has otherwise"
}

// A Tie is a choice between packages that apt holds to be equally good. To
// name one of them in the request settles it.
type Tie struct {
	By       string   // the package that needs one of them
	Relation string   // what it needs
	Chosen   string   // name
	Equal    []string // the other names, sorted
}

// Needs is the package that needs one of them.
func (t Tie) Needs() string { return t.By }

// String says what was chosen, and how to choose oneself.
func (t Tie) String() string {
	return t.By + " needs " + t.Relation + ": " + t.Chosen + " is as good as " + spell.List(t.Equal, "and") +
		"; add one of them to the packages to choose"
}
