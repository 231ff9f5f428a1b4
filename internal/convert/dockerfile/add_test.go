// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/strata-build/strata/internal/convert/dockerfile"
)

// TestADDUnpacks tells archives from files that are packed alone, as ADD does: by what is
// in them.
func TestADDUnpacks(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "a", Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := func(data []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, test := range []struct {
		name   string
		data   []byte
		unpack bool
	}{
		{"words.txt.gz", packed([]byte("one\ntwo\n")), false},
		{"backup.gz", packed(archive.Bytes()), true},
		{"backup", archive.Bytes(), true},
		{"a.tar.gz", packed([]byte("no archive")), false},
		{"empty.tar", nil, false},
		{"text.tar", []byte(strings.Repeat("text\n", 200)), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			context := fstest.MapFS{test.name: {Data: test.data}}
			made, err := dockerfile.Convert([]byte("FROM scratch\nADD "+test.name+" /data/\n"), dockerfile.Options{Context: context})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(made.BuildFile), "extract: true"); got != test.unpack {
				t.Errorf("unpacked: %v, want %v:\n%s", got, test.unpack, made.BuildFile)
			}
		})
	}
}
