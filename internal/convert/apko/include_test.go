// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package apko_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/convert/apko"
)

// TestIncludeOfAliases merges what aliases and << stand for as what is written out: the
// file's own values win, an empty one isn't any, and lists follow those that are included.
func TestIncludeOfAliases(t *testing.T) {
	const base = `
contents: {packages: [base]}
cmd: serve
environment: {LANG: base, TZ: base}
`
	const file = `
include: base.yaml
contents: {packages: &names [own]}
cmd: ""
volumes: *names
environment: {<<: &common {LANG: own}}
annotations: *common
`
	made, err := apko.Convert([]byte(file), apko.Options{Include: func(string) ([]byte, error) { return []byte(base), nil }})
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.File.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[base, own]", "cmd: [serve]", "LANG: own", "TZ: base", "volumes: [own]", "annotations: {LANG: own}"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
