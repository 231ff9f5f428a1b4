// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/fsutil"
)

// TestOutputInContext leaves an output that waits in the context out of it, and nothing else,
// whatever it is called.
func TestOutputInContext(t *testing.T) {
	for out, others := range map[string][]string{
		"out": {"out2"}, "[slug]": {"s", "slug"}, "a[": {"a"}, "c++(1)": {"c"}, "!x": {"x"}, `b\b`: {"bb"}, "*": {"star"}, " x": {"x"}, "ü?": {"üü"},
	} {
		dir := t.TempDir()
		for _, name := range append(others, out) {
			if err := os.MkdirAll(filepath.Join(dir, name, ".waits"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		in := &input{opt: &client.SolveOpt{LocalMounts: map[string]fsutil.FS{}}, exclude: []string{filepath.Join(dir, out, ".waits")}}
		if err := in.mountContext(dir); err != nil {
			t.Errorf("%s: %v", out, err)
			continue
		}
		var got []string
		err := in.opt.LocalMounts[contextSource].Walk(t.Context(), "", func(path string, _ fs.DirEntry, err error) error {
			if filepath.Base(path) == ".waits" {
				got = append(got, filepath.Dir(path))
			}
			return err
		})
		if err != nil || !slices.Equal(got, others) {
			t.Errorf("%s: the context has what waits in %q, %v", out, got, err)
		}
	}
}
