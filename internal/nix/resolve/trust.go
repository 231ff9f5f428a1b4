// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
)

// ErrUntrusted says that a store path has no signature of a trusted key.
var ErrUntrusted = errors.New("no valid signature")

// A Key is a public key that signs what a cache says of its paths.
type Key struct {
	Name  string
	Value ed25519.PublicKey
}

// ParseKey reads a key as nix.conf has it: its name, a colon and base 64.
func ParseKey(text string) (Key, error) {
	if name, _, err := cutNamed(text, ed25519.PrivateKeySize); err == nil {
		return Key{}, fmt.Errorf("%q is the secret key of a cache; signatures are checked with the public one", name)
	}
	name, value, err := cutNamed(text, ed25519.PublicKeySize)
	if err != nil {
		return Key{}, fmt.Errorf("%q is not a public key of a cache: %w", text, err)
	}
	return Key{Name: name, Value: value}, nil
}

// String writes the key as ParseKey reads it.
func (k Key) String() string { return k.Name + ":" + base64.StdEncoding.EncodeToString(k.Value) }

func cutNamed(text string, size int) (name string, value []byte, err error) {
	name, encoded, ok := strings.Cut(text, ":")
	if !ok || name == "" {
		return "", nil, errors.New("it isn't a name, a colon and base 64")
	}
	value, err = base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", nil, fmt.Errorf("what follows the colon isn't base 64: %w", err)
	}
	if len(value) != size {
		return "", nil, fmt.Errorf("it has %d bytes after the colon, and needs %d", len(value), size)
	}
	return name, value, nil
}

// Fingerprint is the text that is signed. It has neither the URL nor the
// compression nor the packed file's hash.
func (i *Info) Fingerprint() string {
	return strings.Join([]string{
		"1", i.Path, formatHash(i.NarHash), strconv.FormatInt(i.NarSize, 10), strings.Join(i.References, ","),
	}, ";")
}

// Verify makes sure that one of the keys vouches for the path, or that its own
// name does, and returns the signature, which is empty then.
func (i *Info) Verify(keys []Key) (string, error) {
	if i.selfCertified() {
		return "", nil
	}
	fingerprint := []byte(i.Fingerprint())
	var names []string
	for _, text := range i.Signatures {
		name, signature, err := cutNamed(text, ed25519.SignatureSize)
		if err != nil {
			names = append(names, "a damaged one")
			continue
		}
		names = append(names, name)
		for _, k := range keys {
			if k.Name == name && ed25519.Verify(k.Value, fingerprint, signature) {
				return text, nil
			}
		}
	}
	return "", fmt.Errorf("%w: it has %s, and trusted are %s", ErrUntrusted, signers(names), keyNames(keys))
}

func signers(names []string) string {
	if len(names) == 0 {
		return "none at all"
	}
	return "signatures by " + strings.Join(names, ", ")
}

func keyNames(keys []Key) string {
	if len(keys) == 0 {
		return "no keys"
	}
	var names []string
	for _, k := range keys {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// selfCertified reports whether the path's name follows from NarHash and the
// references alone, so that no signature has to vouch for it. It is how sources and
// "nix store add-path" are named. Names made in other ways, or with a
// reference to themselves, need the contents to check, and a signature here.
func (i *Info) selfCertified() bool {
	hash, ok := strings.CutPrefix(i.CA, "fixed:r:")
	if !ok || slices.Contains(i.References, i.Path) {
		return false
	}
	if d, err := parseHash(hash); err != nil || d != i.NarHash {
		return false
	}
	return fixedPath(path.Dir(i.Path), Name(i.Path), i.NarHash, i.References) == i.Path
}

// FixedCA is what is said of a path whose name follows from its archive's hash. It is no
// claim that it does.
func FixedCA(hash digest.Digest) string { return "fixed:r:" + formatHash(hash) }

// fixedPath is the store path of a tree with that archive, as Nix's manual
// has it in "Complete Store Path Calculation".
func fixedPath(store, name string, hash digest.Digest, references []string) string {
	var b bytes.Buffer
	b.WriteString("source")
	for _, ref := range references {
		b.WriteString(":" + ref)
	}
	fmt.Fprintf(&b, ":sha256:%s:%s:%s", hash.Encoded(), store, name)
	sum := sha256.Sum256(b.Bytes())
	const size = hashLen * 5 / 8
	short := make([]byte, size)
	for i, c := range sum {
		short[i%size] ^= c
	}
	return path.Join(store, encodeBase32(short)+"-"+name)
}
