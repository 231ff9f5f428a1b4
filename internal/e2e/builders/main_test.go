// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package builders shows builds on the builders of docker buildx: on one node and on
// several, in containers, and in Docker Engines of today; and what buildx and compose
// build with the names and platforms that a build file gives.
package builders

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// desk is what a user works with: docker with buildx, the command line beside it, and a
// registry with a base.
type desk struct {
	buildx   *testenv.Buildx
	cli      *testenv.CLI
	registry *testenv.Registry
	base     string
}

// newDesk makes the desk of a test, which from there on runs beside others. buildx has a
// builder on the shared daemon, which is the current one.
func newDesk(t *testing.T) *desk {
	t.Helper()
	t.Parallel()
	return deskWith(t, testenv.NewBuildx(t, testenv.Shared(t)))
}

func deskWith(t *testing.T, buildx *testenv.Buildx) *desk {
	t.Helper()
	cli := testenv.Strata(t)
	cli.Env = append(cli.Env, "DOCKER_CONFIG="+buildx.Config, "BUILDX_CONFIG="+filepath.Join(buildx.Config, "buildx"))
	cli.Env = append(cli.Env, buildx.Env...)
	return &desk{buildx: buildx, cli: cli, registry: testenv.SharedRegistry(t), base: testenv.SharedBase(t)}
}

// docker runs docker with buildx.
func (d *desk) docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := d.buildx.Run(args...)
	if err != nil {
		t.Fatalf("docker %v: %v\n%s", args, err, out)
	}
	return out
}

// mustBuild builds a directory with the base as an argument.
func (d *desk) mustBuild(t *testing.T, dir string, args ...string) testenv.Result {
	t.Helper()
	return d.cli.MustRun(t, append([]string{"build", "--progress=quiet", "--build-arg", "BASE=" + d.base, dir}, args...)...)
}

func (d *desk) digest(t *testing.T, repository string) string {
	t.Helper()
	return d.registry.Descriptor(t, repository).Digest.String()
}

func (d *desk) manifest(t *testing.T, repository string) string {
	t.Helper()
	return testenv.Output(t, "crane", "manifest", "--insecure", d.registry.Host+"/"+repository)
}

func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
