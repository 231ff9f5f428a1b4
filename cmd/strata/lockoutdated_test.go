// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/lock"
)

// TestNewerGitSaysNoLogin asks a server that isn't there for tags, with a token in its
// address.
func TestNewerGitSaysNoLogin(t *testing.T) {
	for _, login := range []string{"secret", "ann:secret", "secret:x-oauth-basic"} {
		_, err := newerGit(t.Context(), lock.Git{Address: "http://" + login + "@127.0.0.1:1/x.git", Ref: "refs/tags/v1.0.0"})
		if err == nil || !strings.Contains(err.Error(), "list the tags of http://…@127.0.0.1:1/x.git") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", login, err)
		}
	}
}
