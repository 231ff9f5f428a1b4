// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
)

// TestPruneFreesTheDisk looks at the directories of layers themselves, and not at what the
// engine says of them.
func TestPruneFreesTheDisk(t *testing.T) {
	o := options(t)
	c := mustConnect(t, o)
	if _, err := solve(t.Context(), c, bk.Scratch().File(bk.Mkfile("/made", 0o644, []byte("made"))), "", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	layers := func() []string {
		found, err := filepath.Glob(filepath.Join(o.Root, "runc-*", "snapshots", "snapshots", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if len(layers()) == 0 {
		t.Fatal("there is no layer to remove")
	}
	// What the build had is let go a moment after it ends.
	for end := time.Now().Add(deadline); len(layers()) > 0; time.Sleep(50 * time.Millisecond) {
		if err := c.Prune(t.Context(), nil, client.PruneAll); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatalf("these stay: %v", layers())
		}
	}
}
