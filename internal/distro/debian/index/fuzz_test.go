// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// FuzzInRelease changes a signed Release: what is read of it was signed.
func FuzzInRelease(f *testing.F) {
	key := newKey(f, "a", 0)
	signed := inRelease(f, releaseText, key)
	keyrings := [][]byte{keyring(f, false, key)}
	want, err := VerifyInRelease(signed, keyrings, VerifyOptions{Now: day(3)})
	if err != nil {
		f.Fatal(err)
	}
	_, armored, _ := bytes.Cut(signed, []byte("\n"+beginSignature))
	f.Add(signed, append([]byte(beginSignature), armored...))
	f.Add([]byte(releaseText), append([]byte(beginSignature), armored...))
	f.Add(append([]byte(beginSigned+"\nHash: SHA512\n\n"+beginSignature), armored...), []byte{0x88, 0x75, 4, 0})
	f.Fuzz(func(t *testing.T, file, signature []byte) {
		check := func(got *Release, err error) {
			if diff := cmp.Diff(want, got); err == nil && diff != "" {
				t.Errorf("%q with %q (-signed +read):\n%s", file, signature, diff)
			}
		}
		check(VerifyInRelease(file, keyrings, VerifyOptions{Now: day(3)}))
		check(VerifyRelease(file, signature, keyrings, VerifyOptions{Now: day(3)}))
		_, _ = VerifyInRelease(file, nil, VerifyOptions{Trusted: true})
	})
}
