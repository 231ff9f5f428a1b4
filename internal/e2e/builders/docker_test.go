// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// offline is a build file whose commands need no network: the engine has no bridge.
const offline = `args: {BASE: null}
from: $BASE
layers:
  - files: [{dest: /etc/greeting, content: "hello\n"}]
  - build: {run: "uname -m > $out/machine", network: none}
config: {cmd: [cat, /machine]}
`

// TestDockerEngine builds on the own builder of a Docker Engine of today, with each of its
// stores: the image is the engine's, and what is pushed is what others push. What the old
// store can't do is refused in buildx's words.
func TestDockerEngine(t *testing.T) {
	for _, store := range testenv.DockerStores() {
		t.Run(store, func(t *testing.T) {
			d := newDesk(t)
			docker := testenv.DockerdOfToday(t, store)
			d.cli.Env = append(d.cli.Env, "DOCKER_HOST="+docker.Host)
			dir := directory(t, map[string]string{"strata.yaml": offline})
			ref := d.registry.Host + "/engine/" + store
			d.mustBuild(t, dir, "--builder", "default")
			d.mustBuild(t, dir, "--builder", "default", "-t", "app:plain")
			d.mustBuild(t, dir, "--builder", "default", "-t", "app:loaded", "--load")
			d.mustBuild(t, dir, "--builder", "default", "--all", "-t", "app:{target}")
			for _, name := range []string{"app:plain", "app:loaded", "app:default"} {
				if got := docker.File(t, name, "etc/greeting"); got != "hello\n" {
					t.Errorf("%s has %q", name, got)
				}
				if got := docker.File(t, name, "machine"); !strings.Contains(got, "_64") {
					t.Errorf("%s was made on %q", name, got)
				}
			}
			d.mustBuild(t, dir, "--builder", "default", "-t", ref+":1", "--push")
			layout := testenv.PullLayout(t, d.registry, "engine/"+store+":1")
			layout.Validate(t, "amd64")
			testOldStore(t, d, dir, ref, store == "containerd")
		})
	}
}

// testOldStore asks for what only a builder with containerd's store can do.
func testOldStore(t *testing.T, d *desk, dir, ref string, can bool) {
	t.Helper()
	for want, args := range map[string][]string{
		"OCI exporter":         {"-o", "type=oci,dest=" + filepath.Join(t.TempDir(), "out.tar")},
		"Docker exporter":      {"-o", "type=docker,dest=" + filepath.Join(t.TempDir(), "out.tar")},
		"Cache export":         {"--cache-to", "type=local,dest=" + t.TempDir()},
		"Multi-platform build": {"--platform", "linux/amd64,linux/arm64", "-t", ref + ":multi", "--push"},
		"Attestation":          {"--provenance", "true", "-t", ref + ":attested", "--push"},
	} {
		got := d.cli.Run(t, append([]string{"build", "--progress=quiet", "--builder", "default", "--build-arg", "BASE=" + d.base, dir}, args...)...)
		refused := strings.Contains(got.Stderr, want+" is not supported for the docker driver\nSwitch to a different driver, or turn on the containerd image store")
		if refused == can || (got.Code == 0) != can {
			t.Errorf("%s: exit status %d\n%s", want, got.Code, got.Stderr)
		}
	}
}
