// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"strings"
	"testing"
)

// TestHoles has sparse files that are larger than any disk, and ones that aren't.
func TestHoles(t *testing.T) {
	old := tar.Header{Typeflag: tar.TypeGNUSparse, Size: 1<<63 - 1}
	pax := tar.Header{Typeflag: tar.TypeReg, PAXRecords: map[string]string{"GNU.sparse.major": "1"}, Size: 2 << 30}
	plain := tar.Header{Typeflag: tar.TypeReg, PAXRecords: map[string]string{"path": "x"}, Size: 1<<63 - 1}
	room := holes{from: strings.NewReader("an archive")}
	for _, h := range []tar.Header{old, pax} {
		if err := room.take(&h); err == nil {
			t.Errorf("%d bytes of holes are taken", h.Size)
		}
	}
	if err := room.take(&plain); err != nil || room.sparse != 0 {
		t.Errorf("a file that isn't sparse: %v", err)
	}
	room.read = 1 << 20
	if err := room.take(&pax); err != nil {
		t.Errorf("a file of 2 GiB in an archive of 1 MiB: %v", err)
	}
	for range 4 {
		if err := room.take(&pax); err != nil {
			t.Fatal(err)
		}
	}
	if err := room.take(&pax); err == nil {
		t.Error("many files together have no limit")
	}
}
