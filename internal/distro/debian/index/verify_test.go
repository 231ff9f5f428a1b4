// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

const releaseText = `Origin: Debian
Label: Debian
Suite: stable
Codename: bookworm
Version: 12.1
Date: Sat, 02 Nov 2024 10:00:00 UTC
Valid-Until: Sat,  9 Nov 2024 10:00:00 GMT
Acquire-By-Hash: yes
NotAutomatic: yes
ButAutomaticUpgrades: yes
Architectures: all amd64
Components: main contrib
MD5Sum:
 0123456789abcdef0123456789abcdef 5 main/only-md5
SHA256:
 E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855 0 main/binary-amd64/Packages
`

// day is one on which the keys of the tests were made, their text signed and
// the Release is valid.
func day(n int) time.Time { return time.Date(2024, 11, n, 12, 0, 0, 0, time.UTC) }

// newKey makes a key on the first; it lasts for some days, or for ever.
func newKey(t testing.TB, name string, days int) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", name+"@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return day(1) },
		KeyLifetimeSecs: uint32(days * 24 * 3600),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// keyring writes the public keys.
func keyring(t testing.TB, armored bool, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, k := range keys {
		if err := k.Serialize(&b); err != nil {
			t.Fatal(err)
		}
	}
	if !armored {
		return b.Bytes()
	}
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func inRelease(t testing.TB, text string, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	var private []*packet.PrivateKey
	for _, k := range keys {
		private = append(private, k.PrivateKey)
	}
	config := &packet.Config{DefaultHash: crypto.SHA256, Time: func() time.Time { return day(2) }}
	w, err := clearsign.EncodeMulti(&b, private, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVerifyInRelease(t *testing.T) {
	a, b := newKey(t, "a", 0), newKey(t, "b", 0)
	got, err := VerifyInRelease(inRelease(t, releaseText, a, b), [][]byte{nil, keyring(t, true, b)}, VerifyOptions{Now: day(3)})
	if err != nil {
		t.Fatal(err)
	}
	want := &Release{
		Origin: "Debian", Label: "Debian", Suite: "stable", Codename: "bookworm", Version: "12.1",
		Date:          time.Date(2024, 11, 2, 10, 0, 0, 0, time.UTC),
		ValidUntil:    time.Date(2024, 11, 9, 10, 0, 0, 0, time.UTC),
		AcquireByHash: true, NotAutomatic: true, ButAutomaticUpgrades: true,
		AllApart: true, Architectures: []string{"all", "amd64"}, Components: []string{"main", "contrib"},
		Files: map[string]File{"main/binary-amd64/Packages": {
			SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		}},
		Signers: []string{fingerprint(b)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Priority() != 100 {
		t.Error(got.Priority())
	}
	if p := got.ByHash("main/binary-amd64/Packages"); p != "main/binary-amd64/by-hash/SHA256/"+want.Files["main/binary-amd64/Packages"].SHA256 {
		t.Error(p)
	}
}

func TestVerifyErrors(t *testing.T) {
	good, other, short := newKey(t, "good", 0), newKey(t, "other", 0), newKey(t, "short", 5)
	certifies := newKey(t, "certifies", 0)
	for _, id := range certifies.Identities {
		id.SelfSignature.FlagSign = false
		if err := id.SelfSignature.SignUserId(id.UserId.Id, certifies.PrimaryKey, certifies.PrivateKey, &packet.Config{Time: func() time.Time { return day(1) }}); err != nil {
			t.Fatal(err)
		}
	}
	signed := inRelease(t, releaseText, good)
	future := inRelease(t, strings.Replace(releaseText, "Date: Sat, 02 Nov 2024", "Date: Mon, 02 Nov 2099", 1), good)
	if _, err := VerifyInRelease(future, [][]byte{keyring(t, false, good)}, VerifyOptions{Now: day(3), IgnoreDate: true}); err != nil {
		t.Error(err)
	}
	change := func(old, text string) []byte { return bytes.Replace(signed, []byte(old), []byte(text), 1) }
	for _, c := range []struct {
		name string
		text []byte
		ring []byte
		opts VerifyOptions
		as   any
	}{
		{"nothing signed", []byte(releaseText), nil, VerifyOptions{}, new(*UnsignedError)},
		{"text before", append([]byte("Suite: evil\n"), signed...), nil, VerifyOptions{}, new(*UnsignedError)},
		{"text after", append(bytes.Clone(signed), "\nSuite: evil\n"...), nil, VerifyOptions{}, new(*UnsignedError)},
		{"no signature", append(bytes.Clone(signed[:bytes.Index(signed, []byte("-----BEGIN PGP SIGNATURE"))]), "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"...), nil, VerifyOptions{}, new(*UnsignedError)},
		{"nothing before the signature", append([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"), signed[bytes.Index(signed, []byte("-----BEGIN PGP SIGNATURE")):]...), nil, VerifyOptions{}, new(*UnsignedError)},
		{"nothing before the signature, and no headers", append([]byte("-----BEGIN PGP SIGNED MESSAGE-----\r\n \r\n"), signed[bytes.Index(signed, []byte("-----BEGIN PGP SIGNATURE")):]...), nil, VerifyOptions{Trusted: true}, new(*UnsignedError)},
		{"an altered text", change("Suite: stable", "Suite: stabel"), nil, VerifyOptions{}, new(*BadSignatureError)},
		{"no trusted key", signed, keyring(t, false, other), VerifyOptions{}, new(*UntrustedError)},
		{"an empty keyring", signed, []byte{}, VerifyOptions{}, new(*UntrustedError)},
		{"a key not allowed", signed, keyring(t, false, good, other), VerifyOptions{Signers: []string{fingerprint(other)}}, new(*UntrustedError)},
		{"an expired key", inRelease(t, releaseText, short), keyring(t, false, short), VerifyOptions{Now: day(8)}, new(*ExpiredKeyError)},
		{"expired", signed, nil, VerifyOptions{Now: day(10)}, new(*ExpiredReleaseError)},
		{"of the future", future, nil, VerifyOptions{Now: day(3)}, new(*FutureReleaseError)},
		{"a key for certificates only", inRelease(t, releaseText, certifies), keyring(t, false, certifies), VerifyOptions{}, new(*BadSignatureError)},
		{"older", signed, nil, VerifyOptions{NotBefore: day(3)}, new(*OlderReleaseError)},
		{"a bad one beside a good one", mixed(t, signed, inRelease(t, releaseText+"X: y\n", other)), keyring(t, false, good, other), VerifyOptions{}, new(*BadSignatureError)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ring == nil {
				c.ring = keyring(t, false, good)
			}
			_, err := VerifyInRelease(c.text, [][]byte{c.ring}, c.opts)
			if err == nil || !errors.As(err, c.as) {
				t.Errorf("error of type %T: %v", err, err)
			}
		})
	}
	for _, opts := range []VerifyOptions{{}, {Now: day(10), IgnoreValidUntil: true}, {Now: day(4), NotBefore: day(2).Add(-2 * time.Hour)}, {Signers: []string{fingerprint(good)}}} {
		if _, err := VerifyInRelease(signed, [][]byte{keyring(t, false, good)}, opts); err != nil {
			t.Errorf("%+v: %v", opts, err)
		}
	}
	if _, err := VerifyInRelease(inRelease(t, releaseText, short), [][]byte{keyring(t, false, short)}, VerifyOptions{}); err != nil {
		t.Error("without a time, the day of the signature counts:", err)
	}
}

// mixed puts the signatures of other files behind that of the first.
func mixed(t *testing.T, first []byte, others ...[]byte) []byte {
	t.Helper()
	var blocks []*clearsign.Block
	for _, text := range append([][]byte{first}, others...) {
		block, _ := clearsign.Decode(text)
		blocks = append(blocks, block)
	}
	var both bytes.Buffer
	w, err := armor.Encode(&both, openpgp.SignatureType, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks {
		p, err := packet.Read(block.ArmoredSignature.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.(*packet.Signature).Serialize(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := first[:bytes.Index(first, []byte("-----BEGIN PGP SIGNATURE"))]
	return append(bytes.Clone(text), both.Bytes()...)
}

func TestVerifyRelease(t *testing.T) {
	key := newKey(t, "a", 0)
	config := &packet.Config{DefaultHash: crypto.SHA512, Time: func() time.Time { return day(2) }}
	var binary, text bytes.Buffer
	if err := openpgp.DetachSign(&binary, key, strings.NewReader(releaseText), config); err != nil {
		t.Fatal(err)
	}
	if err := openpgp.ArmoredDetachSign(&text, key, strings.NewReader(releaseText), config); err != nil {
		t.Fatal(err)
	}
	rings := [][]byte{keyring(t, true, key)}
	for _, signature := range [][]byte{binary.Bytes(), text.Bytes()} {
		r, err := VerifyRelease([]byte(releaseText), signature, rings, VerifyOptions{})
		if err != nil || r.Suite != "stable" {
			t.Error(r, err)
		}
		var bad *BadSignatureError
		if _, err := VerifyRelease([]byte(releaseText+"X: y\n"), signature, rings, VerifyOptions{}); !errors.As(err, &bad) {
			t.Error(err)
		}
	}
	var unsigned *UnsignedError
	if _, err := VerifyRelease([]byte(releaseText), nil, rings, VerifyOptions{}); !errors.As(err, &unsigned) {
		t.Error(err)
	}
}

// TestVerifyWeak has a signature that says it is one over a SHA1.
// TestVerifyByAnyKeyOfAText takes all keys of a file with several, and with text before
// them, as apt does.
func TestVerifyByAnyKeyOfAText(t *testing.T) {
	first, second := newKey(t, "a", 0), newKey(t, "b", 0)
	ring := slices.Concat([]byte("The keys of the archive:\n\n"), keyring(t, true, first), []byte("\nand another one:\n"), keyring(t, true, second), []byte("\nend\n"))
	for _, key := range []*openpgp.Entity{first, second} {
		if _, err := VerifyInRelease(inRelease(t, releaseText, key), [][]byte{ring}, VerifyOptions{}); err != nil {
			t.Error(err)
		}
	}
	if _, err := VerifyInRelease(inRelease(t, releaseText, newKey(t, "c", 0)), [][]byte{ring}, VerifyOptions{}); err == nil {
		t.Error("any key is taken")
	}
	cut := ring[:len(ring)-200]
	if _, err := VerifyInRelease(inRelease(t, releaseText, first), [][]byte{cut}, VerifyOptions{}); err == nil {
		t.Error("a key that is cut is taken")
	}
}

func TestVerifyWeak(t *testing.T) {
	key := newKey(t, "a", 0)
	var wire bytes.Buffer
	config := &packet.Config{DefaultHash: crypto.SHA256, Time: func() time.Time { return day(2) }}
	if err := openpgp.DetachSign(&wire, key, strings.NewReader(releaseText), config); err != nil {
		t.Fatal(err)
	}
	const hash, sha256, sha1 = 5, 8, 2 // RFC 9580: a header of two bytes, then version, type, algorithm, hash
	if wire.Bytes()[hash] != sha256 {
		t.Fatalf("the signature is %x", wire.Bytes())
	}
	wire.Bytes()[hash] = sha1
	_, err := VerifyRelease([]byte(releaseText), wire.Bytes(), [][]byte{keyring(t, false, key)}, VerifyOptions{})
	if err == nil || !strings.Contains(err.Error(), "weaker than SHA256") {
		t.Error(err)
	}
}

func TestReadReleaseErrors(t *testing.T) {
	for _, c := range []struct{ old, text, want string }{
		{"SHA256:", "SHA1:", "Release:1: there is no field SHA256 or SHA512, and weaker hashes do not count"},
		{"E3B0", "XXXX", `Release:16: "XXXXC44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852" is not a SHA256`},
		{" 0 main/", " -1 main/", `Release:16: "-1" is not a size`},
		{" 0 main/", " main/", "Release:16: expected a hash, a size and a path"},
		{" main/b", " ../b", `Release:16: the path "../binary-amd64/Packages" leads out of the suite`},
		{" main/b", " /b", `Release:16: the path "/binary-amd64/Packages" leads out of the suite`},
	} {
		_, err := ReadRelease([]byte(strings.Replace(releaseText, c.old, c.text, 1)))
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// apt warns of a date that it can't read as of none, and refuses an end that it can't read.
func TestDatesThatCantBeRead(t *testing.T) {
	for _, date := range []string{"Sat, 02 Nov", "2024-11-02", "Sat, 02 Nov 2024 10:00:00 +0200"} {
		r, err := ReadRelease([]byte(strings.Replace(releaseText, "Sat, 02 Nov 2024 10:00:00 UTC", date, 1)))
		if err != nil || !r.Date.IsZero() {
			t.Errorf("%s: %+v, %v", date, r, err)
		}
		if _, err := ReadRelease([]byte(strings.Replace(releaseText, "Sat,  9 Nov 2024 10:00:00 GMT", date, 1))); err == nil || !strings.Contains(err.Error(), "Release:7: Valid-Until: ") {
			t.Errorf("until %s: %v", date, err)
		}
	}
	if _, err := ReadRelease(nil); err == nil || err.Error() != "read the Release file: it is empty" {
		t.Error(err)
	}
}

func TestSuites(t *testing.T) {
	r := &Release{Suite: "stable-security", Codename: "bookworm-security"}
	for suite, want := range map[string]bool{
		"stable-security": true, "bookworm-security": true, "bookworm-security/updates": true, "./": true, "bookworm": false, "stable": false, "bookworm/updates": false,
	} {
		if r.IsOf(suite) != want {
			t.Errorf("%s: %v", suite, !want)
		}
	}
}
