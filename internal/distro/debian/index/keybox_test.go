// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"strings"
	"testing"
)

// FuzzKeybox reads keyboxes that end anywhere, with blobs that say they are longer.
func FuzzKeybox(f *testing.F) {
	header := "\x00\x00\x00\x20\x01\x01\x00\x02KBXf" + strings.Repeat("\x00", 20)
	f.Add([]byte(header + "\x00\x00\x00\x14\x02\x01\x00\x00\x00\x00\x00\x10\x00\x00\x00\x04keys"))
	f.Add([]byte(header + "\x00\x00\x00\x14\x02\x01\x00\x00\xff\xff\xff\xff\xff\xff\xff\xffkeys"))
	f.Add([]byte(header + "\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, box []byte) {
		keys, err := readKeybox(box)
		if err == nil && len(keys) > len(box) {
			t.Errorf("%d bytes of keys in %d", len(keys), len(box))
		}
	})
}
