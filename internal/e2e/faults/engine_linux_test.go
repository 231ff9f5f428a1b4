// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// testProject is a project with one test of a base.
func testProject(t *testing.T, base, run string) string {
	t.Helper()
	project := t.TempDir()
	house.Write(t, filepath.Join(project, "strata.yaml"), []byte("from: "+base+"\ntests: [{name: short, run: \""+run+"\"}]\n"))
	return project
}

// TestDamagedEngineOfATest runs a test on an engine whose snapshots are gone: what is
// printed says which directory to remove, and a test on a new one passes.
func TestDamagedEngineOfATest(t *testing.T) {
	base := testenv.BusyboxImage(t, testenv.NewRegistry(t, testenv.RegistryOptions{}), "base:1", testenv.BusyboxTweaks{Only: "amd64"})
	cli := testenv.Strata(t)
	cli.MustRun(t, "test", testProject(t, base, "true"))
	cli.Stop(t)
	snapshots, err := filepath.Glob(filepath.Join(cli.Root, "runc-*", "snapshots", "snapshots", "*"))
	if err != nil || len(snapshots) == 0 {
		t.Fatalf("the engine keeps no snapshots: %v", err)
	}
	for _, dir := range snapshots {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	got := cli.Run(t, "test", testProject(t, base, "true; exit 0"))
	if want := "the engine's directory is damaged: when nothing builds, remove " + cli.Root; got.Code != 1 || !strings.Contains(got.Stderr, want) {
		t.Errorf("exit status %d, want 1 and %q\n%s", got.Code, want, got.Stderr)
	}
	cli.Stop(t)
	if err := os.RemoveAll(cli.Root); err != nil {
		t.Fatal(err)
	}
	cli.MustRun(t, "test", testProject(t, base, "true; exit 0"))
}

// TestFullDiskOfATest runs a test of a base that the engine's disk has no room for.
func TestFullDiskOfATest(t *testing.T) {
	data := make([]byte, 48<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data)
	base := testenv.NewRegistry(t, testenv.RegistryOptions{}).Push(t, "large:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "noise", Data: data}}))
	cli, root := testenv.Strata(t), testenv.Dir(t) // it unmounts
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", root).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
	got := cli.Run(t, "test", "--root", root, testProject(t, base, "true"))
	if got.Code != 1 || !strings.Contains(got.Stderr, "the disk of "+root) || !strings.Contains(got.Stderr, " is full") {
		t.Errorf("exit status %d\n%s", got.Code, got.Stderr)
	}
}
