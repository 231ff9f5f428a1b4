// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestLargePackage has a package of 9 MB, which becomes two layers, or one where
// there may be no more; the files are the same.
func TestLargePackage(t *testing.T) {
	h := house.New(t)
	files := map[string]string{"usr/share/large/small": "small\n"}
	source := rand.NewChaCha8([32]byte{})
	for i := range 3 {
		data := make([]byte, 3<<20)
		_, _ = source.Read(data)
		files[fmt.Sprintf("usr/share/large/%d", i)] = string(data)
	}
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "large", Version: "1", Files: files})
	dir := h.PackagesProject(t, a, "large")
	build := func(layers int) {
		out := filepath.Join(t.TempDir(), "out")
		text, err := h.Strata(house.Flags(dir, "--build-arg", "MIRROR="+a.URL, "-o", "type=oci,tar=false,dest="+out)...)
		if err != nil {
			t.Fatalf("strata build: %v\n%s", err, text)
		}
		l := testenv.OpenLayout(t, out)
		if n := len(l.Manifest(t, runtime.GOARCH).Layers); n != layers {
			t.Errorf("it has %d layers, want %d", n, layers)
		}
		parts := 0
		for _, entry := range l.Config(t, runtime.GOARCH).History {
			if strings.HasSuffix(entry.CreatedBy, "packages large, part 2") {
				parts++
			}
		}
		if len(l.Config(t, runtime.GOARCH).History) != layers || parts != layers-2 {
			t.Errorf("of %d layers %d are a second part", layers, parts)
		}
		root := l.Unpack(t, runtime.GOARCH)
		for name, data := range files {
			if house.Read(t, root, name) != data {
				t.Errorf("in %d layers %s is another file", layers, name)
			}
		}
	}
	build(3)
	house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(house.Read(t, dir, "strata.yaml")+"max_layers: 2\n"))
	build(2)
}
