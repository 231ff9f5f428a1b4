// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // it is apk's format
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/tree"
)

// An apkSigner signs indexes and packages of apk.
type apkSigner struct{ key *rsa.PrivateKey }

// once makes a key when it is asked for the first time.
func (s *apkSigner) once(t *testing.T) *rsa.PrivateKey {
	if s.key == nil {
		var err error
		s.key, err = rsa.GenerateKey(rand.Reader, 2048)
		must(t, err)
	}
	return s.key
}

// signature is the segment that stands in front of what is signed.
func (s *apkSigner) signature(t *testing.T, name string, signed []byte) []byte {
	sum := sha1.Sum(signed) //nolint:gosec // it is apk's format
	value, err := rsa.SignPKCS1v15(nil, s.once(t), crypto.SHA1, sum[:])
	must(t, err)
	e := named(name)
	e.text = string(value)
	return segment(t, e)
}

// public is a key as apk keeps it.
func public(t *testing.T, key any) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// An apkRepository is one whose parts are as they should be until an input changes them.
type apkRepository struct {
	signer, other *apkSigner
	// list is the text of the index, file the package's, and key what the build file
	// names as the key.
	list      string
	file      []byte
	key       string
	index     []byte
	signature string
}

const apkURL = "http://archive.example.org/alpine"

const signedBy = ".SIGN.RSA.archive@example.org.rsa.pub"

func apkLine(file []byte, checksum, name, version string, more ...string) string {
	return fmt.Sprintf("C:%s\nP:%s\nV:%s\nA:noarch\nS:%d\nI:1\nT:x\nU:x\nL:MIT\n%s\n", checksum, name, version, len(file), strings.Join(append(more, ""), "\n"))
}

// packed is the index, signed.
func (r *apkRepository) packed(t *testing.T) []byte {
	if r.index != nil {
		return r.index
	}
	text := named("APKINDEX")
	text.text = r.list
	body := gzipped(t, tarball(t, text))
	return append(r.signer.signature(t, r.signature, body), body...)
}

func (r *apkRepository) resolve(t *testing.T) error {
	t.Helper()
	at := server{apkURL + "/x86_64/APKINDEX.tar.gz": r.packed(t), apkURL + "/x86_64/evil-1-r0.apk": r.file}
	solution, err := alpine.System{}.Resolve(t.Context(), distro.Request{
		Platform: "linux/amd64", Layers: [][]string{{"evil"}}, Base: files{}, Fetch: at, Now: day(3),
		Sources: []*distro.Source{{URIs: []string{apkURL}, Keys: "archive@example.org.rsa.pub"}},
		Context: func(context.Context, string) (tree.Tree, error) {
			return files{"/archive@example.org.rsa.pub": r.key}, nil
		},
	})
	if err != nil {
		return err
	}
	for _, p := range solution.Packages {
		if got := (alpine.System{}).Facts().Address(apkURL, p.Path); !within(got, apkURL) {
			t.Errorf("%s would be fetched from %s", p.Name, got)
		}
	}
	return nil
}

// apkRepositories are repositories whose index, or whose package, is odd.
func apkRepositories() []input {
	signer, other := &apkSigner{}, &apkSigner{}
	of := func(tries, refused, taken string, change func(t *testing.T, r *apkRepository)) input {
		return input{tries, refused, taken, func(t *testing.T, _ *box) error {
			a := apk{}
			file := a.bytes(t)
			// The control segment is what stands before the files.
			end := len(file) - len(gzipped(t, tarball(t, named("usr/x"))))
			r := &apkRepository{signer: signer, other: other, file: file, signature: signedBy}
			r.list = apkLine(file, control.Q1(file[:end]), "evil", "1-r0")
			r.key = public(t, &signer.once(t).PublicKey)
			change(t, r)
			return r.resolve(t)
		}}
	}
	list := func(tries, refused, taken string, text func(line string) string) input {
		return of(tries, refused, taken, func(_ *testing.T, r *apkRepository) { r.list = text(r.list) })
	}
	replaced := func(tries, refused, taken, old, new string) input {
		return list(tries, refused, taken, func(line string) string { return strings.Replace(line, old, new, 1) })
	}
	body := func(t *testing.T, r *apkRepository) []byte {
		text := named("APKINDEX")
		text.text = r.list
		return gzipped(t, tarball(t, text))
	}
	return []input{
		of("nothing odd", "", "it is the repository that the others are made of", func(*testing.T, *apkRepository) {}),
		of("no signature", "check the signature", "", func(t *testing.T, r *apkRepository) { r.index = body(t, r) }),
		of("a stranger's signature under the key's name", "is not of this content", "", func(t *testing.T, r *apkRepository) {
			b := body(t, r)
			r.index = append(r.other.signature(t, signedBy, b), b...)
		}),
		of("a signature by a key with another name", "none by a known key", "", func(_ *testing.T, r *apkRepository) { r.signature = ".SIGN.RSA.other.rsa.pub" }),
		of("a signature of an unknown kind", "none of a kind known here", "", func(_ *testing.T, r *apkRepository) { r.signature = ".SIGN.DSA.archive@example.org.rsa.pub" }),
		of("a signature by a key called ../../x", "none by a known key", "", func(_ *testing.T, r *apkRepository) { r.signature = ".SIGN.RSA.../../x" }),
		of("a signed index, and an unsigned one in front", "check the signature", "", func(t *testing.T, r *apkRepository) { r.index = append(body(t, r), r.packed(t)...) }),
		of("a signed index, and an unsigned one behind it", "is not of this content", "", func(t *testing.T, r *apkRepository) { r.index = append(r.packed(t), body(t, r)...) }),
		of("a key of 1,024 bits", "want 2048 or more", "", func(_ *testing.T, r *apkRepository) {
			r.key = weakKey
		}),
		of("a key that isn't RSA", "want RSA", "", func(t *testing.T, r *apkRepository) {
			key, _, err := ed25519.GenerateKey(rand.Reader)
			must(t, err)
			r.key = public(t, key)
		}),
		of("an index of 20 MB of zeros", "larger than allowed", "", func(t *testing.T, r *apkRepository) {
			b := gzipped(t, make([]byte, 20<<20))
			r.index = append(r.signer.signature(t, signedBy, b), b...)
		}),
		of("an index that ends early", "unexpected EOF", "", func(t *testing.T, r *apkRepository) {
			b := body(t, r)
			b = b[:len(b)-9]
			r.index = append(r.signer.signature(t, signedBy, b), b...)
		}),
		of("two lists in one index", "APKINDEX is there twice", "", func(t *testing.T, r *apkRepository) {
			text := named("APKINDEX")
			text.text = r.list
			b := gzipped(t, tarball(t, text, text))
			r.index = append(r.signer.signature(t, signedBy, b), b...)
		}),
		replaced("a name ../x", "is not the name of a package", "", "P:evil", "P:../x"),
		replaced("a version ../x", "is not a version", "", "V:1-r0", "V:1/../x"),
		replaced("a terminal's commands for a name", "is not the name of a package", "", "P:evil", "P:evil\x1b[2J"),
		replaced("a checksum that is none", "read the checksum", "", "C:Q1", "C:Q2"),
		replaced("a package of -1 bytes", "is not a size", "", "S:", "S:-"),
		replaced("a package of 8 EiB", "its index says 9223372036854775807 bytes", "", "S:", "S:9223372036854775807\nS:9223372036854775807\nq:"),
		replaced("a package of another size", "the wrong size", "", "S:", "S:9"),
		replaced("a need that no one can read", "needs a newer apk", "", "I:1", "I:1\nD:a<<<1"),
		replaced("a field that only a newer apk knows", "evil", "", "I:1", "I:1\nX:y"),
		list("a line that is no field", "is not a field", "", func(line string) string { return line + "no field\n" }),
		of("another package than the index lists", "checksum differs", "", func(t *testing.T, r *apkRepository) {
			other := apk{info: strings.Replace(evilInfo, "size = 1", "size = 2", 1)}
			r.file = other.bytes(t)
			r.list = strings.Replace(r.list, r.list[strings.Index(r.list, "S:"):strings.Index(r.list, "I:")], fmt.Sprintf("S:%d\n", len(r.file)), 1)
		}),
		of("a package that isn't there", "not found", "", func(_ *testing.T, r *apkRepository) { r.list = strings.Replace(r.list, "1-r0", "2-r0", 1) }),
	}
}

// weakKey is a public key of 1,024 bits; nothing was ever signed with it.
const weakKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDLOA2F7RxAd1ZFS6a0EIMoQwnc
TVLnqLUr29xZdGLI1ushkm6F/TOGl0DWLitevqNVicYL1rBKLieLZck7FdG4NrIP
I8yWww+Zq9MpyRRYm/sSZp+/6cOPAw0agkDt02VpXONImRrti4Ssv3EQeClerpru
0uF8qwlNuz1Dw8jYeQIDAQAB
-----END PUBLIC KEY-----
`
