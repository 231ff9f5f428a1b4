// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package signature checks detached signatures of files: those of OpenPGP, of minisign,
// and of sigstore's bundles that a key signed. What a key and a signature are, their
// contents say.
//
// A file is good if a signature of the key is over its bytes, and none of the key is
// over others. Nothing is asked of a server: no key server, and no transparency log.
package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxSize is how long a key or a signature may be, in bytes.
const MaxSize = 1 << 20

// Kind is a kind of keys, in words.
type Kind string

// The kinds of keys. Those of SSH are for git alone.
const (
	PGP      Kind = "OpenPGP"
	Minisign Kind = "minisign"
	Public   Kind = "PEM"
	SSH      Kind = "SSH"
)

// Options say what counts besides a good signature.
type Options struct {
	// Now is the time that keys and signatures must not have expired by. The zero value
	// takes a key as it was when it signed.
	Now time.Time
}

// kindOf tells what kind of key a signature is by.
func kindOf(data []byte) (Kind, error) {
	text := bytes.TrimSpace(data)
	starts := func(with string) bool { return bytes.HasPrefix(text, []byte(with)) }
	switch {
	case len(data) > MaxSize:
		return "", fmt.Errorf("it has more than %d bytes", MaxSize)
	case len(text) == 0:
		return "", errors.New("it is empty")
	case starts("-----BEGIN PGP SIGNATURE-----"):
		return PGP, nil
	case starts("-----BEGIN PGP SIGNED MESSAGE-----"), starts("-----BEGIN PGP MESSAGE-----"):
		return "", errors.New("it is a signed text, not a signature of a file")
	case starts("-----BEGIN SSH SIGNATURE-----"):
		return "", errors.New("it is a signature of SSH, which is not checked for files")
	case starts("untrusted comment:"):
		return Minisign, nil
	case starts("{"):
		return Public, nil
	case starts("<"):
		return "", errors.New("it is a page, not a signature")
	case data[0]&0x80 != 0:
		return PGP, nil
	case isPlain(text):
		return Public, nil
	}
	return "", errors.New("it is no signature of OpenPGP, of minisign or of sigstore")
}

// Verify checks that a key signed a file.
func (k *Key) Verify(file io.ReadSeeker, data []byte, o Options) error {
	kind, err := kindOf(data)
	if err != nil {
		return fmt.Errorf("read the signature: %w", err)
	}
	if kind != k.Kind {
		return fmt.Errorf("the signature is for a key of %s, and the key is one of %s", kind, k.Kind)
	}
	switch kind {
	case PGP:
		return k.verifyPGP(file, data, o)
	case Minisign:
		return k.verifyMinisign(file, data)
	default:
		return k.verifyBundle(file, data)
	}
}

// start goes to the beginning of a file.
func start(file io.Seeker) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	return nil
}

// errOther says that a signature is of something else.
var errOther = errors.New("the signature is not one of this file: the file or the signature was altered, or they don't belong together")
