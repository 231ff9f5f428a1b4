// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// The fuzzer writes what is compressed: it would seldom get past a checksum.
func FuzzIndex(f *testing.F) {
	f.Add([]byte("a"), []byte("b"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var b bytes.Buffer
		for _, part := range [][]byte{one, two} {
			z := gzip.NewWriter(&b)
			_, _ = z.Write(part)
			_ = z.Close()
		}
		if _, err := readSigned(b.Bytes(), Keys{}, 1<<20); err == nil {
			t.Error("an index was read without a key")
		}
	})
}
