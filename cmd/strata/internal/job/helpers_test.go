// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/cli/cli/config/configfile"
)

// TestHelperThatHangs asks a program for credentials that gives no answer, for one host and
// for all.
func TestHelperThatHangs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-slow"), []byte("#!/bin/sh\nexec sleep 5\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, config := range []*configfile.ConfigFile{
		{CredentialHelpers: map[string]string{"example.org": "slow"}}, {CredentialsStore: "slow"},
	} {
		_, err := askHelpers(config, time.Millisecond)(t.Context(), "example.org", nil, nil)
		if err == nil || !strings.Contains(err.Error(), "docker-credential-slow for the password of example.org: it gives no answer") {
			t.Errorf("%v", err)
		}
	}
}
