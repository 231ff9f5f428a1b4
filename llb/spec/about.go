// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"

	"github.com/strata-build/strata/internal/purl"
	"github.com/strata-build/strata/internal/spell"
)

// About is what the build file says of something that it fetches or builds, for the
// list of the image's contents.
type About struct {
	// PURL is a package URL.
	PURL String
	// License is an SPDX licence expression.
	License String
	Version String
	// Supplier is who gives it away, as SPDX has it: "Person: …", "Organization: …", or
	// the name of an organization alone.
	Supplier String
	// Contains are further packages that are in it. They have no Contains of their own.
	Contains []About
}

// IsSet reports whether the build file says anything.
func (a *About) IsSet() bool {
	return a.PURL.IsSet() || a.License.IsSet() || a.Version.IsSet() || a.Supplier.IsSet() || len(a.Contains) > 0
}

// aboutKeys are the keys of an object that says what it is.
func aboutKeys[T any](of func(*T) *About) []key[T] {
	return append(describingKeys(of),
		bind("contains", "Further packages that are in it, for the list of contents.", filled(containedObject().kind()),
			func(t *T) *[]About { return &of(t).Contains }))
}

// containedObject is a package that is in what is fetched or built.
func containedObject() object[About] {
	keys := describingKeys(func(a *About) *About { return a })
	keys[0] = keys[0].must()
	return object[About]{keys: keys}
}

// describingKeys are those about one package.
func describingKeys[T any](of func(*T) *About) []key[T] {
	return []key[T]{
		bind("purl", "The package URL of what this is, for the list of contents; the address tells it where it is left out.", text(CheckPURL),
			func(t *T) *String { return &of(t).PURL }),
		bind("license", "Its licence, as an SPDX expression, for the list of contents.", text(CheckLicense),
			func(t *T) *String { return &of(t).License }),
		bind("version", "Its version, for the list of contents; the address tells it where it is left out.", text(CheckWords),
			func(t *T) *String { return &of(t).Version }),
		bind("supplier", "Who gives it away, for the list of contents: the name of an organization, or Person: NAME.", text(CheckWords),
			func(t *T) *String { return &of(t).Supplier }),
	}
}

// CheckWords accepts a line that has something in it.
func CheckWords(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("want a string that is not empty")
	}
	return checkLine(text)
}

// CheckPURL accepts package URLs.
func CheckPURL(text string) error {
	if err := checkLine(text); err != nil {
		return err
	}
	_, err := purl.Parse(text)
	return err
}

// maxLicense is how long a licence expression may be, in bytes.
const maxLicense = 1000

// CheckLicense accepts licence expressions of SPDX, and LicenseRef-… for a licence that
// has no identifier there.
func CheckLicense(text string) error {
	if len(text) > maxLicense {
		return fmt.Errorf("it is longer than %d bytes", maxLicense)
	}
	if text == "NOASSERTION" || text == "NONE" {
		return nil
	}
	if strings.Contains(text, "DocumentRef-") {
		return errors.New("it is of another document; write LicenseRef-NAME for a licence that SPDX doesn't list")
	}
	if ok, _ := spdxexp.ValidateLicenses([]string{text}); ok {
		return nil
	}
	hint := spell.DidYouMean(text, knownLicenses())
	if hint == "" {
		hint = "write LicenseRef-NAME for a licence that SPDX doesn't list"
	}
	return fmt.Errorf("%.80q is not an SPDX licence expression, such as MIT or \"Apache-2.0 OR GPL-2.0-or-later\"; %s", text, hint)
}

// knownLicenses are identifiers of licences that are used much, to suggest one.
func knownLicenses() []string {
	return []string{
		"0BSD", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
		"EPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.1-only", "LGPL-2.1-or-later",
		"LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MPL-2.0", "OpenSSL", "PostgreSQL", "Python-2.0", "Unlicense", "Zlib",
	}
}
