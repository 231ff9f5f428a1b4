// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/strata-build/strata/internal/spell"
)

// maxSignatures bounds the work on a hostile file: each reads the signed one.
const maxSignatures = 16

// verifyPGP checks detached signatures. Those of keys that are not there don't count;
// each of a key that is there must be good.
func (k *Key) verifyPGP(file io.ReadSeeker, data []byte, o Options) error {
	found, err := signatures(data)
	if err != nil {
		return fmt.Errorf("read the signature: %w", err)
	}
	var unknown []string
	good := 0
	for _, s := range found {
		if s.IssuerKeyId == nil {
			return errors.New("the signature doesn't say by which key it is")
		}
		keys := k.ring.KeysById(*s.IssuerKeyId)
		if len(keys) == 0 {
			unknown = append(unknown, fmt.Sprintf("%016X", *s.IssuerKeyId))
			continue
		}
		if err := k.one(file, s, o); err != nil {
			return fmt.Errorf("the signature by %X: %w", keys[0].Entity.PrimaryKey.Fingerprint, err)
		}
		good++
	}
	if good == 0 {
		var have []string
		for _, e := range k.ring {
			have = append(have, fmt.Sprintf("%X", e.PrimaryKey.Fingerprint))
		}
		return fmt.Errorf("it is signed by %s, and the key is %s", spell.List(unknown, "and"), spell.List(have, "and"))
	}
	return nil
}

// one checks a signature of a key that is there.
func (k *Key) one(file io.ReadSeeker, s *packet.Signature, o Options) error {
	switch s.Hash {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512:
	default:
		return fmt.Errorf("its hash, %s, is weaker than SHA-256", s.Hash)
	}
	if s.SigType != packet.SigTypeBinary && s.SigType != packet.SigTypeText {
		return errors.New("it is not one of a file")
	}
	var wire bytes.Buffer
	if err := s.Serialize(&wire); err != nil {
		return err
	}
	if err := start(file); err != nil {
		return err
	}
	at := o.Now
	if at.IsZero() {
		at = s.CreationTime
	}
	_, _, err := openpgp.VerifyDetachedSignature(k.ring, file, &wire, &packet.Config{Time: func() time.Time { return at }})
	day := at.UTC().Format(time.DateOnly)
	var bad pgperrors.SignatureError
	switch {
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return fmt.Errorf("the key had expired by %s; take the newer one", day)
	case errors.Is(err, pgperrors.ErrSignatureExpired):
		return fmt.Errorf("it is not valid on %s: it has expired, or is of the future", day)
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return errors.New("the key was revoked")
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return errors.New("the key is not one for signing")
	case errors.As(err, &bad):
		return errOther
	}
	return err
}

// signatures reads the packets of a detached signature, armored or not. Nothing else may
// be there.
func signatures(data []byte) ([]*packet.Signature, error) {
	if isArmored(data) {
		var all []byte
		err := armored(data, func(block string, body []byte) error {
			if block != openpgp.SignatureType {
				return errElse
			}
			all = append(all, body...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		data = all
	}
	reader := packet.NewReader(bytes.NewReader(data))
	var out []*packet.Signature
	for {
		p, err := reader.Next()
		if errors.Is(err, io.EOF) && len(out) > 0 {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("it is broken: %w", err)
		}
		s, ok := p.(*packet.Signature)
		if !ok {
			return nil, errElse
		}
		if out = append(out, s); len(out) > maxSignatures {
			return nil, fmt.Errorf("it has more than %d signatures", maxSignatures)
		}
	}
}

var errElse = errors.New("it has something else than signatures")
