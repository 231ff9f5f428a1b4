// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/purl"
)

// Contents are what an image is made of. The zero value is of nothing.
type Contents struct {
	packages []part
	others   []part
	// urls are the package URLs that a plan gives packages, by their names.
	urls map[string]string
}

// IsEmpty reports whether there is nothing to tell.
func (c *Contents) IsEmpty() bool { return len(c.packages)+len(c.others) == 0 }

// How an image is related to a part, in the words of SPDX.
const (
	contains      = "CONTAINS"
	generatedFrom = "GENERATED_FROM"
	descendantOf  = "DESCENDANT_OF"
)

// part is something that an image is made of.
type part struct {
	// kind and key make the identifier.
	kind, key     string
	name, version string
	arch          string // of a package
	purl          string
	// download is where it comes from, and file what it is called there.
	download, file string
	// sha256 is its digest in hex, sha1 a commit.
	sha256, sha1      string
	license, supplier string
	sourceInfo        string
	licenseComments   string
	// relation is what the image is to it.
	relation string
}

// pkg is the part as SPDX has it.
func (p *part) pkg(id string) pkg {
	out := pkg{
		Name: p.name, ID: id, Version: p.version, Supplier: supplier(p.supplier), DownloadLocation: cmp.Or(p.download, noAssertion), FileName: p.file,
		SourceInfo: p.sourceInfo, LicenseConcluded: noAssertion, LicenseDeclared: cmp.Or(p.license, noAssertion),
		LicenseComments: p.licenseComments, Copyright: noAssertion,
	}
	if p.sha1 != "" {
		out.Checksums = append(out.Checksums, checksum{Algorithm: "SHA1", Value: p.sha1})
	}
	if p.sha256 != "" {
		out.Checksums = append(out.Checksums, checksum{Algorithm: "SHA256", Value: p.sha256})
	}
	if p.purl != "" {
		out.References = []externalRef{{Category: "PACKAGE-MANAGER", Type: "purl", Locator: p.purl}}
	}
	return out
}

// supplier is who gives something away, as SPDX has it.
func supplier(name string) string {
	if name == "" || name == noAssertion || strings.HasPrefix(name, "Person: ") || strings.HasPrefix(name, "Organization: ") {
		return name
	}
	return "Organization: " + name
}

// all are the packages in the lock's order, and then everything else, each once, in an
// order that depends on what it is alone.
func (c *Contents) all() []part {
	others := slices.Clone(c.others)
	slices.SortFunc(others, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key), cmp.Compare(a.version, b.version), cmp.Compare(a.purl, b.purl),
			cmp.Compare(a.relation, b.relation), cmp.Compare(a.license, b.license), cmp.Compare(a.supplier, b.supplier))
	})
	packages := slices.Clone(c.packages)
	for i := range packages {
		if given, err := purl.Parse(c.urls[packages[i].name]); err == nil { // else there is none, or it was refused
			packages[i].purl = given.String()
		}
	}
	return append(packages, slices.Compact(others)...)
}
