// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// The fuzzer writes what is compressed: it would seldom get past a checksum.
func FuzzPackage(f *testing.F) {
	f.Add([]byte("a"), []byte("b"), []byte("c"))
	f.Fuzz(func(_ *testing.T, one, two, three []byte) {
		var b bytes.Buffer
		for _, part := range [][]byte{one, two, three} {
			z := gzip.NewWriter(&b)
			_, _ = z.Write(part)
			_ = z.Close()
		}
		a, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			return
		}
		if r, err := a.Data(); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
		}
	})
}
