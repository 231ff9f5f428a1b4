// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/pkg/archive"
	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/image/rootfs"
	"github.com/strata-build/strata/internal/testenv"
)

// TestHardLinkEntries compares with containerd what becomes of a file when the entry of
// a further name has another owner, mode, time or attributes.
func TestHardLinkEntries(t *testing.T) {
	later := func(h *tar.Header) { h.ModTime = h.ModTime.Add(time.Hour) }
	layers := [][]entry{
		{
			dir(".").mode(0o755), file("a", "body").mode(0o755).owner(1, 2).xattr("user.note", "kept"), hardlink("b", "a").mode(0o4711).owner(3, 4),
			file("same", "1"), hardlink("same too", "same"), symlink("s", "a"), hardlink("s2", "s").owner(7, 7),
		},
		{hardlink("c", "b").mode(0o600).owner(5, 6).xattr("user.more", "too").with(later), device("null", tar.TypeChar, 1, 3), hardlink("null2", "null").mode(0o666)},
	}
	tars := archives(t, layers)
	dir := testenv.Dir(t)
	want, got := filepath.Join(dir, "want"), filepath.Join(dir, "got")
	if err := os.Mkdir(want, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, data := range tars {
		if _, err := containerd.Apply(t.Context(), want, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := rootfs.Unpack(t.Context(), layersOf(tars), got); err != nil {
		t.Fatal(err)
	}
	look := seen{clock: []string{"."}}
	if diff := cmp.Diff(look.list(t, want), look.list(t, got)); diff != "" {
		t.Errorf("(-containerd +strata):\n%s", diff)
	}
}

// TestOverlayAttributes leaves what the overlay file system keeps for itself out of a
// directory, which may become a layer of another one.
func TestOverlayAttributes(t *testing.T) {
	tars := archives(t, [][]entry{{dir(".").mode(0o755), dir("d").xattr("trusted.overlay.opaque", "y").xattr("trusted.mine", "1"), file("f", "").xattr("trusted.overlay.origin", "x").xattr("user.overlay.whiteout", "y")}})
	root := filepath.Join(testenv.Dir(t), "root")
	_, lost, err := rootfs.Unpack(t.Context(), layersOf(tars), root)
	if err != nil || lost != (rootfs.Lost{}) {
		t.Fatalf("lost %q, %v", lost, err)
	}
	list := seen{}.list(t, root)
	if strings.Contains(list, "overlay") || !strings.Contains(list, "trusted.mine") {
		t.Errorf("the directory has\n%s", list)
	}
}
