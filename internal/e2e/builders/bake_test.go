// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// shop is a build file of two services that share what is below them.
const shop = `# syntax={syntax}
args: {BASE: null, VERSION: "1", REGISTRY: null}
from: $BASE
layers:
  - files: [{dest: /etc/shop, content: "shop\n"}]
tags: ["$REGISTRY/common:$VERSION"]
platforms: [linux/amd64, linux/arm64]
targets:
  web:
    from: target:default
    tags: ["$REGISTRY/web:$VERSION", "$REGISTRY/web:latest"]
    platforms: [linux/amd64, linux/arm64]
    layers:
      - files: [{dest: /etc/service, content: "web\n"}]
  worker.queue:
    from: target:default
    tags: ["$REGISTRY/worker:$VERSION"]
    layers:
      - files: [{dest: /etc/service, source: worker}]
`

func (d *desk) shop(t *testing.T) string {
	t.Helper()
	text := strings.ReplaceAll(shop, "{syntax}", testenv.SharedFrontend(t))
	return directory(t, map[string]string{"strata.yaml": text, "worker": "worker\n"})
}

// TestDeclared pushes each target under the names and for the platforms that the build file
// gives it; a flag takes the place of either.
func TestDeclared(t *testing.T) {
	d := newDesk(t)
	dir := d.shop(t)
	args := func(repository string, more ...string) []string {
		return append([]string{"--builder", "strata", "--build-arg", "REGISTRY=" + d.registry.Host + "/" + repository}, more...)
	}
	d.mustBuild(t, dir, args("declared", "--all", "--push")...)
	for repository, want := range map[string]string{"common:1": "amd64 arm64", "web:1": "amd64 arm64", "web:latest": "amd64 arm64", "worker:1": "amd64"} {
		if got := d.architectures(t, "declared/"+repository); got != want {
			t.Errorf("%s is for %s, want %s", repository, got, want)
		}
	}
	d.mustBuild(t, dir, args("flagged", "--push", "--target", "web", "--platform", "linux/arm64")...)
	if got := d.architectures(t, "flagged/web:latest"); got != "arm64" {
		t.Errorf("with --platform it is for %s", got)
	}
	d.mustBuild(t, dir, args("tagged", "--push", "--target", "web", "--build-arg", "VERSION=2", "-t", d.registry.Host+"/tagged/other:3")...)
	if got := d.architectures(t, "tagged/other:3"); got != "amd64 arm64" {
		t.Errorf("with --tag it is for %s", got)
	}
	if out, err := exec.Command(testenv.Program(t, "crane"), "manifest", "--insecure", d.registry.Host+"/tagged/web:2").CombinedOutput(); err == nil {
		t.Errorf("--tag is not in the place of the build file's tags:\n%s", out)
	}
	docker := filepath.Join(t.TempDir(), "web.tar")
	d.mustBuild(t, dir, args("loaded", "--target", "web", "-o", "type=docker,dest="+docker)...)
	if got := testenv.Output(t, "tar", "xOf", docker, "manifest.json"); !strings.Contains(got, "loaded/web:latest") {
		t.Errorf("the archive for docker has %s", got)
	}
	listed := d.cli.MustRun(t, "targets", "--progress=quiet", "--builder", "strata", "--build-arg", "REGISTRY=example.org", dir).Stdout
	for _, want := range []string{"default (default)  example.org/common:1", "example.org/web:1, example.org/web:latest  linux/amd64, linux/arm64", "worker.queue"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list of targets has no %q:\n%s", want, listed)
		}
	}
	if got := d.cli.Run(t, append([]string{"build", "--progress=quiet", "--builder", "strata", "--push", "--build-arg", "BASE=" + d.base, dir}, "--target", "web")...); got.Code != 2 || !strings.Contains(got.Stderr, "strata.yaml:2:") || !strings.Contains(got.Stderr, "the argument REGISTRY has no value") {
		t.Errorf("a tag without its argument: exit status %d\n%s", got.Code, got.Stderr)
	}
}

// architectures are those of an image in the registry.
func (d *desk) architectures(t *testing.T, repository string) string {
	t.Helper()
	var m struct {
		Manifests []struct{ Platform struct{ Architecture string } }
	}
	if err := json.Unmarshal([]byte(d.manifest(t, repository)), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Manifests) == 0 {
		config := testenv.Output(t, "crane", "config", "--insecure", d.registry.Host+"/"+repository)
		var c struct{ Architecture string }
		if err := json.Unmarshal([]byte(config), &c); err != nil {
			t.Fatal(err)
		}
		return c.Architecture
	}
	var found []string
	for _, one := range m.Manifests {
		found = append(found, one.Platform.Architecture)
	}
	return strings.Join(found, " ")
}

// TestBake gives docker buildx bake what the verb targets prints. It makes the same images
// as the command line.
func TestBake(t *testing.T) {
	d := newDesk(t)
	dir := d.shop(t)
	d.buildx.Env = append(d.buildx.Env, "BUILDX_NO_DEFAULT_ATTESTATIONS=1")
	given := []string{"--progress=quiet", "--builder", "strata", "--build-arg", "BASE=" + d.base, "--build-arg", "REGISTRY=" + d.registry.Host + "/bake", "--build-arg", "VERSION=2.x", "."}
	d.cli.Dir = dir
	d.cli.MustRun(t, append([]string{"build", "--all", "--push"}, given...)...)
	repositories := []string{"common:2.x", "web:2.x", "web:latest", "worker:2.x"}
	want := map[string]string{}
	for _, repository := range repositories {
		want[repository] = d.digest(t, "bake/"+repository)
	}
	given[len(given)-4] = "REGISTRY=" + d.registry.Host + "/baked"
	bake := d.buildx.Command("buildx", "bake", "--progress=plain", "-f", "-", "--push")
	bake.Dir = dir
	bake.Stdin = strings.NewReader(d.cli.MustRun(t, append([]string{"targets", "--bake"}, given...)...).Stdout)
	if out, err := bake.CombinedOutput(); err != nil {
		t.Fatalf("docker buildx bake: %v\n%s", err, out)
	}
	for _, repository := range repositories {
		if got := d.digest(t, "baked/"+repository); got != want[repository] {
			t.Errorf("bake makes %s of %s, strata %s", got, repository, want[repository])
		}
	}
}
