// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package sbom writes what an image is made of as an SPDX 2.3 document: packages, images,
// files of servers, git commits, store paths, and what a build file says of its commands.
//
// A scanner guesses from files what was installed; a plan and a lock know it. The document
// follows from these alone, so that the same plan and lock give the same bytes.
package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
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
		Licenses      []license      `json:"hasExtractedLicensingInfos,omitempty"`
		Relationships []relationship `json:"relationships"`
	}
	license struct {
		ID   string `json:"licenseId"`
		Text string `json:"extractedText"`
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

// Write returns the document about an image, as JSON.
func Write(c *Contents, s Subject) ([]byte, error) {
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
	doc.add(c.all())
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

// add adds parts of the image, each with an identifier of its own.
func (d *document) add(parts []part) {
	taken := map[string]bool{}
	for _, p := range parts {
		first := "SPDXRef-" + p.kind + "-" + identifier(p.key)
		id := first
		for n := 2; taken[id]; n++ { // another part may be called so
			id = fmt.Sprintf("%s.%d", first, n)
		}
		taken[id] = true
		d.Packages = append(d.Packages, p.pkg(id))
		d.Relationships = append(d.Relationships, relationship{Element: imageID, Type: p.relation, Related: id})
		d.addLicenses(p.license)
	}
}

// own are licences of an expression that SPDX doesn't list.
var own = regexp.MustCompile(`LicenseRef-[A-Za-z0-9.-]+`)

// addLicenses says of licences that SPDX doesn't list that nothing else is known.
func (d *document) addLicenses(expression string) {
	for _, id := range own.FindAllString(expression, -1) {
		if !slices.ContainsFunc(d.Licenses, func(l license) bool { return l.ID == id }) {
			d.Licenses = append(d.Licenses, license{ID: id, Text: noAssertion})
		}
	}
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
