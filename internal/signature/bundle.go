// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // hashes that signatures are over
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// bundle is what of a bundle of sigstore is looked at, in its versions 0.1 to 0.3, and of
// what cosign wrote before there was one.
type bundle struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		PublicKey   json.RawMessage `json:"publicKey"`
		Certificate json.RawMessage `json:"certificate"`
		Chain       json.RawMessage `json:"x509CertificateChain"`
	} `json:"verificationMaterial"`
	Message *struct {
		Digest *struct {
			Algorithm string `json:"algorithm"`
			Digest    []byte `json:"digest"`
		} `json:"messageDigest"`
		Signature []byte `json:"signature"`
	} `json:"messageSignature"`
	Envelope json.RawMessage `json:"dsseEnvelope"`
	// Plain and Cert are those of cosign's older form.
	Plain []byte `json:"base64Signature"`
	Cert  string `json:"cert"`
}

// signed is what a bundle says.
type signed struct {
	signature []byte
	// hash is what the signature is over; 0 if the bundle doesn't say. digest is the
	// file's, as the bundle has it; nil for none.
	hash   crypto.Hash
	digest []byte
}

// bundlePrefixes are what the media types of bundles begin with.
func bundlePrefixes() []string {
	return []string{"application/vnd.dev.sigstore.bundle+json;version=0.", "application/vnd.dev.sigstore.bundle.v0."}
}

// isPlain reports whether a text is nothing but a signature in base64, which cosign
// writes beside a bundle.
func isPlain(text []byte) bool {
	data, err := base64.StdEncoding.DecodeString(string(text))
	return err == nil && len(data) >= 48
}

// readBundle reads a bundle that a key signed.
func readBundle(data []byte) (signed, error) {
	text := bytes.TrimSpace(data)
	if isPlain(text) {
		plain, err := base64.StdEncoding.DecodeString(string(text))
		return signed{signature: plain}, err
	}
	var b bundle
	if err := json.Unmarshal(text, &b); err != nil {
		return signed{}, fmt.Errorf("it is no bundle of sigstore: %w", err)
	}
	known := false
	for _, prefix := range bundlePrefixes() {
		known = known || strings.HasPrefix(b.MediaType, prefix)
	}
	switch {
	case b.MediaType == "" && len(b.Plain) > 0 && b.Cert == "":
		return signed{signature: b.Plain}, nil
	case b.MediaType == "" && len(b.Plain) > 0, len(b.Material.Certificate) > 0, len(b.Material.Chain) > 0:
		return signed{}, errors.New("it is by a certificate, and not by a key: want one that was signed with a key")
	case !known:
		return signed{}, fmt.Errorf("it is no bundle of sigstore that is known: its media type is %.80q", b.MediaType)
	case len(b.Envelope) > 0:
		return signed{}, errors.New("it is an attestation about the file, and not a signature of it")
	case b.Message == nil || len(b.Message.Signature) == 0:
		return signed{}, errors.New("it has no signature of a file")
	}
	out := signed{signature: b.Message.Signature}
	if d := b.Message.Digest; d != nil {
		hashes := map[string]crypto.Hash{"SHA2_256": crypto.SHA256, "SHA2_384": crypto.SHA384, "SHA2_512": crypto.SHA512}
		if out.hash = hashes[d.Algorithm]; out.hash == 0 {
			return signed{}, fmt.Errorf("its hash %.40q is not SHA-256, SHA-384 or SHA-512", d.Algorithm)
		}
		out.digest = d.Digest
	}
	return out, nil
}

func (k *Key) verifyBundle(file io.ReadSeeker, data []byte) error {
	s, err := readBundle(data)
	if err != nil {
		return fmt.Errorf("read the signature: %w", err)
	}
	if s.digest != nil {
		sum, err := hashOf(file, s.hash)
		if err != nil {
			return err
		}
		if !bytes.Equal(sum, s.digest) {
			return errOther
		}
	}
	if edwards, ok := k.public.(ed25519.PublicKey); ok {
		return verifyEdwards(edwards, file, s)
	}
	if s.hash == 0 {
		s.hash = usualHash(k.public)
	}
	sum, err := hashOf(file, s.hash)
	if err != nil {
		return err
	}
	good := false
	switch p := k.public.(type) {
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(p, sum, s.signature)
	case *rsa.PublicKey:
		good = rsa.VerifyPKCS1v15(p, s.hash, sum, s.signature) == nil
	}
	if !good {
		return errOtherKey
	}
	return nil
}

// errOtherKey says that a signature, which doesn't say by what key it is, is not by this
// one over the file.
var errOtherKey = errors.New("the signature is not one of this file by this key")

// usualHash is what sigstore signs with a key.
func usualHash(public crypto.PublicKey) crypto.Hash {
	if p, ok := public.(*ecdsa.PublicKey); ok {
		switch p.Curve.Params().BitSize {
		case 384:
			return crypto.SHA384
		case 521:
			return crypto.SHA512
		}
	}
	return crypto.SHA256
}

// verifyEdwards checks a signature over the SHA-512 of a file, or over the file.
func verifyEdwards(key ed25519.PublicKey, file io.ReadSeeker, s signed) error {
	sum, err := hashOf(file, crypto.SHA512)
	if err != nil {
		return err
	}
	if ed25519.VerifyWithOptions(key, sum, s.signature, &ed25519.Options{Hash: crypto.SHA512}) == nil {
		return nil
	}
	if err := start(file); err != nil {
		return err
	}
	text, err := whole(file)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, text, s.signature) {
		return errOtherKey
	}
	return nil
}

func hashOf(file io.ReadSeeker, by crypto.Hash) ([]byte, error) {
	if err := start(file); err != nil {
		return nil, err
	}
	h := by.New()
	if _, err := io.Copy(h, file); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return h.Sum(nil), nil
}
