// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"os"
	"testing"

	"github.com/strata-build/strata/internal/call"
)

// TestExtractNothing unpacks what a pattern matched that may match nothing: a directory with
// nothing in it.
func TestExtractNothing(t *testing.T) {
	c := call.Extract{Into: true, Source: t.TempDir(), Out: t.TempDir()}
	status, said := callMain(c.Args()...)
	entries, err := os.ReadDir(under(t, c.Out, call.Extracted))
	if status != 0 || err != nil || len(entries) > 0 {
		t.Errorf("status %d, %q; it makes %v, %v", status, said, entries, err)
	}
}
