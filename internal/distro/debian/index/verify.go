// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// VerifyOptions say what counts besides a good signature.
type VerifyOptions struct {
	// Now is the time for which keys and the Release must be valid. The zero value
	// checks neither: a key counts as it was when it signed.
	Now time.Time
	// NotBefore is the Date of a Release that was seen earlier; an older one is
	// refused.
	NotBefore time.Time
	// IgnoreValidUntil takes a Release that has expired, as those of snapshots have.
	IgnoreValidUntil bool
	// IgnoreDate takes a Release that is of the future.
	IgnoreDate bool
	// Trusted takes a Release whatever its signatures, and without any.
	Trusted bool
	// Signers are the only keys of the keyrings that count, as fingerprints in
	// hex; none for all. A key stands for its subkeys as well, but not with an
	// exclamation mark behind.
	Signers []string
}

// VerifyInRelease checks the signatures of an InRelease file and returns what
// was signed, and nothing else of the file. As with apt, one good signature of a
// key in the keyrings is enough; keys that are not there, that have expired or are
// revoked, and that are not for signing are ignored; and one bad signature of a key
// that is there is fatal. Keyrings are armored or binary.
// Errors are of the types in verify_errors.go.
func VerifyInRelease(inRelease []byte, keyrings [][]byte, opts VerifyOptions) (*Release, error) {
	block, err := clearSigned(inRelease)
	if err != nil {
		return nil, err
	}
	if opts.Trusted {
		return readTrusted(block.Plaintext, opts)
	}
	return verify(block.Plaintext, block.Bytes, block.ArmoredSignature.Body, keyrings, opts)
}

// VerifyRelease is VerifyInRelease for a Release file and its detached signature
// Release.gpg, armored or binary.
func VerifyRelease(release, signature []byte, keyrings [][]byte, opts VerifyOptions) (*Release, error) {
	if opts.Trusted {
		return readTrusted(release, opts)
	}
	var body io.Reader = bytes.NewReader(signature)
	if isArmored(signature) {
		block, err := armor.Decode(bytes.NewReader(signature))
		if err != nil {
			return nil, &UnsignedError{Reason: "its signature does not parse: " + err.Error()}
		}
		body = block.Body
	}
	return verify(release, release, body, keyrings, opts)
}

// readTrusted reads a Release that needs no signature, and no hashes either: those it
// has count.
func readTrusted(text []byte, opts VerifyOptions) (*Release, error) {
	release, err := readRelease(text, true)
	if err != nil {
		return nil, err
	}
	return release, checkTime(release, opts)
}

func isArmored(b []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(b), []byte("-----BEGIN PGP"))
}

// verify checks the signatures over signed, then reads text.
func verify(text, signed []byte, signatures io.Reader, keyrings [][]byte, opts VerifyOptions) (*Release, error) {
	trusted, err := readKeyrings(keyrings)
	if err != nil {
		return nil, err
	}
	v := &verifier{trusted: trusted, opts: opts}
	if err := v.all(signed, signatures); err != nil {
		return nil, err
	}
	release, err := ReadRelease(text)
	if err != nil {
		return nil, err
	}
	release.Signers = v.good
	return release, checkTime(release, opts)
}

// clockSkew is by how much a Release may be ahead of the time here; apt's is the same.
const clockSkew = 10 * time.Second

func checkTime(r *Release, opts VerifyOptions) error {
	if !opts.NotBefore.IsZero() && r.Date.Before(opts.NotBefore) {
		return &OlderReleaseError{Suite: r.Suite, Date: r.Date, NotBefore: opts.NotBefore}
	}
	if !opts.IgnoreDate && !opts.Now.IsZero() && r.Date.After(opts.Now.Add(clockSkew)) {
		return &FutureReleaseError{Suite: r.Suite, Date: r.Date, Now: opts.Now}
	}
	if !opts.IgnoreValidUntil && !opts.Now.IsZero() && !r.ValidUntil.IsZero() && opts.Now.After(r.ValidUntil) {
		return &ExpiredReleaseError{Suite: r.Suite, ValidUntil: r.ValidUntil, Now: opts.Now}
	}
	return nil
}

// readKeyrings reads all keys. Of one that is there several times the first copy counts, as with
// gpgv.
func readKeyrings(keyrings [][]byte) (openpgp.EntityList, error) {
	var all openpgp.EntityList
	for _, ring := range keyrings {
		if len(bytes.TrimSpace(ring)) == 0 {
			continue
		}
		keys, err := readKeyring(ring)
		if err != nil {
			return nil, fmt.Errorf("read a keyring: %w", err)
		}
		all = append(all, keys...)
	}
	return all, nil
}

const beginKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----"

// IsKeyring reports whether data has keys, or would have some.
func IsKeyring(data []byte) bool {
	_, err := readKeyrings([][]byte{data})
	return err == nil
}

// readKeyring reads a binary keyring, a keybox, or all keys of a text, in which other text
// may stand between them.
func readKeyring(ring []byte) (openpgp.EntityList, error) {
	if isKeybox(ring) {
		keys, err := readKeybox(ring)
		if err != nil {
			return nil, err
		}
		return openpgp.ReadKeyRing(bytes.NewReader(keys))
	}
	blocks := bytes.Split(ring, []byte(beginKey))
	if len(blocks) == 1 || ring[0]&0x80 != 0 {
		return openpgp.ReadKeyRing(bytes.NewReader(ring))
	}
	var all openpgp.EntityList
	for _, block := range blocks[1:] {
		keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(append([]byte(beginKey), block...)))
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}

// counts reports whether a key may have signed, as the signers say.
func (v *verifier) counts(key openpgp.Key) bool {
	return len(v.opts.Signers) == 0 || slices.ContainsFunc(v.opts.Signers, func(s string) bool {
		s, exactly := strings.CutSuffix(strings.ToUpper(strings.ReplaceAll(s, " ", "")), "!")
		return s == fmt.Sprintf("%X", key.PublicKey.Fingerprint) || !exactly && s == fingerprint(key.Entity)
	})
}

func fingerprint(e *openpgp.Entity) string {
	return fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)
}

// A verifier collects what the signatures of one text say.
type verifier struct {
	trusted openpgp.EntityList
	opts    VerifyOptions
	good    []string // fingerprints
	unknown []string // key ids
	// worthless are signatures that don't count, and harm nothing beside a good one.
	worthless []error
}

// maxSignatures bounds the work on a hostile file; archives have up to four.
const maxSignatures = 32

func (v *verifier) all(signed []byte, signatures io.Reader) error {
	packets := packet.NewReader(signatures)
	for n := 0; ; n++ {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &UnsignedError{Reason: "its signature does not parse: " + err.Error()}
		}
		sig, ok := p.(*packet.Signature)
		if !ok || n >= maxSignatures {
			return &UnsignedError{Reason: "its signature holds something else than signatures, or too many"}
		}
		if err := v.one(signed, sig); err != nil {
			return err
		}
	}
	slices.Sort(v.good)
	v.good = slices.Compact(v.good)
	switch {
	case len(v.good) > 0:
		return nil
	case len(v.worthless) > 0:
		return v.worthless[0]
	case len(v.unknown) == 0:
		return &UnsignedError{Reason: "it carries no signature"}
	}
	err := &UntrustedError{SignedBy: v.unknown}
	for _, e := range v.trusted {
		if v.counts(openpgp.Key{Entity: e, PublicKey: e.PrimaryKey}) {
			err.Trusted = append(err.Trusted, fingerprint(e))
		}
	}
	slices.Sort(err.Trusted)
	return err
}

// one checks one signature. Only a bad one of a trusted key is an error.
func (v *verifier) one(signed []byte, sig *packet.Signature) error {
	if sig.IssuerKeyId == nil {
		v.unknown = append(v.unknown, "unnamed")
		return nil
	}
	id := fmt.Sprintf("%016X", *sig.IssuerKeyId)
	keys := v.trusted.KeysById(*sig.IssuerKeyId)
	if !slices.ContainsFunc(keys, v.counts) {
		v.unknown = append(v.unknown, id)
		return nil
	}
	name := fingerprint(keys[0].Entity)
	if !strong(sig.Hash) {
		v.worthless = append(v.worthless, &BadSignatureError{Key: name, Reason: "its hash is weaker than SHA256"})
		return nil
	}
	if sig.SigType != packet.SigTypeBinary && sig.SigType != packet.SigTypeText {
		return &BadSignatureError{Key: name, Reason: "it is not one over a document"}
	}
	var wire bytes.Buffer
	if err := sig.Serialize(&wire); err != nil {
		return &BadSignatureError{Key: name, Reason: err.Error()}
	}
	at := v.opts.Now
	if at.IsZero() {
		at = sig.CreationTime
	}
	config := &packet.Config{Time: func() time.Time { return at }}
	_, signer, err := openpgp.VerifyDetachedSignature(v.trusted, bytes.NewReader(signed), &wire, config)
	switch {
	case err == nil:
		v.good = append(v.good, fingerprint(signer))
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		v.worthless = append(v.worthless, &ExpiredKeyError{Key: name, Now: at})
	case errors.Is(err, pgperrors.ErrKeyRevoked), errors.Is(err, pgperrors.ErrUnknownIssuer):
		// The second is a key that is not for signing.
		v.worthless = append(v.worthless, &BadSignatureError{Key: name, Reason: err.Error()})
	default:
		return &BadSignatureError{Key: name, Reason: err.Error()}
	}
	return nil
}

func strong(h crypto.Hash) bool {
	return h == crypto.SHA256 || h == crypto.SHA384 || h == crypto.SHA512 || h == crypto.SHA3_256 || h == crypto.SHA3_512
}
