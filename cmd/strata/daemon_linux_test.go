// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strata-build/strata/internal/testenv"
)

// TestDaemonScript runs the scripts that build, on one buildkitd.
func TestDaemonScript(t *testing.T) {
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{})
	// A group, so that the daemon outlives the scripts, which run concurrently.
	t.Run("group", func(t *testing.T) {
		runScripts(t, "testdata/daemon", func(*testscript.Env) string { return daemon.Addr })
	})
}

// TestCacheScript runs the scripts that want a build cache for themselves.
func TestCacheScript(t *testing.T) {
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{})
	t.Run("group", func(t *testing.T) {
		runScripts(t, "testdata/cache", func(*testscript.Env) string { return daemon.Addr })
	})
}
