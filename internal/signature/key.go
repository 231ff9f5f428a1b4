// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"aead.dev/minisign"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// minRSA is how long a key of RSA must be, in bits.
const minRSA = 2048

// Key is a public key, or a keyring of OpenPGP.
type Key struct {
	Kind Kind
	// ring are keys of OpenPGP, and packets are they without armor.
	ring     openpgp.EntityList
	packets  []byte
	minisign minisign.PublicKey
	public   crypto.PublicKey
}

// ParseKey reads a key. A secret one is refused: it has no business in a build.
func ParseKey(data []byte) (*Key, error) {
	text := strings.TrimSpace(string(data))
	isSSH := func(kind string) bool { return strings.HasPrefix(text, kind) }
	switch {
	case len(data) > MaxSize:
		return nil, fmt.Errorf("it has more than %d bytes", MaxSize)
	case text == "":
		return nil, errors.New("it is empty")
	case strings.Contains(text, "PRIVATE KEY-----"), strings.Contains(text, "PRIVATE KEY BLOCK-----"), strings.Contains(text, "encrypted secret key"), strings.Contains(text, "-----BEGIN AGE ENCRYPTED"):
		return nil, errors.New("it is a secret key; signatures are checked with the public one")
	case len(armors(data)) > 0, data[0]&0x80 != 0:
		return pgpKey(data)
	case strings.HasPrefix(text, "-----BEGIN "):
		return pemKey([]byte(text))
	case slices.ContainsFunc([]string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"}, isSSH):
		return sshKey(text)
	}
	key := &Key{Kind: Minisign}
	if err := key.minisign.UnmarshalText([]byte(text)); err != nil {
		return nil, errors.New("it is no key of OpenPGP, of minisign, of SSH or in PEM")
	}
	return key, nil
}

// pgpKey reads keys of OpenPGP, armored or not.
func pgpKey(data []byte) (*Key, error) {
	if len(armors(data)) > 0 {
		var all []byte
		err := armored(data, func(block string, body []byte) error {
			if block != openpgp.PublicKeyType {
				return fmt.Errorf("it has a %s", strings.ToLower(block))
			}
			all = append(all, body...)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read a key of OpenPGP: %w", err)
		}
		data = all
	}
	ring, err := openpgp.ReadKeyRing(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read a key of OpenPGP: %w", err)
	}
	for _, e := range ring {
		if e.PrivateKey != nil {
			return nil, errors.New("it is a secret key; signatures are checked with the public one")
		}
	}
	return &Key{Kind: PGP, ring: merged(ring), packets: data}, nil
}

func isArmored(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN PGP"))
}

// armors are the blocks of armor of a text, each with what follows it up to the next one.
// Other text may stand before, between and after them, as in the lists of keys that
// projects publish; in it, a block begins nowhere but with a line.
func armors(data []byte) [][]byte {
	const begin = "-----BEGIN PGP "
	var blocks [][]byte
	for line := range bytes.Lines(data) {
		if line := bytes.TrimLeft(line, " \t\ufeff"); bytes.HasPrefix(line, []byte(begin)) {
			blocks = append(blocks, nil)
		}
		if last := len(blocks) - 1; last >= 0 {
			blocks[last] = append(blocks[last], line...)
		}
	}
	return blocks
}

// armored reads blocks of armor, one after the other.
func armored(data []byte, read func(block string, body []byte) error) error {
	for _, text := range armors(data) {
		block, err := armor.Decode(bytes.NewReader(text))
		if err != nil {
			return fmt.Errorf("its armor is broken: %w", err)
		}
		body, err := io.ReadAll(block.Body)
		if err != nil {
			return fmt.Errorf("its armor is broken: %w", err)
		}
		if err := read(block.Type, body); err != nil {
			return err
		}
	}
	return nil
}

func pemKey(text []byte) (*Key, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("it is not PEM as a whole")
	case block.Type != "PUBLIC KEY":
		return nil, fmt.Errorf("it is a %s, and not a PUBLIC KEY", block.Type)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("it has more than one key")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read a key in PEM: %w", err)
	}
	switch p := public.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey:
	case *rsa.PublicKey:
		if p.N.BitLen() < minRSA {
			return nil, fmt.Errorf("it is a key of RSA with %d bits; want at least %d", p.N.BitLen(), minRSA)
		}
	default:
		return nil, errors.New("it is no key of ECDSA, RSA or Ed25519")
	}
	return &Key{Kind: Public, public: public}, nil
}

// sshKey reads a line as ssh-keygen writes it: the key's type, the key in base64, which has
// the type in it (RFC 4253, section 6.6), and a comment.
func sshKey(text string) (*Key, error) {
	line, rest, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(rest) != "" {
		return nil, errors.New("it has more than one key of SSH")
	}
	kind, key, _ := strings.Cut(line, " ")
	key, _, _ = strings.Cut(strings.TrimSpace(key), " ")
	blob, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("read a key of SSH: %w", err)
	}
	if size := len(kind); len(blob) <= 4+size || int(binary.BigEndian.Uint32(blob)) != size || string(blob[4:4+size]) != kind {
		return nil, fmt.Errorf("read a key of SSH: it is no %s", kind)
	}
	return &Key{Kind: SSH}, nil
}

// ForGit is the key as BuildKit takes it for commits and tags: armored as one block, or a
// line of SSH.
func ForGit(data []byte) ([]byte, error) {
	key, err := ParseKey(data)
	switch {
	case err != nil:
		return nil, err
	case key.Kind == SSH:
		return data, nil
	case key.Kind != PGP:
		return nil, fmt.Errorf("it is a key of %s; commits and tags are signed with keys of OpenPGP or SSH", key.Kind)
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err == nil {
		_, err = w.Write(key.packets)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("armor a key: %w", err)
	}
	return out.Bytes(), nil
}
