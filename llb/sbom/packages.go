// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"path"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/internal/purl"
	"github.com/strata-build/strata/llb/lock"
)

// AddPackages adds the packages that a lock has for targets, each of which stands on the next
// one. What one of them has already, in whatever version, is not what is below any more. Of a
// target that is nil there are none.
func (c *Contents) AddPackages(f *lock.File, targets ...*lock.Platform) {
	for _, p := range targets {
		if p == nil || p.Packages == nil {
			continue
		}
		above := c.packages[:len(c.packages):len(c.packages)]
		for _, locked := range p.Packages.Packages {
			if slices.ContainsFunc(above, func(has part) bool { return has.replaces(locked) }) {
				continue
			}
			from := f.Repository(locked.Repository)
			if locked.IsFile() {
				from = &lock.Repository{Type: p.Packages.Type, Distribution: distributionOf(f, p.Packages)}
			}
			c.packages = append(c.packages, fromPackage(locked, from))
		}
	}
}

// replaces reports whether a package takes the place of another one, as one of another
// architecture doesn't.
func (p *part) replaces(other lock.Package) bool {
	isAny := func(arch string) bool { return arch == "all" || arch == "noarch" }
	return p.name == other.Name && (p.arch == other.Arch || isAny(p.arch) || isAny(other.Arch))
}

// distributionOf is the distribution of the packages that come from repositories: what
// a package among them that is a file is taken for, as scanners do; empty when there is
// none.
func distributionOf(f *lock.File, p *lock.Packages) string {
	for _, other := range p.Packages {
		if r := f.Repository(other.Repository); r != nil && r.Distribution != "" {
			return r.Distribution
		}
	}
	return ""
}

func fromPackage(p lock.Package, r *lock.Repository) part {
	out := part{kind: "Package", key: p.Name + "-" + p.Arch, name: p.Name, version: p.Version, arch: p.Arch, file: p.Path, sha256: p.SHA256, relation: contains, purl: packageURL(p, r)}
	if r != nil && len(r.URIs) > 0 {
		out.download = factsOf(r).Address(r.URIs[0], p.Path)
	}
	if p.IsFile() {
		out.file = path.Base(p.Where())
	}
	if p.URL != "" {
		out.download = p.URL
	}
	if p.Source != "" {
		out.sourceInfo = "built from the source package " + p.Source
	}
	if file := licenses(p, r); file != "" {
		out.licenseComments = "see " + file + " in the image"
	}
	return out
}

// licenses is the file of the image with a package's licences; empty where there is
// none.
func licenses(p lock.Package, r *lock.Repository) string {
	if r == nil {
		return ""
	}
	if facts := factsOf(r); facts.Licenses != nil {
		return facts.Licenses(p.Name)
	}
	return ""
}

// factsOf are those of the system of a repository's packages.
func factsOf(r *lock.Repository) distro.Facts {
	if system := distro.Find(systems.All(), r.Type); system != nil {
		return system.Facts()
	}
	return distro.Facts{}
}

// packageURL is the package's URL, after the package-url specification.
func packageURL(p lock.Package, r *lock.Repository) string {
	kind, distribution := "generic", ""
	if r != nil {
		kind, distribution = r.Type, r.Distribution
	}
	namespace, _, _ := strings.Cut(distribution, "-")
	if namespace == "" {
		namespace = "unknown"
	}
	made := purl.URL{Type: kind, Namespace: namespace, Name: p.Name, Version: p.Version}
	for _, q := range []packageurl.Qualifier{{Key: "arch", Value: p.Arch}, {Key: "distro", Value: distribution}, {Key: "upstream", Value: p.Source}} {
		if q.Value != "" {
			made.Qualifiers = append(made.Qualifiers, q)
		}
	}
	return made.String()
}
