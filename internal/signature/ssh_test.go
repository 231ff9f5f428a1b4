// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/signature"
)

// TestKeysOfSSH reads lines as ssh-keygen writes them, and refuses others.
func TestKeysOfSSH(t *testing.T) {
	const (
		ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPC5pNsi1JKdGRa2zXWl9Sa1aZpxEhVOm9oNLJ0ohmbo"
		ecdsa   = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg="
	)
	for _, line := range []string{ed25519, ed25519 + "\n", ed25519 + " me@example.org", ecdsa + " two words\n\n"} {
		key, err := signature.ParseKey([]byte(line))
		if err != nil || key.Kind != signature.SSH {
			t.Errorf("%q: %v", line, err)
		}
	}
	for _, tc := range []struct{ line, want string }{
		{"ssh-ed25519", "it is no ssh-ed25519"},
		{"ssh-ed25519 AAAA*", "illegal base64 data"},
		{strings.Replace(ed25519, "ssh-ed25519", "ssh-rsa", 1), "it is no ssh-rsa"},
		{"ssh-ed25519 AAAAC3NzaC1l", "it is no ssh-ed25519"},
		{ed25519 + "\n" + ecdsa, "it has more than one key of SSH"},
	} {
		if _, err := signature.ParseKey([]byte(tc.line)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %s", tc.line, err, tc.want)
		}
	}
}
