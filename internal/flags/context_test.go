// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags_test

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/flags"
)

func TestNamedContexts(t *testing.T) {
	got, err := flags.NamedContexts([]string{"a=dir", "debian:latest=docker-image://example.org/x", "a=other=dir", "example.org/b:1=c"})
	same(t, []flags.NamedContext{
		{Name: "a", Value: "other=dir"},
		{Name: "debian", Value: "docker-image://example.org/x"},
		{Name: "example.org/b:1", Value: "c"},
	}, got, err)
	for word, want := range map[string]string{
		"a":          "is not NAME=VALUE",
		"a=":         "is not NAME=VALUE",
		"UP=x":       "is not a name",
		"a=target:b": "bake",
	} {
		_, err := flags.NamedContexts([]string{word})
		wantError(t, err, want)
	}
}

func TestIsRemote(t *testing.T) {
	for context, want := range map[string]bool{
		"https://example.org/x.git#v1:sub": true,
		"http://example.org/x.tar":         true,
		"git@example.org:x/y.git":          true,
		"docker-image://alpine":            true,
		".":                                false,
		"./x.git":                          false,
		"dir":                              false,
		"":                                 false,
	} {
		if got := flags.IsRemote(context); got != want {
			t.Errorf("IsRemote(%q) = %t", context, got)
		}
	}
}

func TestParseLayout(t *testing.T) {
	dgst := "sha256:" + strings.Repeat("a", 64)
	tests := []struct {
		value string
		want  flags.Layout
		ok    bool
	}{
		{"dir", flags.Layout{}, false},
		{"oci-layout://dir", flags.Layout{Path: "dir"}, true},
		{"oci-layout:///home/@me/a", flags.Layout{Path: "/home/@me/a"}, true},
		{"oci-layout://@me/a:v1@" + dgst, flags.Layout{Path: "@me/a", Tag: "v1", Digest: digest.Digest(dgst)}, true},
		{"oci-layout:///a/b:v1", flags.Layout{Path: "/a/b", Tag: "v1"}, true},
		{"oci-layout://a:b/c@" + dgst, flags.Layout{Path: "a:b/c", Digest: digest.Digest(dgst)}, true},
	}
	for _, test := range tests {
		got, ok, err := flags.ParseLayout(test.value)
		same(t, test.want, got, err)
		if ok != test.ok {
			t.Errorf("ParseLayout(%q) is a layout: %t", test.value, ok)
		}
	}
	for _, value := range []string{"oci-layout://", "oci-layout://a:", "oci-layout://a@sha256:x"} {
		if _, _, err := flags.ParseLayout(value); err == nil {
			t.Errorf("ParseLayout(%q) has no error", value)
		}
	}
}
