// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"runtime"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/helper/program"
)

// FrontendImage builds the frontend and its step helpers from this tree, pushes
// them to the registry as the Dockerfile lays them out, and returns the
// reference for a "# syntax=" line.
func FrontendImage(t testing.TB, r *Registry) string {
	t.Helper()
	entries := []Entry{
		{Path: "bin/"},
		{Path: "bin/strata-frontend", Data: binaryData(t, "strata-frontend", ""), Mode: 0o755},
	}
	for _, arch := range []string{"amd64", "arm64"} {
		entries = append(entries, Entry{
			Path: program.File(arch), Data: binaryData(t, "strata-step", arch), Mode: 0o755,
		})
	}
	config := v1.Config{Entrypoint: []string{"/bin/strata-frontend"}, Labels: frontendLabels()}
	return r.Push(t, "strata-build/strata:1", Image(t, runtime.GOARCH, config, entries))
}

// frontendLabels are those of the Dockerfile's target "frontend"; a test holds
// the two together.
func frontendLabels() map[string]string {
	return map[string]string{
		"moby.buildkit.frontend.network.none": "true",
		"moby.buildkit.frontend.caps": "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests," +
			"moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd",
	}
}

func binaryData(t testing.TB, name, arch string) []byte {
	t.Helper()
	data, err := os.ReadFile(Binary(t, name, arch))
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return data
}
