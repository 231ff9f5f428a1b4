// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/binary"
	"errors"
)

// A keybox is what "gpg --keyring FILE" makes where there is no file: blobs, each with its
// length in 4 bytes and its kind in one. The first is a header, with a mark; one with keys
// has the place and the length of these in 4 bytes each.
const (
	keyboxMark   = "KBXf"
	keyboxMarkAt = 8
	blobHeader   = 16
	blobOpenPGP  = 2
)

func isKeybox(ring []byte) bool {
	return len(ring) >= keyboxMarkAt+len(keyboxMark) && string(ring[keyboxMarkAt:keyboxMarkAt+len(keyboxMark)]) == keyboxMark
}

// readKeybox returns the OpenPGP keys of a keybox, as a keyring has them.
func readKeybox(box []byte) ([]byte, error) {
	cut := errors.New("a keybox ends within a key")
	var keys []byte
	for len(box) > 0 {
		if len(box) < blobHeader {
			return nil, cut
		}
		length := uint64(binary.BigEndian.Uint32(box))
		if length < blobHeader || length > uint64(len(box)) {
			return nil, cut
		}
		blob := box[:length]
		box = box[length:]
		if blob[4] != blobOpenPGP {
			continue
		}
		from, size := uint64(binary.BigEndian.Uint32(blob[8:])), uint64(binary.BigEndian.Uint32(blob[12:]))
		if from+size > length {
			return nil, cut
		}
		keys = append(keys, blob[from:from+size]...)
	}
	return keys, nil
}
