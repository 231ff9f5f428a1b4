// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadOnlyHere holds that no other package of the frontend and below reads
// BuildKit's sentences.
func TestReadOnlyHere(t *testing.T) {
	files, here := 0, 0
	for _, root := range []string{"../../cmd", "../../frontend", "../../internal", "../../llb"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			files++
			for _, sentence := range []string{"invalid response status", "digest mismatch", "failed to calculate checksum of ref", "invalid frontend: "} {
				switch {
				case !bytes.Contains(data, []byte(sentence)):
				case filepath.Base(filepath.Dir(name)) == "fault":
					here++
				default:
					t.Errorf("%s reads %q", name, sentence)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 || here < 4 {
		t.Errorf("%d files were read, and %d sentences found here", files, here)
	}
}

func TestLacks(t *testing.T) {
	for _, c := range []struct {
		text, path string
		want       bool
	}{
		{`failed to calculate checksum of ref abc::def: "/a/b": not found`, "/a/b", true},
		{`failed to calculate checksum of ref abc::def: "/a/b": not found`, "/b", false},
		{"/usr/lib/*.so not found", "/usr/lib/*.so", true},
		{"copy: /usr/lib/*.so not found", "/usr/lib/*.so", true},
		{"/usr/lib/*.so not found", "/lib/*.so", false},
		{"solve: lstat /made: no such file or directory", "/made", true},
		{"solve: lstat /made: permission denied", "/made", false},
	} {
		if got := lacks(errors.New(c.text), c.path); got != c.want {
			t.Errorf("lacks(%q, %q) is %v", c.text, c.path, got)
		}
	}
}
