// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/go-digest"
)

const (
	ones = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	twos = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// TestParseFetch reads BuildKit's sentences as daemons write them, and others.
func TestParseFetch(t *testing.T) {
	for text, want := range map[string]*Fetch{
		"invalid response status 404":                                                    {Status: 404},
		"failed to load cache key: invalid response status 503":                          {Status: 503},
		"rpc error: code = Unknown desc = invalid response status 403 Forbidden":         {Status: 403},
		"digest mismatch " + ones + ": " + twos:                                          {Got: ones, Want: twos},
		"failed to solve: digest mismatch " + ones + ": " + twos + "; and more":          {Got: ones, Want: twos},
		"digest mismatch for http://a/b?sha256:c: " + ones + " (expected: " + twos + ")": {URL: "http://a/b?sha256:c", Got: ones, Want: twos},
		// A daemon prints what it remembers of an address as Go prints a struct.
		"digest mismatch for http://a/b: &{{" + ones + " b <nil> []} id} (expected: " + twos + ")": {URL: "http://a/b", Got: ones, Want: twos},
		`Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused`:             {},
		"unexpected EOF": {},
		"process \"/bin/sh -c false\" did not complete successfully: exit code: 1": nil,
		"digest mismatch of nothing": nil,
		"invalid response status":    nil,
		"":                           nil,
	} {
		err := errors.New(text)
		got := AsFetch(OfAddress(err, ""))
		if want != nil && want.URL != "" {
			got = parseFetch(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Fetch{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if got != nil && (got.Error() != text || !errors.Is(got, err)) {
			t.Errorf("%q became %q", text, got.Error())
		}
	}
	if err := OfAddress(nil, "http://a"); err != nil {
		t.Errorf("no error became %v", err)
	}
}

// TestFetchKinds holds what mirrors and messages ask of a failure.
func TestFetchKinds(t *testing.T) {
	for _, tc := range []struct {
		text              string
		answered, missing bool
	}{
		{"invalid response status 404", true, true},
		{"invalid response status 410", true, true},
		{"invalid response status 403", true, true},
		{"invalid response status 500", true, false},
		{"digest mismatch " + ones + ": " + twos, true, false},
		{"i/o timeout", false, false},
	} {
		f := AsFetch(fmt.Errorf("more words: %w", OfAddress(errors.New(tc.text), "http://a")))
		if f == nil || f.URL != "http://a" || f.Answered() != tc.answered || f.IsMissing() != tc.missing {
			t.Errorf("%q became %+v", tc.text, f)
		}
	}
	f := AsFetch(OfAddress(errors.New("digest mismatch "+ones+": "+twos), "http://a")).Refused(404)
	if !f.IsMissing() || f.Got != "" || !strings.Contains(f.Error(), "digest mismatch") {
		t.Errorf("a page of an error became %+v", f)
	}
}

func FuzzParseFetch(f *testing.F) {
	f.Add("digest mismatch " + ones + ": " + twos)
	f.Add("digest mismatch for http://a: " + ones + " (expected: " + twos + ")")
	f.Add("invalid response status 404")
	f.Fuzz(func(t *testing.T, text string) {
		got := parseFetch(errors.New(text))
		if got == nil {
			return
		}
		if (got.Got == "") != (got.Want == "") || got.Got != "" && got.Status != 0 {
			t.Errorf("%q became %+v", text, got)
		}
		for _, d := range []digest.Digest{got.Got, got.Want} {
			if d != "" && !strings.Contains(text, d.String()) {
				t.Errorf("%q has no %s", text, d)
			}
		}
	})
}

// TestMayPass shows after which failures another attempt is worth a pause.
func TestMayPass(t *testing.T) {
	for text, want := range map[string]bool{
		"invalid response status 503": true, "invalid response status 429": true, "invalid response status 404": false, "invalid response status 401": false,
		`Get "http://example.org/x": EOF`: true, "read tcp 127.0.0.1:1->127.0.0.1:2: connection reset by peer": true, "unexpected EOF": true,
		"dial tcp 127.0.0.1:1: i/o timeout": true, "dial tcp 127.0.0.1:1: connect: connection refused": false, "dial tcp: lookup x: no such host": false,
		"the server sends more than 10 bytes, and the file has no more": false,
	} {
		f := parseFetch(errors.New(text))
		if f == nil || f.MayPass() != want {
			t.Errorf("%s: %v, want %t", text, f, want)
		}
	}
}
