// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scratchContext is a context with a Dockerfile that needs no base image.
func scratchContext(t *testing.T, content string) string {
	t.Helper()
	dir := Dir(t)
	writeFile(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\nCOPY greeting /greeting\n")
	writeFile(t, filepath.Join(dir, "greeting"), content)
	return dir
}

func TestBuildxBuildsOnTheSharedDaemon(t *testing.T) {
	out := Dir(t)
	b := NewBuildx(t, Shared(t))
	b.MustBuild(t, "--output", out, scratchContext(t, "hello\n"))
	data, err := os.ReadFile(filepath.Join(out, "greeting"))
	if err != nil || string(data) != "hello\n" {
		t.Errorf("built file: %q, %v", data, err)
	}
}

func TestDaemonsKeepTheirCacheOverARestart(t *testing.T) {
	d := Buildkitd(t, DaemonOptions{})
	if Shared(t).Addr == d.Addr {
		t.Fatal("the daemon is the shared one")
	}
	b := NewBuildx(t, d)
	context := scratchContext(t, "kept\n")
	if out := b.MustBuild(t, context); strings.Contains(out, "CACHED") {
		t.Errorf("a new daemon has a cache:\n%s", out)
	}
	d.Restart(t)
	if out := b.MustBuild(t, context); !strings.Contains(out, "CACHED") {
		t.Errorf("a restarted daemon has no cache:\n%s", out)
	}
	d.Stop(t)
	if mounts := Mounts(t, d.Root); len(mounts) != 0 {
		t.Errorf("a stopped daemon left mounts: %v", mounts)
	}
}

func TestDaemonsTellWhyTheyDoNotStart(t *testing.T) {
	_, err := startDaemon(Dir(t), DaemonOptions{Snapshotter: "nonesuch"})
	if err == nil || !strings.Contains(err.Error(), "nonesuch") {
		t.Errorf("error: %v", err)
	}
}

func TestDaemonsRunOtherArchitectures(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	base := BusyboxImage(t, r, "busybox:1", BusyboxTweaks{})
	dir, out := Dir(t), Dir(t)
	writeFile(t, filepath.Join(dir, "Dockerfile"),
		"FROM "+base+" AS run\nRUN uname -m >/machine\nFROM scratch\nCOPY --from=run /machine /machine\n")
	NewBuildx(t, Shared(t)).MustBuild(t, "--platform", "linux/amd64,linux/arm64", "--output", out, dir)
	for platform, want := range map[string]string{"linux_amd64": "x86_64\n", "linux_arm64": "aarch64\n"} {
		data, err := os.ReadFile(filepath.Join(out, platform, "machine"))
		if err != nil || string(data) != want {
			t.Errorf("%s: uname -m gives %q, %v; want %q", platform, data, err, want)
		}
	}
}
