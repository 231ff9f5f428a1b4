// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
)

// ErrDamaged says that bytes are not those that their descriptor names.
var ErrDamaged = errors.New("content does not match its descriptor")

// checkDescriptor refuses a descriptor that nothing can be checked against.
func checkDescriptor(d v1.Descriptor) error {
	if d.Size < 0 {
		return fmt.Errorf("descriptor of %s has the size %d", d.Digest, d.Size)
	}
	if _, err := v1.NewHash(d.Digest.String()); err != nil {
		return fmt.Errorf("descriptor has the digest %q: %w", d.Digest, err)
	}
	return nil
}

// verifier passes a blob on and fails instead of ending when it was not the one
// it should be.
type verifier struct {
	rc    io.ReadCloser
	sum   hash.Hash
	left  int64
	want  v1.Descriptor
	where string
}

// verify checks a blob as it is read. Its descriptor has been checked.
func verify(rc io.ReadCloser, d v1.Descriptor, where string) io.ReadCloser {
	sum := sha256.New()
	if d.Digest.Algorithm == string(digest.SHA512) {
		sum = sha512.New()
	}
	return &verifier{rc: rc, sum: sum, left: d.Size, want: d, where: where}
}

// Read reads, and checks at the end.
func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.rc.Read(p)
	v.left -= int64(n)
	v.sum.Write(p[:n])
	switch {
	case v.left < 0:
		return 0, v.damaged("it is longer than %d bytes", v.want.Size)
	case err == nil || !errors.Is(err, io.EOF):
		return n, err
	case v.left > 0:
		return n, v.damaged("%d of %d bytes are missing", v.left, v.want.Size)
	}
	if got := hex.EncodeToString(v.sum.Sum(nil)); got != v.want.Digest.Hex {
		return n, v.damaged("its digest is %s:%s", v.want.Digest.Algorithm, got)
	}
	return n, io.EOF
}

func (v *verifier) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: blob %s of %s: %s", ErrDamaged, v.want.Digest, v.where, fmt.Sprintf(format, args...))
}

// Close closes the blob.
func (v *verifier) Close() error { return v.rc.Close() }
