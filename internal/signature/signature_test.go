// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/signature"
)

// signer signs files with a program that people sign with.
type signer struct {
	dir string
	env []string
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{dir: t.TempDir()}
	home := filepath.Join(s.dir, "gpg")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "GNUPGHOME="+home)
	t.Cleanup(func() {
		cmd := exec.Command("gpgconf", "--kill", "all")
		cmd.Env = s.env
		_ = cmd.Run() // an agent that has ended already is well
	})
	return s
}

// run runs a program, and returns what it prints.
func (s *signer) run(t *testing.T, stdin, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, s.env, strings.NewReader(stdin)
	var fault bytes.Buffer
	cmd.Stderr = &fault
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, fault.String())
	}
	return out
}

func (s *signer) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *signer) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// gpgKey makes a key, and returns it as gpg exports it.
func (s *signer) gpgKey(t *testing.T, name string, more ...string) []byte {
	t.Helper()
	s.run(t, "", "gpg", append(append([]string{"--batch", "--passphrase", ""}, more...), "--quick-gen-key", name, "ed25519", "sign", "0")...)
	return s.run(t, "", "gpg", "--armor", "--export", name)
}

func (s *signer) gpg(t *testing.T, name, text string, more ...string) []byte {
	t.Helper()
	return s.run(t, text, "gpg", append([]string{"--batch", "--passphrase", "", "-u", name, "--detach-sign", "-o", "-"}, more...)...)
}

const text = "what is signed\n"

// check is what a key says of a file.
func check(t *testing.T, key, file, sig []byte, o signature.Options) error {
	t.Helper()
	k, err := signature.ParseKey(key)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	return k.Verify(bytes.NewReader(file), sig, o)
}

// TestGPG takes what gpg signs, and refuses what isn't that.
func TestGPG(t *testing.T) {
	s := newSigner(t)
	alice, bob := s.gpgKey(t, "alice@example.org"), s.gpgKey(t, "bob@example.org")
	good, other := s.gpg(t, "alice", text, "--armor"), s.gpg(t, "alice", "else", "--armor")
	binary, bobs := s.gpg(t, "alice", text), s.gpg(t, "bob", text)
	late := s.gpg(t, "alice", text, "--faked-system-time", "20300101T000000!")
	expiring := s.gpg(t, "alice", text, "--default-sig-expire", "1d")
	s.run(t, "", "gpg", "--batch", "--passphrase", "", "--faked-system-time", "20200101T000000!", "--quick-gen-key", "old@example.org", "ed25519", "sign", "1y")
	old, olds := s.run(t, "", "gpg", "--armor", "--export", "old"), s.gpg(t, "old", text, "--faked-system-time", "20200301T000000!")
	gone := s.gpgKey(t, "gone@example.org")
	gones := s.gpg(t, "gone", text)
	name := strings.Split(string(s.run(t, "", "gpg", "--with-colons", "--fingerprint", "gone")), "fpr:::::::::")[1][:40]
	revocation := strings.Replace(string(s.read(t, "gpg/openpgp-revocs.d/"+name+".rev")), ":-----BEGIN", "-----BEGIN", 1)
	s.run(t, revocation, "gpg", "--batch", "--import")
	revoked := s.run(t, "", "gpg", "--armor", "--export", "gone")
	now := time.Now()
	for name, c := range map[string]struct {
		key, file, sig []byte
		now            time.Time
		want           string
	}{
		"armored":                     {alice, []byte(text), good, now, ""},
		"binary":                      {alice, []byte(text), binary, now, ""},
		"two keys in a file":          {append(bytes.Clone(bob), alice...), []byte(text), good, now, ""},
		"a binary keyring":            {s.run(t, "", "gpg", "--export", "alice", "bob"), []byte(text), bobs, now, ""},
		"of a text":                   {alice, []byte(text), s.gpg(t, "alice", text, "--textmode"), now, ""},
		"two signatures, one foreign": {alice, []byte(text), append(bytes.Clone(bobs), binary...), now, ""},
		"two armored ones":            {alice, []byte(text), append(bytes.Clone(good), good...), now, ""},

		"other bytes":                 {alice, []byte("x"), good, now, "not one of this file"},
		"more bytes":                  {alice, []byte(text + "x"), good, now, "not one of this file"},
		"a foreign key":               {bob, []byte(text), good, now, "it is signed by"},
		"two signatures, one bad":     {alice, []byte(text), append(bytes.Clone(good), other...), now, "not one of this file"},
		"one bad, and a good foreign": {append(bytes.Clone(bob), alice...), []byte(text), append(bytes.Clone(other), s.gpg(t, "bob", text, "--armor")...), now, "not one of this file"},
		"truncated armor":             {alice, []byte(text), good[:len(good)/2], now, "read the signature"},
		"truncated packet":            {alice, []byte(text), binary[:len(binary)-5], now, "read the signature"},
		"a weak hash":                 {alice, []byte(text), s.gpg(t, "alice", text, "--digest-algo", "SHA1", "--allow-weak-digest-algos"), now, "weaker than SHA-256"},
		"of the future":               {alice, []byte(text), late, now, "of the future"},
		"expired":                     {alice, []byte(text), expiring, now.Add(48 * time.Hour), "expired"},
		"expired since":               {alice, []byte(text), expiring, time.Time{}, ""},
		"an expired key":              {old, []byte(text), olds, now, "the key had expired"},
		"a key expired since":         {old, []byte(text), olds, time.Time{}, ""},
		"a key not revoked yet":       {gone, []byte(text), gones, now, ""},
		"a revoked key":               {revoked, []byte(text), gones, now, "revoked"},
		"a secret key":                {s.run(t, "", "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--armor", "--export-secret-keys", "alice"), []byte(text), good, now, "secret key"},
		"a bare secret key":           {s.run(t, "", "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--export-secret-keys", "alice"), []byte(text), good, now, "secret key"},
		"a clear-signed text":         {alice, []byte(text), s.run(t, text, "gpg", "--batch", "-u", "alice", "--clear-sign"), now, "a signed text"},
		"a key for a signature":       {alice, []byte(text), alice, now, "no signature"},
		"a signature for a key":       {good, []byte(text), good, now, "signature"},
		"nothing":                     {alice, []byte(text), nil, now, "it is empty"},
		"a page":                      {alice, []byte(text), []byte("<!doctype html>"), now, "a page"},
		"words":                       {alice, []byte(text), []byte("hello"), now, "no signature"},
		"a key of words":              {[]byte("hello"), []byte(text), good, now, "no key"},
		"too many":                    {alice, []byte(text), bytes.Repeat(binary, 17), now, "more than 16"},
		"too long":                    {alice, []byte(text), bytes.Repeat([]byte{'\x88'}, signature.MaxSize+1), now, "more than"},
		"a signed message":            {alice, []byte(text), s.run(t, text, "gpg", "--batch", "-u", "alice", "--sign", "-o", "-"), now, "something else than signatures"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, check(t, c.key, c.file, c.sig, signature.Options{Now: c.now}), c.want) })
	}
}

// TestListOfKeys takes what projects publish as KEYS: keys with text before, between and
// after them, and keys that were added once more when they changed.
func TestListOfKeys(t *testing.T) {
	s := newSigner(t)
	alice, bob := string(s.gpgKey(t, "alice@example.org")), string(s.gpgKey(t, "bob@example.org"))
	s.run(t, "", "gpg", "--batch", "--passphrase", "", "--faked-system-time", "20200101T000000!", "--quick-gen-key", "old@example.org", "ed25519", "sign", "1y")
	old := string(s.run(t, "", "gpg", "--armor", "--export", "old"))
	name := strings.Split(string(s.run(t, "", "gpg", "--with-colons", "--fingerprint", "old")), "fpr:::::::::")[1][:40]
	s.run(t, "", "gpg", "--batch", "--passphrase", "", "--quick-set-expire", name, "0")
	renewed := string(s.run(t, "", "gpg", "--armor", "--export", "old"))
	olds := s.gpg(t, "old", text)
	revocation := strings.Replace(string(s.read(t, "gpg/openpgp-revocs.d/"+name+".rev")), ":-----BEGIN", "-----BEGIN", 1)
	s.run(t, revocation, "gpg", "--batch", "--import")
	revoked := string(s.run(t, "", "gpg", "--armor", "--export", "old"))
	const head = "This file has the PGP keys of various developers, and no PRIVATE KEY.\n\n    gpg --export -a <name> >> KEYS\n\n"
	const entry = "pub   ed25519 2026-01-01 [SC]\nuid   A Name <a@example.org>\nsig 3 0123456789ABCDEF\n\n"
	for name, c := range map[string]struct {
		keys string
		sig  []byte
		want string
	}{
		"text around":           {head + entry + alice + "\n" + entry + bob + "\nThe end.\n", s.gpg(t, "bob", text), ""},
		"a byte order mark":     {"\ufeff" + head + alice, s.gpg(t, "alice", text), ""},
		"lines of Windows":      {strings.ReplaceAll(head+alice, "\n", "\r\n"), s.gpg(t, "alice", text), ""},
		"expired and renewed":   {head + old + entry + renewed, olds, ""},
		"renewed and expired":   {head + renewed + entry + old, olds, ""},
		"expired":               {head + old, olds, "the key had expired"},
		"renewed and revoked":   {head + renewed + entry + revoked, olds, "revoked"},
		"revoked and renewed":   {head + revoked + entry + renewed, olds, "revoked"},
		"one that is cut":       {head + alice + entry + bob[:len(bob)/2], s.gpg(t, "alice", text), "its armor is broken"},
		"a signature with them": {head + alice + entry + string(s.gpg(t, "alice", text, "--armor")), s.gpg(t, "alice", text), "it has a pgp signature"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, check(t, []byte(c.keys), []byte(text), c.sig, signature.Options{Now: time.Now()}), c.want)
			if _, err := signature.ForGit([]byte(c.keys)); (err == nil) == strings.HasPrefix(c.want, "it") {
				t.Errorf("for git: %v", err)
			}
		})
	}
}

// expect holds an error to what it must say; nothing stands for none.
func expect(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("a good signature is refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestMinisign takes what minisign signs, of the file and of its hash.
func TestMinisign(t *testing.T) {
	s := newSigner(t)
	sign := func(key, file string, more ...string) []byte {
		s.write(t, "file", file)
		s.run(t, "\n", "minisign", append([]string{"-S", "-s", key, "-m", "file"}, more...)...)
		return s.read(t, "file.minisig")
	}
	for _, name := range []string{"alice", "bob"} {
		s.run(t, "", "minisign", "-G", "-W", "-p", name+".pub", "-s", name+".key")
	}
	alice, bob := s.read(t, "alice.pub"), s.read(t, "bob.pub")
	bare := []byte(strings.Split(string(alice), "\n")[1])
	good := sign("alice.key", text)
	comment := bytes.Replace(good, []byte("timestamp:"), []byte("timestamp:1"), 1)
	for name, c := range map[string]struct {
		key, file, sig []byte
		want           string
	}{
		"of the hash":       {alice, []byte(text), good, ""},
		"a bare key":        {bare, []byte(text), good, ""},
		"of the file":       {alice, []byte(text), sign("alice.key", text, "-l"), ""},
		"other bytes":       {alice, []byte("x"), good, "not one of this file"},
		"other whole bytes": {alice, []byte("x"), sign("alice.key", text, "-l"), "not one of this file"},
		"a foreign key":     {bob, []byte(text), good, "it is signed by the key"},
		"another comment":   {alice, []byte(text), comment, "not one of this file"},
		"truncated":         {alice, []byte(text), good[:len(good)/2], "read the signature"},
		"a secret key":      {s.read(t, "alice.key"), []byte(text), good, "key"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, check(t, c.key, c.file, c.sig, signature.Options{}), c.want) })
	}
}

// bundled is a bundle of sigstore around a signature.
func bundled(file, sig []byte, change ...string) []byte {
	sum := sha256.Sum256(file)
	text := fmt.Sprintf(`{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"publicKey": {"hint": "x"}, "tlogEntries": []},
 "messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": %q}, "signature": %q}}`,
		base64.StdEncoding.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sig))
	return []byte(strings.NewReplacer(change...).Replace(text))
}

// TestBundle takes what a key signs with openssl, in sigstore's bundles.
func TestBundle(t *testing.T) {
	s := newSigner(t)
	key := func(name string, args ...string) []byte {
		s.run(t, "", "openssl", append([]string{"genpkey", "-out", name + ".pem"}, args...)...)
		return s.run(t, "", "openssl", "pkey", "-in", name+".pem", "-pubout")
	}
	sign := func(name, hash string) []byte {
		s.write(t, "file", text)
		return s.run(t, "", "openssl", "dgst", "-"+hash, "-sign", name+".pem", "file")
	}
	p256, p384 := key("p256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), key("p384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
	rsa, weak, edwards := key("rsa", "-algorithm", "RSA"), key("weak", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), key("ed", "-algorithm", "ED25519")
	other := key("other", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
	file, sig := []byte(text), sign("p256", "sha256")
	s.write(t, "file", text)
	whole := s.run(t, "", "openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "ed.pem", "-in", "file")
	plain := []byte(base64.StdEncoding.EncodeToString(sig) + "\n")
	newline := base64.StdEncoding.EncodeToString(sig)
	for name, c := range map[string]struct {
		key, file, sig []byte
		want           string
	}{
		"ECDSA":            {p256, file, bundled(file, sig), ""},
		"version 0.1":      {p256, file, bundled(file, sig, "bundle.v0.3+json", "bundle+json;version=0.1"), ""},
		"RSA":              {rsa, file, bundled(file, sign("rsa", "sha256")), ""},
		"Ed25519":          {edwards, file, bundled(file, whole), ""},
		"P-384":            {p384, file, []byte(base64.StdEncoding.EncodeToString(sign("p384", "sha384"))), ""},
		"plain":            {p256, file, plain, ""},
		"cosign's old one": {p256, file, []byte(`{"base64Signature": "` + newline + `", "cert": "", "rekorBundle": {}}`), ""},

		"other bytes":            {p256, []byte("x"), bundled(file, sig), "not one of this file"},
		"other bytes, its hash":  {p256, []byte("x"), bundled([]byte("x"), sig), "not one of this file"},
		"other bytes, Ed25519":   {edwards, []byte("x"), bundled([]byte("x"), whole), "not one of this file"},
		"a foreign key":          {other, file, bundled(file, sig), "by this key"},
		"a key of another kind":  {rsa, file, bundled(file, sig), "by this key"},
		"a weak key":             {weak, file, bundled(file, sig), "1024 bits"},
		"a weak hash":            {p256, file, bundled(file, sig, "SHA2_256", "SHA1"), "is not SHA-256"},
		"a certificate":          {p256, file, bundled(file, sig, `"publicKey": {"hint": "x"}`, `"certificate": {"rawBytes": ""}`), "by a certificate"},
		"a chain":                {p256, file, bundled(file, sig, `"publicKey": {"hint": "x"}`, `"x509CertificateChain": {}`), "by a certificate"},
		"an attestation":         {p256, file, bundled(file, sig, "messageSignature", "dsseEnvelope"), "an attestation"},
		"another media type":     {p256, file, bundled(file, sig, "bundle.v0.3", "bundle.v1"), "media type"},
		"no signature":           {p256, file, bundled(file, nil), "no signature"},
		"truncated":              {p256, file, bundled(file, sig)[:200], "no bundle"},
		"a secret key":           {s.read(t, "p256.pem"), file, bundled(file, sig), "secret key"},
		"a certificate as a key": {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), file, bundled(file, sig), "not a PUBLIC KEY"},
		"two keys":               {append(bytes.Clone(p256), other...), file, bundled(file, sig), "more than one key"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, check(t, c.key, c.file, c.sig, signature.Options{}), c.want) })
	}
}

// TestKindsDoNotMix shows that a key checks signatures of its kind alone.
func TestKindsDoNotMix(t *testing.T) {
	s := newSigner(t)
	s.run(t, "", "minisign", "-G", "-W", "-p", "m.pub", "-s", "m.key")
	s.write(t, "file", text)
	s.run(t, "\n", "minisign", "-S", "-s", "m.key", "-m", "file")
	alice := s.gpgKey(t, "alice@example.org")
	mini, pgp := s.read(t, "file.minisig"), s.gpg(t, "alice", text)
	expect(t, check(t, s.read(t, "m.pub"), []byte(text), pgp, signature.Options{}), "is for a key of OpenPGP, and the key is one of minisign")
	expect(t, check(t, alice, []byte(text), mini, signature.Options{}), "is for a key of minisign, and the key is one of OpenPGP")
	expect(t, check(t, []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPC5pNsi1JKdGRa2zXWl9Sa1aZpxEhVOm9oNLJ0ohmbo x"), []byte(text), mini, signature.Options{}), "the key is one of SSH")
}

// FuzzVerify shows that nothing panics, whatever a key and a signature are.
func FuzzVerify(f *testing.F) {
	f.Add([]byte("untrusted comment: x\nRWQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), []byte("untrusted comment: x\nRUQ=\ntrusted comment: x\nAA=="))
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAA==\n-----END PGP PUBLIC KEY BLOCK-----"), []byte("-----BEGIN PGP SIGNATURE-----\n\nAA==\n-----END PGP SIGNATURE-----"))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----"), bundled([]byte("x"), make([]byte, 64)))
	f.Add([]byte("\x99\x01"), []byte("\x88\x00"))
	f.Fuzz(func(t *testing.T, key, sig []byte) {
		_, _ = signature.ForGit(key)
		_ = check(t, key, []byte("x"), sig, signature.Options{Now: time.Unix(1_700_000_000, 0)})
	})
}
