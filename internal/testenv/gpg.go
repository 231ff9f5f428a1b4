// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// GPG is a home of gpg with keys that need no passphrase.
type GPG struct{ env []string }

// NewGPG makes one; what gpg starts for it ends with the test.
func NewGPG(t testing.TB) *GPG {
	t.Helper()
	home := Dir(t)
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	g := &GPG{env: append(os.Environ(), "GNUPGHOME="+home)}
	t.Cleanup(func() {
		cmd := command(t, "gpgconf", "--kill", "all")
		cmd.Env = g.env
		_ = cmd.Run() // an agent that has ended already is well
	})
	return g
}

// Key makes a key of that name, which is good for as long as gpg's --quick-gen-key is told
// (0 for ever), and returns the public one, armored.
func (g *GPG) Key(t testing.TB, name, expires string, more ...string) string {
	t.Helper()
	g.run(t, "", append(more, "--quick-gen-key", name, "ed25519", "sign", expires)...)
	return g.run(t, "", "--armor", "--export", name)
}

// Sign makes an armored, detached signature of a text.
func (g *GPG) Sign(t testing.TB, name, text string, more ...string) string {
	t.Helper()
	return g.run(t, text, append(more, "-u", name, "--armor", "--detach-sign", "-o", "-")...)
}

func (g *GPG) run(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	cmd := command(t, "gpg", append([]string{"--batch", "--passphrase", ""}, args...)...)
	cmd.Env, cmd.Stdin = g.env, strings.NewReader(stdin)
	return output(t, cmd)
}

// AddSigned is [Git.Add] with a signature of a key.
func (g *Git) AddSigned(t testing.TB, by *GPG, key string, files map[string]string) {
	t.Helper()
	g.signer, g.signKey = by, key
	defer func() { g.signer = nil }()
	g.Add(t, files)
}

// TagSigned is [Git.Tag] with a signature of a key.
func (g *Git) TagSigned(t testing.TB, by *GPG, key, name string) {
	t.Helper()
	g.signer, g.signKey = by, key
	defer func() { g.signer = nil }()
	g.git(t, "-C", g.work, "tag", "--sign", "--message", name, name)
}

// TagSignedBySSH is [Git.Tag] with a signature of a new key of SSH, of which it returns
// the public line.
func (g *Git) TagSignedBySSH(t testing.TB, name string) string {
	t.Helper()
	key := filepath.Join(Dir(t), "key")
	output(t, command(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me@example.org", "-f", key))
	g.git(t, "-C", g.work, "-c", "gpg.format=ssh", "-c", "user.signingkey="+key, "tag", "--sign", "--message", name, name)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return string(public)
}
