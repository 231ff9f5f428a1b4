// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/spell"
)

// Request is what to resolve. Its zero value wants nothing.
type Request struct {
	Architecture string           // apk's word, such as x86_64
	Indexes      []*index.Index   // in the order of the configuration
	Installed    *index.Installed // of the base; nil for none
	// World is what was asked for in the base. When it is nil, everything that is
	// installed counts as asked for.
	World  []control.Relation
	Wanted []Wanted // in any order
	// Keep are versions that are preferred as if they were installed, by the names
	// of their packages: those of a lock.
	Keep map[string]string
	// Upgrade takes the newest version of what is installed.
	Upgrade bool
}

// Wanted is a package, or something that packages provide, that is requested.
type Wanted struct{ control.Relation }

// ParseWanted reads a request as a build file has it: name, name=1.2-r3, name~1.2,
// name>=1.2, name@tag, so:libz.so.1, !name.
func ParseWanted(text string) (Wanted, error) {
	r, err := control.ParseRelation(text)
	return Wanted{r}, err
}

// A Solution is what has to be fetched and unpacked.
type Solution struct {
	Packages []Package                     // sorted by name
	Order    []string                      // the names of Packages in the order in which apk would install them
	Upgrades []Upgrade                     // installed packages that Packages replaces, sorted by name
	Removed  []string                      // installed packages that nothing needs any more, sorted
	Ties     []Tie                         // choices that nothing but the index's order decided
	Absent   []*distro.UnknownPackageError // what is kept out and is nowhere
	World    []string                      // what is asked for in the image then, sorted
}

// A Package is one version to install.
type Package struct {
	Name          string
	Version       string
	Architecture  string
	Origin        string // the name of what it was built from
	Path          string // below the repository's address
	Size          int64  // bytes of the file
	Checksum      string // of its control segment, as Q1…
	InstalledSize int64  // bytes, as the package says
	Repository    string // id of the index it comes from
	Record        string // the fields of the index, as they are there
	Wanted        bool   // it was requested by name
	Reason        Reason
}

// A Reason says which package brought one in: none but the request itself, when By
// is empty.
type Reason struct {
	By       string // name of a package of the solution
	Relation string // as it is written there; install_if's when it begins so
}

// An Upgrade is an installed package that another version replaces.
type Upgrade struct {
	Name     string
	From, To string // versions
}

// A Tie is a choice between packages that apk holds to be equally good. To name
// one of them in the request settles it.
type Tie struct {
	By     string   // the package that needs one of them; empty for the request
	Name   string   // what it needs
	Chosen string   // name of a package
	Equal  []string // the other names, sorted
}

// Needs is the package that needs one of them; empty for the request.
func (t Tie) Needs() string { return t.By }

// String says what was chosen, and how to choose oneself.
func (t Tie) String() string {
	by := t.By
	if by == "" {
		by = "the build file"
	}
	return by + " needs " + t.Name + ": " + t.Chosen + " is as good as " + spell.List(t.Equal, "and") +
		"; add one of them to the packages to choose"
}

// Architecture is apk's word for a platform of the form os/arch[/variant], or
// empty if Alpine has none.
func Architecture(platform string) string {
	switch strings.TrimPrefix(platform, "linux/") {
	case "amd64":
		return "x86_64"
	case "arm64", "arm64/v8":
		return "aarch64"
	case "arm", "arm/v7":
		return "armv7"
	case "arm/v6":
		return "armhf"
	case "386":
		return "x86"
	case "loong64":
		return "loongarch64"
	case "ppc64le", "s390x", "riscv64":
		return strings.TrimPrefix(platform, "linux/")
	}
	return ""
}
