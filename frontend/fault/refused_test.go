// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"testing"

	"github.com/strata-build/strata/llb/plan"
)

// TestNoSuchImage says so of an image that a registry doesn't have, and not of
// content that the daemon has lost.
func TestNoSuchImage(t *testing.T) {
	in := plan.Tree{Kind: plan.Registry, Name: "docker.io/library/x:1"}
	for text, want := range map[string]string{
		"failed to resolve source metadata for docker.io/library/x:1: docker.io/library/x:1: not found":              "docker.io has no such image",
		"docker.io/library/x:1@sha256:0a: not found":                                                                 "docker.io has no such image",
		"content digest sha256:0a0b0c: not found":                                                                    "content digest sha256:0a0b0c: not found",
		"failed to get reader: blob sha256:0a expected at /state/content/blobs/sha256/0a: blob not found: not found": "failed to get reader: blob sha256:0a expected at /state/content/blobs/sha256/0a: blob not found: not found",
		"docker.io/library/xy:1: not found":                                                                          "docker.io/library/xy:1: not found",
	} {
		if got := Refused(in, errors.New(text)).Error(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
