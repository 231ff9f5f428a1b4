// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"bytes"
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
