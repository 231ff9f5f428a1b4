// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package sbom writes what a lock says about an image as an SPDX 2.3 document.
//
// A scanner guesses from files what was installed; a lock knows it. The document
// follows from the lock alone, so that the same lock gives the same bytes.
package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/llb/lock"
)

// PredicateType is the type under which attestations hold SPDX documents.
const PredicateType = "https://spdx.dev/Document"

// Subject is the image that a document is about.
type Subject struct {
	// Name is what people call it; the target's name will do.
	Name string
	// Platform is os/arch[/variant].
	Platform string
	// Created is when the image was made; the zero value is 1970-01-01.
	Created time.Time
}

// The parts of an SPDX document that are used here.
type (
	document struct {
		Version       string         `json:"spdxVersion"`
		DataLicense   string         `json:"dataLicense"`
		ID            string         `json:"SPDXID"`
		Name          string         `json:"name"`
		Namespace     string         `json:"documentNamespace"`
		CreationInfo  creationInfo   `json:"creationInfo"`
		Packages      []pkg          `json:"packages"`
		Relationships []relationship `json:"relationships"`
	}
	creationInfo struct {
		Creators []string `json:"creators"`
		Created  string   `json:"created"`
	}
	pkg struct {
		Name             string        `json:"name"`
		ID               string        `json:"SPDXID"`
		Version          string        `json:"versionInfo,omitempty"`
		Supplier         string        `json:"supplier,omitempty"`
		DownloadLocation string        `json:"downloadLocation"`
		FileName         string        `json:"packageFileName,omitempty"`
		FilesAnalyzed    bool          `json:"filesAnalyzed"`
		Checksums        []checksum    `json:"checksums,omitempty"`
		SourceInfo       string        `json:"sourceInfo,omitempty"`
		LicenseConcluded string        `json:"licenseConcluded"`
		LicenseDeclared  string        `json:"licenseDeclared"`
		LicenseComments  string        `json:"licenseComments,omitempty"`
		Copyright        string        `json:"copyrightText"`
		References       []externalRef `json:"externalRefs,omitempty"`
		Purpose          string        `json:"primaryPackagePurpose,omitempty"`
	}
	checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	externalRef struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	relationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

const (
	documentID  = "SPDXRef-DOCUMENT"
	imageID     = "SPDXRef-Image"
	noAssertion = "NOASSERTION"
)

// Write returns the document, as JSON, about the packages that a lock has for the
// targets that an image is made of.
func Write(f *lock.File, s Subject, targets ...string) ([]byte, error) {
	created := s.Created
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	doc := document{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: documentID, Name: s.Name,
		CreationInfo: creationInfo{Creators: []string{"Tool: strata"}, Created: created.UTC().Format(time.RFC3339)},
		Packages: []pkg{{
			Name: s.Name, ID: imageID, Version: s.Platform, DownloadLocation: noAssertion, LicenseConcluded: noAssertion,
			LicenseDeclared: noAssertion, Copyright: noAssertion, Purpose: "CONTAINER",
		}},
		Relationships: []relationship{{Element: documentID, Type: "DESCRIBES", Related: imageID}},
	}
	for _, target := range targets {
		p := f.Platform(target, s.Platform)
		if p == nil || p.Packages == nil {
			continue
		}
		for _, locked := range p.Packages.Packages {
			from := f.Repository(locked.Repository)
			if locked.IsFile() {
				from = &lock.Repository{Type: p.Packages.Type, Distribution: distributionOf(f, p.Packages)}
			}
			made := fromPackage(locked, from)
			doc.Packages = append(doc.Packages, made)
			doc.Relationships = append(doc.Relationships, relationship{Element: imageID, Type: "CONTAINS", Related: made.ID})
		}
	}
	// The name must be unlike any other document's, and the same for the same one.
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write SBOM: %w", err)
	}
	doc.Namespace = "urn:uuid:" + uuidFrom(text)
	if text, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return nil, fmt.Errorf("write SBOM: %w", err)
	}
	return append(text, '\n'), nil
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

func fromPackage(p lock.Package, r *lock.Repository) pkg {
	out := pkg{
		Name: p.Name, ID: "SPDXRef-Package-" + identifier(p.Name+"-"+p.Arch), Version: p.Version, DownloadLocation: noAssertion,
		FileName: p.Path, LicenseConcluded: noAssertion, LicenseDeclared: noAssertion, Copyright: noAssertion,
	}
	if p.SHA256 != "" {
		out.Checksums = []checksum{{Algorithm: "SHA256", Value: p.SHA256}}
	}
	if r != nil && len(r.URIs) > 0 {
		out.DownloadLocation = factsOf(r).Address(r.URIs[0], p.Path)
	}
	if p.IsFile() {
		out.FileName = path.Base(p.Where())
	}
	if p.URL != "" {
		out.DownloadLocation = p.URL
	}
	if p.Source != "" {
		out.SourceInfo = "built from the source package " + p.Source
	}
	if file := licenses(p, r); file != "" {
		out.LicenseComments = "see " + file + " in the image"
	}
	out.References = []externalRef{{Category: "PACKAGE-MANAGER", Type: "purl", Locator: purl(p, r)}}
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

// purl is the package's URL, after the package-url specification.
func purl(p lock.Package, r *lock.Repository) string {
	kind, distribution := "generic", ""
	if r != nil {
		kind, distribution = r.Type, r.Distribution
	}
	namespace, _, _ := strings.Cut(distribution, "-")
	if namespace == "" {
		namespace = "unknown"
	}
	query := "arch=" + url.QueryEscape(p.Arch)
	if distribution != "" {
		query += "&distro=" + url.QueryEscape(distribution)
	}
	if p.Source != "" {
		query += "&upstream=" + url.QueryEscape(p.Source)
	}
	name := strings.ReplaceAll(url.PathEscape(p.Name), "+", "%2B")
	version := strings.ReplaceAll(strings.ReplaceAll(url.PathEscape(p.Version), "+", "%2B"), ":", "%3A")
	return "pkg:" + kind + "/" + namespace + "/" + name + "@" + version + "?" + query
}

// identifier keeps what SPDX allows in an identifier.
func identifier(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, strings.ReplaceAll(s, "+", "-plus"))
}

// uuidFrom is a UUID of version 8 (RFC 9562) made from the SHA-256 of a text.
func uuidFrom(text []byte) string {
	sum := sha256.Sum256(text)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	s := hex.EncodeToString(id)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
