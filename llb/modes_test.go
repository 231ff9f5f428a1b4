// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"slices"
	"testing"

	"github.com/moby/buildkit/solver/pb"
)

// TestModesUnderAUmask asks only for files and directories whose modes a daemon's umask of 022
// leaves alone, as a Docker Engine has one; all others are copied, which sets their modes.
func TestModesUnderAUmask(t *testing.T) {
	all := cases(t)
	all["writable"] = []byte(`layers:
  - files:
      - {dest: /shared/file, content: x, mode: "0666"}
      - {dest: /shared, directory: true, mode: "0775"}
      - {dest: /changed, content: x, mode: "g+w"}
`)
	for name, data := range all {
		var copied []int32
		for _, encoded := range graph(t, data, false).Def {
			var o pb.Op
			if err := o.UnmarshalVT(encoded); err != nil {
				t.Fatal(err)
			}
			for _, a := range o.GetFile().GetActions() {
				for path, mode := range map[string]int32{a.GetMkfile().GetPath(): a.GetMkfile().GetMode(), a.GetMkdir().GetPath(): a.GetMkdir().GetMode()} {
					if mode&^0o755 != 0 {
						t.Errorf("%s makes %s with mode %04o", name, path, mode)
					}
				}
				if mode := a.GetCopy().GetMode(); mode > 0 {
					copied = append(copied, mode)
				}
			}
		}
		slices.Sort(copied)
		if want := []int32{0o664, 0o666, 0o775}; name == "writable" && !slices.Equal(slices.Compact(copied), want) {
			t.Errorf("the modes of copies are %o, want %o", copied, want)
		}
	}
}
