// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // most archives of apk's format 2 are signed with it
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
)

const (
	// maxSignature limits a signature, in bytes: many more than those of the longest key.
	maxSignature = 1 << 16
	// maxSignatures bounds the work on a hostile index: each reads all of it. Real ones have
	// one or two.
	maxSignatures = 32
)

// Keys are RSA keys by the names of their files, such as
// alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub.
type Keys map[string]*rsa.PublicKey

// ParseKey reads a public key in PEM, as apk keeps them.
func ParseKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("read key: it is not in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("read key: it is a %T, want RSA", parsed)
	}
	if key.N.BitLen() < 2048 {
		return nil, fmt.Errorf("read key: it has %d bits, want 2048 or more", key.N.BitLen())
	}
	return key, nil
}

// A SignatureError is an index without a good signature by a known key.
type SignatureError struct {
	Why    string
	Signed []string // names of the keys that it was signed with, sorted
	Known  []string // names of the keys that were allowed, sorted
}

// Error says which keys there are and which were wanted.
func (e *SignatureError) Error() string {
	s := "check the signature: " + e.Why
	if len(e.Signed) > 0 {
		s += "; it is signed with " + strings.Join(e.Signed, ", ")
	}
	if len(e.Known) == 0 {
		return s + "; no keys are known"
	}
	return s + "; known are " + strings.Join(e.Known, ", ")
}

// verify checks the signatures in the tar archive of a first member against
// what follows it, and returns the names of the keys that were good. A bad
// signature by a known key is an error whatever the others are.
func (k Keys) verify(signatures, signed []byte) ([]string, error) {
	fault := &SignatureError{Known: slices.Sorted(maps.Keys(k))}
	var good []string
	r := tar.NewReader(bytes.NewReader(signatures))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read signatures: %w", noEOF(err))
		}
		hash, name := signatureKind(h.Name)
		if hash == 0 {
			continue
		}
		if len(fault.Signed) == maxSignatures {
			return nil, fmt.Errorf("read signatures: there are more than %d", maxSignatures)
		}
		fault.Signed = append(fault.Signed, name)
		key := k[name]
		if key == nil {
			continue
		}
		value, err := archive.ReadEntry(r, maxSignature)
		if err != nil {
			return nil, fmt.Errorf("read signatures: %w", noEOF(err))
		}
		if err := rsa.VerifyPKCS1v15(key, hash, sumOf(hash, signed), value); err != nil {
			fault.Why = "the one by " + name + " is not of this content"
			return nil, fault
		}
		good = append(good, name)
	}
	slices.Sort(fault.Signed)
	switch {
	case len(fault.Signed) == 0:
		fault.Why = "there is none of a kind known here"
	case len(good) == 0:
		fault.Why = "there is none by a known key"
	default:
		slices.Sort(good)
		return slices.Compact(good), nil
	}
	return nil, fault
}

// signatureKind tells the hash and the key of a signature by its name.
func signatureKind(file string) (hash crypto.Hash, key string) {
	if name, ok := strings.CutPrefix(file, ".SIGN.RSA."); ok {
		return crypto.SHA1, name
	}
	if name, ok := strings.CutPrefix(file, ".SIGN.RSA256."); ok {
		return crypto.SHA256, name
	}
	return 0, ""
}

func sumOf(hash crypto.Hash, signed []byte) []byte {
	if hash == crypto.SHA1 {
		sum := sha1.Sum(signed) //nolint:gosec // it is what was signed
		return sum[:]
	}
	sum := sha256.Sum256(signed)
	return sum[:]
}
