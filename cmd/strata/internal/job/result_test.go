// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/flags"
)

func TestMetadata(t *testing.T) {
	got, err := json.Marshal(metadata(map[string]string{
		"containerimage.digest":     "sha256:abcd",
		"containerimage.descriptor": base64.StdEncoding.EncodeToString([]byte(`{"size":1}`)),
		"list":                      base64.StdEncoding.EncodeToString([]byte(`[{"a":1}]`)),
		"number":                    base64.StdEncoding.EncodeToString([]byte("12")),
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"containerimage.descriptor":{"size":1},"containerimage.digest":"sha256:abcd","list":[{"a":1}],"number":"MTI="}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestImageID(t *testing.T) {
	both := map[string]string{"containerimage.digest": "manifest", "containerimage.config.digest": "config"}
	if got := imageID(both); got != "config" {
		t.Errorf("one image: %q", got)
	}
	if got := imageID(map[string]string{"containerimage.digest": "index"}); got != "index" {
		t.Errorf("an index: %q", got)
	}
}

func TestPrintAnswer(t *testing.T) {
	lint := func(json, status string) map[string][]byte {
		return map[string][]byte{answerJSON: []byte(json), answerStatus: []byte(status)}
	}
	warning := `{"warnings":[{"ruleName":"Rule","detail":"what","location":{"ranges":[{"start":{"line":1},"end":{"line":1}}]}}],
		"sources":[{"filename":"strata.yaml","data":"YQpiCg=="}]}`
	tests := []struct {
		name   string
		call   flags.Call
		answer map[string][]byte
		status int
		want   string
	}{
		{"clean", flags.Call{Request: "frontend.lint"}, lint(`{}`, "0"), 0, "nothing found"},
		{"warning", flags.Call{Request: "frontend.lint"}, lint(warning, "1"), 1, ">>> a"},
		{"ignored", flags.Call{Request: "frontend.lint", IgnoreStatus: true}, lint(warning, "1"), 0, "1 warning"},
		{"json", flags.Call{Request: "frontend.lint", JSON: true}, lint(warning, "1"), 1, `"ruleName":"Rule"`},
		{"unknown", flags.Call{Request: "frontend.frob"}, map[string][]byte{answerText: []byte("as it is")}, 0, "as it is"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := printAnswer(&out, test.call, test.answer)
			if got := cli.Exit(context.Background(), &out, err); got != test.status {
				t.Errorf("status %d, want %d: %v", got, test.status, err)
			}
			if !strings.Contains(out.String(), test.want) {
				t.Errorf("answer %q, want one with %q", out.String(), test.want)
			}
		})
	}
}
