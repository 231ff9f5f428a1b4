// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// aptTakes reports whether apt-get update takes an InRelease file by a keyring, or by the
// keys of one that is trusted which signed-by names.
func aptTakes(t *testing.T, text, keyring []byte, signers ...string) (ok bool, said string) {
	t.Helper()
	dir := t.TempDir()
	signedBy := dir + "/key.gpg"
	if len(signers) > 0 {
		signedBy = strings.Join(signers, ",")
	}
	for file, data := range map[string][]byte{
		"archive/dists/stable/InRelease": text, "archive/dists/stable/main/binary-amd64/Packages": nil, "key.gpg": keyring,
		"sources": []byte("deb [arch=amd64 signed-by=" + signedBy + "] file:" + dir + "/archive stable main\n"), "status": nil,
		"lists/partial/x": nil, "archives/partial/x": nil, "parts/x": nil,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("apt-get", "-o", "Dir::State="+dir, "-o", "Dir::Cache="+dir, "-o", "Dir::Etc::sourcelist="+dir+"/sources", "-o", "Dir::Etc::sourceparts="+dir+"/parts",
		"-o", "Dir::Etc::trusted="+dir+"/key.gpg", "-o", "Dir::Etc::trustedparts="+dir+"/parts",
		"-o", "Dir::State::status="+dir+"/status", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none", "update").CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return err == nil, string(out)
}

// TestSignaturesAsApt holds files with several signatures, and keys that must not sign,
// against apt: what it refuses is refused, and what it takes is taken.
func TestSignaturesAsApt(t *testing.T) {
	good, second, other, short, revoked := newKey(t, "good", 0), newKey(t, "second", 0), newKey(t, "other", 0), newKey(t, "short", 5), newKey(t, "revoked", 0)
	certifies := newKey(t, "certifies", 0)
	for _, id := range certifies.Identities {
		id.SelfSignature.FlagSign = false
		if err := id.SelfSignature.SignUserId(id.UserId.Id, certifies.PrimaryKey, certifies.PrivateKey, &packet.Config{Time: func() time.Time { return day(1) }}); err != nil {
			t.Fatal(err)
		}
	}
	text := "Origin: x\nSuite: stable\nCodename: stable\nDate: Sat, 02 Nov 2024 10:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n" +
		" e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n"
	sign := func(keys ...*openpgp.Entity) []byte { return inRelease(t, text, keys...) }
	bad := func(keys ...*openpgp.Entity) []byte { return inRelease(t, text+"X: y\n", keys...) }
	late := sign(revoked)
	if err := revoked.RevokeKey(packet.KeyCompromised, "", &packet.Config{Time: func() time.Time { return day(3) }}); err != nil {
		t.Fatal(err)
	}
	all := keyring(t, false, good, second, short, certifies, revoked)
	for name, c := range map[string][]byte{
		"one":                             sign(good),
		"two":                             sign(good, second),
		"a stranger's":                    sign(other),
		"a good one and a stranger's":     sign(good, other),
		"a stranger's and a good one":     sign(other, good),
		"a good one and a bad one":        mixed(t, sign(good), bad(second)),
		"a bad one between good ones":     mixed(t, sign(good), bad(second), sign(good)),
		"a good one and a stranger's bad": mixed(t, sign(good), bad(other)),
		"an expired key's":                sign(short),
		"a good one and an expired key's": sign(good, short),
		"an expired key's and a good one": sign(short, good),
		"a key's for certificates":        sign(certifies),
		"a good one and a certificates'":  sign(good, certifies),
		"a revoked key's":                 late,
		"a good one and a revoked key's":  mixed(t, sign(good), late),
		"an expired signature":            expiring(t, text, good),
		"a good one and an expired one":   mixed(t, sign(second), expiring(t, text, good)),
	} {
		apt, said := aptTakes(t, c, all)
		_, err := VerifyInRelease(c, [][]byte{all}, VerifyOptions{Now: time.Now()})
		if (err == nil) != apt {
			t.Errorf("%s: %v, and apt takes it: %v\n%s", name, err, apt, said)
		}
	}
}

// TestCopiesOfAKeyAsApt has a key several times: also as it was before it was renewed, or
// revoked. As with gpgv, the first copy counts.
func TestCopiesOfAKeyAsApt(t *testing.T) {
	key := newKey(t, "key", 0)
	const text = "Origin: x\nSuite: stable\nCodename: stable\nDate: Sat, 02 Nov 2024 10:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n" +
		" e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n"
	signed := inRelease(t, text, key)
	plain := keyring(t, false, key)
	for _, id := range key.Identities {
		lifetime := uint32(5 * 24 * 3600)
		id.SelfSignature.KeyLifetimeSecs = &lifetime
		if err := id.SelfSignature.SignUserId(id.UserId.Id, key.PrimaryKey, key.PrivateKey, &packet.Config{Time: func() time.Time { return day(1) }}); err != nil {
			t.Fatal(err)
		}
		id.SelfSignature.CreationTime = day(1).Add(-time.Hour)
	}
	short := keyring(t, false, key)
	if err := key.RevokeKey(packet.KeyCompromised, "", &packet.Config{Time: func() time.Time { return day(3) }}); err != nil {
		t.Fatal(err)
	}
	revoked := keyring(t, false, key)
	for name, rings := range map[string][][]byte{
		"plain": {plain}, "short": {short}, "plain, short": {plain, short}, "short, plain": {short, plain}, "plain, revoked": {plain, revoked}, "revoked, plain": {revoked, plain},
	} {
		apt, said := aptTakes(t, signed, bytes.Join(rings, nil))
		_, err := VerifyInRelease(signed, rings, VerifyOptions{Now: time.Now()})
		if (err == nil) != apt {
			t.Errorf("%s: %v, and apt takes it: %v\n%s", name, err, apt, said)
		}
	}
}

// TestSignersAsApt has sources name keys and subkeys, also with an exclamation mark behind,
// with which a key doesn't stand for its subkeys.
func TestSignersAsApt(t *testing.T) {
	good, other := newKey(t, "good", 0), newKey(t, "other", 0)
	if err := good.AddSigningSubkey(&packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return day(1) }}); err != nil {
		t.Fatal(err)
	}
	sub := good.Subkeys[len(good.Subkeys)-1]
	ring := keyring(t, false, good, other)
	const text = "Origin: x\nSuite: stable\nCodename: stable\nDate: Sat, 02 Nov 2024 10:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n" +
		" e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n"
	key, subkey := fingerprint(good), fmt.Sprintf("%X", sub.PublicKey.Fingerprint)
	for name, signed := range map[string][]byte{"a key": inRelease(t, text, good), "its subkey": inRelease(t, text, &openpgp.Entity{PrivateKey: sub.PrivateKey})} {
		for _, signers := range [][]string{{key}, {subkey}, {key + "!"}, {subkey + "!"}, {fingerprint(other)}, {fingerprint(other) + "!", key}} {
			apt, said := aptTakes(t, signed, ring, signers...)
			_, err := VerifyInRelease(signed, [][]byte{ring}, VerifyOptions{Now: time.Now(), Signers: signers})
			if (err == nil) != apt {
				t.Errorf("%s signed, and %q may: %v, and apt takes it: %v\n%s", name, signers, err, apt, said)
			}
		}
	}
}

// TestKeybox reads what gpg makes of a keyring that isn't there yet.
func TestKeybox(t *testing.T) {
	good, other := newKey(t, "good", 0), newKey(t, "other", 0)
	dir, err := os.MkdirTemp("", "gpg") // its path is short: it has a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cmd := exec.CommandContext(t.Context(), "gpg", "--batch", "--homedir", dir, "--no-autostart", "--no-default-keyring", "--keyring", dir+"/box.gpg", "--import")
	cmd.Stdin = bytes.NewReader(keyring(t, true, other, good))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	box, err := os.ReadFile(filepath.Join(dir, "box.gpg"))
	if err != nil || !isKeybox(box) {
		t.Fatalf("it isn't a keybox: %v", err)
	}
	const text = "Origin: x\nSuite: stable\nCodename: stable\nDate: Sat, 02 Nov 2024 10:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n" +
		" e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n"
	for name, signed := range map[string][]byte{"its second key's": inRelease(t, text, good), "a stranger's": inRelease(t, text, newKey(t, "stranger", 0))} {
		apt, said := aptTakes(t, signed, box)
		if _, err := VerifyInRelease(signed, [][]byte{box}, VerifyOptions{Now: time.Now()}); (err == nil) != apt {
			t.Errorf("%s: %v, and apt takes it: %v\n%s", name, err, apt, said)
		}
	}
	for n := range box {
		if keys, err := readKeybox(box[:n]); err == nil && len(keys) > 0 && n%4 == 0 && !IsKeyring(keys) {
			t.Errorf("cut to %d of %d bytes it has other keys", n, len(box))
		}
	}
	if !IsKeyring(box) || IsKeyring(box[:len(box)-1]) || IsKeyring([]byte("no keys")) {
		t.Error("what is a keyring isn't one, or what isn't one is")
	}
}

// expiring signs so that the signature lasts for a day.
func expiring(t *testing.T, text string, key *openpgp.Entity) []byte {
	t.Helper()
	first := inRelease(t, text, key)
	block, _ := clearsign.Decode(first)
	sig := &packet.Signature{
		Version: key.PrimaryKey.Version, SigType: packet.SigTypeText, PubKeyAlgo: key.PrimaryKey.PubKeyAlgo, Hash: crypto.SHA256,
		CreationTime: day(2), IssuerKeyId: &key.PrimaryKey.KeyId, SigLifetimeSecs: new(uint32(24 * 3600)),
	}
	h := sig.Hash.New()
	_, _ = h.Write(block.Bytes)
	if err := sig.Sign(h, key.PrivateKey, nil); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.SignatureType, nil)
	if err == nil {
		err = sig.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(first), "-----BEGIN PGP SIGNATURE")
	return append([]byte(head), b.Bytes()...)
}
