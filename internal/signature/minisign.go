// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"aead.dev/minisign"
)

// maxWhole is how long a file may be, in bytes, that must be in memory as a whole: the
// older signatures of minisign, and some of Ed25519, are over the file and not its hash.
const maxWhole = 512 << 20

func (k *Key) verifyMinisign(file io.ReadSeeker, data []byte) error {
	var s minisign.Signature
	data = bytes.TrimSpace(data)
	if err := s.UnmarshalText(data); err != nil {
		return fmt.Errorf("read the signature: %w", err)
	}
	if s.KeyID != k.minisign.ID() {
		return fmt.Errorf("it is signed by the key %016X, and the key is %016X", s.KeyID, k.minisign.ID())
	}
	if err := start(file); err != nil {
		return err
	}
	if s.Algorithm == minisign.EdDSA {
		text, err := whole(file)
		if err != nil {
			return err
		}
		if !minisign.Verify(k.minisign, text, data) {
			return errOther
		}
		return nil
	}
	r := minisign.NewReader(file)
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if !r.Verify(k.minisign, data) {
		return errOther
	}
	return nil
}

// whole reads a file into memory.
func whole(file io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxWhole+1))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if len(text) > maxWhole {
		return nil, errors.New("the signature is over the file as a whole, which is too long for that; sign its hash, as minisign does by itself since 0.10")
	}
	return text, nil
}
