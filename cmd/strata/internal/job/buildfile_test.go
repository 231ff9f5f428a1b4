// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
)

func TestSyntaxWarning(t *testing.T) {
	for line, warns := range map[string]bool{
		"":                                    false,
		"strata-build/strata:1":               false,
		"strata-build/strata:1.4.2":           false,
		"strata-build/strata:2":               true,
		"strata-build/strata:2.0-rc1":         true,
		"example.org/strata-build/strata:3":   true,
		"strata-build/strata:master":          false,
		"strata-build/strata":                 false,
		"docker/dockerfile:2":                 false,
		"example.org/mystrata-build/strata:2": false,
		"not a reference!":                    false,
	} {
		got := syntaxWarning([]byte("# syntax=" + line + "\nfrom: scratch\n"))
		if (got != "") != warns {
			t.Errorf("# syntax=%s: warning %q", line, got)
		}
	}
}

func TestIsArchive(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := w.WriteHeader(&tar.Header{Name: "a", Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		head string
		want bool
	}{
		"tar":   {buf.String(), true},
		"gzip":  {"\x1f\x8b\x08\x00", true},
		"zstd":  {"\x28\xb5\x2f\xfd", true},
		"pzstd": {"\x50\x2a\x4d\x18\x04\x00\x00\x00", true},
		"text":  {"from: scratch\n" + strings.Repeat("# long\n", 200), false},
		"short": {"a", false},
	} {
		if got := isArchive([]byte(test.head)); got != test.want {
			t.Errorf("%s: isArchive = %t", name, got)
		}
	}
}

// FuzzSyntaxWarning looks for a build file that breaks the first look at it.
func FuzzSyntaxWarning(f *testing.F) {
	f.Add([]byte("# syntax=strata-build/strata:2\n"))
	f.Add([]byte("#syntax=a@sha256:x\n\x00"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		syntaxWarning(data)
		isArchive(data)
	})
}
