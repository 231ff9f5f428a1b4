// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"testing"
)

func FuzzSources(f *testing.F) {
	f.Add("deb [arch=amd64 signed-by=/k] https://example.org/debian bookworm main # x\n", false)
	f.Add("Types: deb\nURIs: https://example.org\nSuites: x\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n", true)
	f.Add("deb cdrom:[a b]/ x/\n", false)
	f.Fuzz(func(t *testing.T, s string, paragraphs bool) {
		name := "sources.list"
		if paragraphs {
			name = "x.sources"
		}
		sources, err := ReadSources(name, []byte(s))
		if err != nil {
			return
		}
		for _, source := range sources {
			if len(source.URIs) == 0 || len(source.Suites) == 0 || source.Line < 1 {
				t.Fatalf("%q: %+v", s, source)
			}
			source.For("amd64")
		}
		_, _ = ReadPreferences(name, []byte(s))
	})
}
