// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// signedFiles are a file and signatures of it, good ones and bad ones, and the keys.
func signedFiles(t *testing.T, data []byte) (files map[string][]byte, keys map[string]string) {
	t.Helper()
	gpg := testenv.NewGPG(t)
	keys = map[string]string{"alice.asc": gpg.Key(t, "alice", "0"), "bob.asc": gpg.Key(t, "bob", "0")}
	keys["old.asc"] = gpg.Key(t, "old", "1y", "--faked-system-time", "20200101T000000!")
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := public.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	keys["mini.pub"] = string(text)
	reader := minisign.NewReader(strings.NewReader(string(data)))
	if _, err := reader.Read(make([]byte, len(data)+1)); err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys["cosign.pub"] = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	sum := sha256.Sum256(data)
	signed, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	bundle := `{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"publicKey": {}}, "messageSignature": {"messageDigest": ` +
		`{"algorithm": "SHA2_256", "digest": "` + base64.StdEncoding.EncodeToString(sum[:]) + `"}, "signature": "` + base64.StdEncoding.EncodeToString(signed) + `"}}`
	good, other := gpg.Sign(t, "alice", string(data)), gpg.Sign(t, "alice", "something else")
	return map[string][]byte{
		"/tool.tar": data, "/tool.asc": []byte(good), "/tool.minisig": reader.Sign(private), "/tool.sigstore.json": []byte(bundle),
		"/other.asc": []byte(other), "/bob.asc": []byte(gpg.Sign(t, "bob", string(data))),
		"/old.asc":  []byte(gpg.Sign(t, "old", string(data), "--faked-system-time", "20200301T000000!")),
		"/huge.asc": make([]byte, 2<<20),
	}, keys
}

// signedProject is a project with keys, and with entries of a files layer from line 5 on.
func signedProject(t *testing.T, h *house.House, keys map[string]string, entries ...string) string {
	t.Helper()
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\n\nlayers:\n  - files:\n      - "+strings.Join(entries, "\n      - ")+"\n")
	for name, text := range keys {
		house.Write(t, filepath.Join(dir, "keys", name), []byte(text))
	}
	return dir
}

// TestSignedFiles takes files that a key signed, of each kind, by both doors; by a lock,
// which has the signatures too, no server is asked for anything.
func TestSignedFiles(t *testing.T) {
	h := house.New(t)
	files, keys := signedFiles(t, testenv.Tar(t, []testenv.Entry{{Path: "bin/"}, {Path: "bin/tool", Data: []byte("#!/bin/sh\n"), Mode: 0o755}}))
	web := testenv.FileServer(t, files)
	dir := signedProject(t, h, keys,
		`{dest: /opt/pgp.tar, url: "`+web.URL+`/tool.tar", signature: {url: "`+web.URL+`/tool.asc", key: keys/alice.asc}}`,
		`{dest: /opt/mini, url: "`+web.URL+`/tool.tar", extract: true, signature: {url: "`+web.URL+`/tool.minisig", key: keys/mini.pub}}`,
		`{dest: /opt/, url: "`+web.URL+`/tool.tar", mode: "0600", signature: {url: "`+web.URL+`/tool.sigstore.json", key: keys/cosign.pub}}`,
	)
	const want = `drwxr-xr-x 0:0 0 /opt
drwxr-xr-x 0:0 0 /opt/mini
drwxr-xr-x 0:0 0 /opt/mini/bin
-rwxr-xr-x 0:0 0 /opt/mini/bin/tool "#!/bin/sh\n"
-rw-r--r-- 0:0 0 /opt/pgp.tar 2560 bytes
-rw------- 0:0 0 /opt/tool.tar 2560 bytes
`
	h.Each(t, func(t *testing.T, w house.Way) {
		house.Want(t, "the files", house.Listing(t, house.Unpack(t, h, w.Image(t, h, "", house.Flags(dir)...))), want)
	})
	h.MustLock(t, house.Hello(t), dir)
	text := house.Read(t, dir, "strata.lock")
	house.Contains(t, text, web.URL+"/tool.tar\": {sha256: ", web.URL+"/tool.asc\": {sha256: ", web.URL+"/tool.minisig\": ", web.URL+"/tool.sigstore.json\": ")
	web.Reset()
	h.Each(t, func(t *testing.T, w house.Way) {
		w.Must(t, house.Flags(dir, "-o", "type=cacheonly", "--build-arg", "STRATA_LOCKED=1")...)
	})
	if asked := web.Requests(); len(asked) != 0 {
		t.Errorf("a locked build asks the server: %v", asked)
	}
}

// TestBadSignatures refuses what a key didn't sign, at the line that asks for it, whether
// it is to be built or locked.
func TestBadSignatures(t *testing.T) {
	h := house.New(t)
	files, keys := signedFiles(t, []byte("tool\n"))
	web := testenv.FileServer(t, files)
	keys["words"], keys["ssh.pub"] = "hello", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPC5pNsi1JKdGRa2zXWl9Sa1aZpxEhVOm9oNLJ0ohmbo x"
	for name, c := range map[string]struct{ signature, want string }{
		"other bytes":     {"url: {web}/other.asc, key: keys/alice.asc", "the signature is not one of this file"},
		"a foreign key":   {"url: {web}/tool.asc, key: keys/bob.asc", "it is signed by"},
		"an expired key":  {"url: {web}/old.asc, key: keys/old.asc", "the key had expired"},
		"huge":            {"url: {web}/huge.asc, key: keys/alice.asc", "1048576"},
		"missing":         {"url: {web}/nothing.asc, key: keys/alice.asc", "{web}/nothing.asc: the server answers with status 404"},
		"no key":          {"url: {web}/tool.asc, key: keys/alise.asc", `there is no "keys/alise.asc" in the build context`},
		"words for a key": {"url: {web}/tool.asc, key: keys/words", "read the key keys/words: it is no key"},
		"a key of SSH":    {"url: {web}/tool.asc, key: keys/ssh.pub", "only commits and tags of git"},
		"a file of words": {"source: keys/words, key: keys/alice.asc", "no signature of OpenPGP"},
	} {
		t.Run(name, func(t *testing.T) {
			fill := strings.NewReplacer("{web}", web.URL)
			dir := signedProject(t, h, keys, `dest: /tool`+"\n        url: "+web.URL+"/tool.tar\n        signature: {"+fill.Replace(c.signature)+"}")
			for _, verb := range []string{"build", "lock"} {
				out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
				if verb == "lock" {
					var status int
					if status, out = h.Lock(t, house.Hello(t), dir); status == 0 {
						t.Errorf("it is locked:\n%s", out)
					}
				} else if err == nil {
					t.Errorf("it is built:\n%s", out)
				}
				house.Contains(t, out, "strata.yaml:7:", fill.Replace(c.want))
			}
		})
	}
}

// TestLockAfterAWrongFile locks a signed file that came wrong once: what BuildKit keeps of it
// by its server's ETag is not what is locked.
func TestLockAfterAWrongFile(t *testing.T) {
	h := house.New(t)
	files, keys := signedFiles(t, []byte("tool\n"))
	web := testenv.FileServer(t, files)
	for _, name := range []string{"/tool.tar", "/tool.asc"} {
		front := testenv.NewFront(t, web.URL)
		dir := signedProject(t, h, keys, "dest: /tool\n        url: "+front.URL+"/tool.tar\n        signature: {url: "+front.URL+"/tool.asc, key: keys/alice.asc}")
		front.Misbehave(&misbehave.Rule{Path: name, Fault: misbehave.Flip()})
		if status, out := h.Lock(t, house.Hello(t), dir); status == 0 {
			t.Errorf("it is locked:\n%s", out)
		}
		front.Misbehave()
		h.MustLock(t, house.Hello(t), dir)
		house.Contains(t, house.Read(t, dir, "strata.lock"), strings.TrimPrefix(web.Digest("/tool.tar"), "sha256:"), strings.TrimPrefix(web.Digest("/tool.asc"), "sha256:"))
	}
}

// TestLockedSignatureKeepsItsKey builds by a lock with a key that has expired since; an
// altered file is refused, whatever the lock says.
func TestLockedSignatureKeepsItsKey(t *testing.T) {
	h := house.New(t)
	files, keys := signedFiles(t, []byte("tool\n"))
	build := func() (string, error) {
		web := testenv.FileServer(t, files)
		dir := signedProject(t, h, keys, "dest: /tool\n        url: "+web.URL+"/tool.tar\n        signature: {url: "+web.URL+"/old.asc, key: keys/old.asc}")
		locked := "version: 2\nurls:\n"
		for _, name := range []string{"/old.asc", "/tool.tar"} {
			locked += "  \"" + web.URL + name + "\": {sha256: \"" + strings.TrimPrefix(web.Digest(name), "sha256:") + "\", size: 1}\n"
		}
		house.Write(t, filepath.Join(dir, "strata.lock"), []byte(locked))
		return h.Strata(house.Flags(dir, "-o", "type=cacheonly", "--locked")...)
	}
	if out, err := build(); err != nil {
		t.Errorf("a key that has expired since stops a locked build: %v\n%s", err, out)
	}
	files["/tool.tar"] = []byte("another tool\n")
	out, err := build()
	if err == nil {
		t.Error("what isn't signed is built because the lock has it")
	}
	house.Contains(t, out, "strata.yaml:7:", "the signature is not one of this file")
}

// TestSignedGit takes tags and commits that a key signed, by both doors, and by a lock
// without a word to the server.
func TestSignedGit(t *testing.T) {
	h := house.New(t)
	gpg := testenv.NewGPG(t)
	keys := map[string]string{"alice.asc": gpg.Key(t, "alice", "0"), "bob.asc": gpg.Key(t, "bob", "0")}
	repo := testenv.GitServer(t, map[string]string{"a": "unsigned\n"})
	repo.Tag(t, "unsigned")
	repo.TagSigned(t, gpg, "alice", "v1")
	keys["alice.pub"] = repo.TagSignedBySSH(t, "v2")
	repo.AddSigned(t, gpg, "alice", map[string]string{"a": "signed\n"})
	dir := signedProject(t, h, keys,
		`{dest: /tag, git: "`+repo.URL+`#v1", signature: {key: keys/alice.asc}}`,
		`{dest: /ssh, git: "`+repo.URL+`#v2", signature: {key: keys/alice.pub}}`,
		`{dest: /branch, git: "`+repo.URL+`#main", signature: {key: keys/alice.asc}}`,
		`{dest: /commit, git: "`+repo.URL+`#`+repo.Commit+`", signature: {key: keys/alice.asc}}`,
	)
	const want = `drwxr-xr-x 0:0 0 /branch
-rw-r--r-- 0:0 0 /branch/a "signed\n"
drwxr-xr-x 0:0 0 /commit
-rw-r--r-- 0:0 0 /commit/a "signed\n"
drwxr-xr-x 0:0 0 /ssh
-rw-r--r-- 0:0 0 /ssh/a "unsigned\n"
drwxr-xr-x 0:0 0 /tag
-rw-r--r-- 0:0 0 /tag/a "unsigned\n"
`
	check := func(t *testing.T, more ...string) {
		t.Helper()
		h.Each(t, func(t *testing.T, w house.Way) {
			house.Want(t, "the files", house.Listing(t, house.Unpack(t, h, w.Image(t, h, "", house.Flags(dir, more...)...))), want)
		})
	}
	check(t)
	h.MustLock(t, house.Hello(t), dir)
	text := house.Read(t, dir, "strata.lock")
	// A name that looks like a number has quotes.
	house.Contains(t, strings.NewReplacer("commit: \"", "commit: ", "tag: \"", "tag: ").Replace(text),
		"#v1\": {ref: refs/tags/v1, tag: ", "#main\": {ref: refs/heads/main, commit: "+repo.Commit)
	h.MustLock(t, house.Hello(t), dir)
	house.Want(t, "the lock, written again", house.Read(t, dir, "strata.lock"), text)
	repo.Add(t, map[string]string{"a": "later\n"})
	check(t, "--build-arg", "STRATA_LOCKED=1", "--no-cache")

	for name, c := range map[string]struct{ entry, want string }{
		"a foreign key for a tag":    {"#v1, KEY bob.asc", "check the signature of"},
		"a foreign key for a commit": {"#" + commitOf(text) + ", KEY bob.asc", "check the signature of"},
		"a key of SSH for OpenPGP":   {"#v1, KEY alice.pub", "check the signature of"},
		"a key of OpenPGP for SSH":   {"#v2, KEY alice.asc", "check the signature of"},
		"an unsigned tag":            {"#unsigned, KEY alice.asc", "neither the tag nor the commit is signed"},
		"an unsigned branch":         {"#main, KEY alice.asc", "neither the tag nor the commit is signed"},
		"a key of another kind":      {"#v1, KEY mini.pub", "commits and tags are signed with keys of OpenPGP or SSH"},
	} {
		t.Run(name, func(t *testing.T) {
			ref, key, _ := strings.Cut(c.entry, ", KEY ")
			public, _, err := minisign.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			keys["mini.pub"] = public.String()
			dir := signedProject(t, h, keys, "dest: /x\n        git: "+repo.URL+ref+"\n        signature: {key: keys/"+key+"}")
			out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
			if err == nil {
				t.Errorf("it is built:\n%s", out)
			}
			house.Contains(t, out, "strata.yaml:7:", c.want)
			if status, out := h.Lock(t, house.Hello(t), dir); status == 0 && !strings.HasPrefix(name, "a foreign key for a commit") {
				t.Errorf("it is locked:\n%s", out)
			}
		})
	}
}

// commitOf is the first commit of a lock.
func commitOf(lock string) string {
	_, rest, _ := strings.Cut(lock, "commit: ")
	return strings.Trim(rest[:42], `"`)[:40]
}
