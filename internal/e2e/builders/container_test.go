// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// TestContainerBuilder builds on a builder of buildx's own in a container, which buildx
// makes and starts when it is first used: what it makes and pushes is what the shared
// daemon does.
func TestContainerBuilder(t *testing.T) {
	d := newDesk(t)
	docker := testenv.Dockerd(t, "--add-runtime", "held="+heldRuntime(t), "--default-runtime", "held")
	d.buildx.Env = append(d.buildx.Env, "DOCKER_HOST="+docker.Host)
	d.cli.Env = append(d.cli.Env, "DOCKER_HOST="+docker.Host)
	d.docker(t, "buildx", "create", "--name", "boxed", "--driver", "docker-container",
		"--driver-opt", "network=host,image="+buildkitImage(t, d.registry)) // the engine has no bridge
	dir := directory(t, map[string]string{"strata.yaml": twoPlatforms})
	ref := d.registry.Host + "/container/app:"
	d.mustBuild(t, dir, "--addr", testenv.Shared(t).Addr, "-t", ref+"addr", "--push")
	d.mustBuild(t, dir, "--builder", "boxed", "-t", ref+"boxed", "--push")
	if want, got := d.digest(t, "container/app:addr"), d.digest(t, "container/app:boxed"); got != want {
		t.Errorf("the container pushes\n%s\nthe daemon pushes\n%s", d.manifest(t, "container/app:boxed"), d.manifest(t, "container/app:addr"))
	}
	if running := docker.Run(t, "ps", "--format", "{{.Names}}"); !strings.Contains(running, "buildx_buildkit_boxed0") {
		t.Errorf("there is no container of the builder: %s", running)
	}
	d.mustBuild(t, dir, "--builder", "boxed", "-t", "app:loaded", "--load")
	if got := docker.File(t, "app:loaded", "etc/greeting"); got != "hello\n" {
		t.Errorf("what is loaded has %q", got)
	}
	given := []string{"--progress=quiet", "--builder", "boxed", "--build-arg", "BASE=" + d.base, dir}
	for _, verb := range []string{"test", "check", "plan", "lock"} {
		d.cli.MustRun(t, append([]string{verb}, given...)...)
	}
}

// heldRuntime is runc for privileged containers, as buildx's are, where root itself
// lacks the capability for more resources, as in some virtual machines: runc would end
// there, since a privileged container is to have all.
func heldRuntime(t *testing.T) string {
	t.Helper()
	const script = `#!/bin/sh
set -e
before=
for word; do
  case $before in
    --bundle) file=$word/config.json ;;
    --process) file=$word ;;
  esac
  before=$word
done
if [ -n "$file" ] && [ $((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status) >> 24 & 1)) = 0 ]; then
  sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$file"
fi
exec runc "$@"
`
	file := filepath.Join(t.TempDir(), "runtime")
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// buildkitImage pushes an image of the BuildKit that the tests use, with the runtime of
// this machine, as the builder's own image has it.
func buildkitImage(t *testing.T, r *testenv.Registry) string {
	t.Helper()
	entries := []testenv.Entry{{Path: "tmp/", Mode: 0o1777}, {Path: "etc/"}, {Path: "bin/"}, {Path: "usr/"}, {Path: "usr/bin/"}}
	add := func(at, file string) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, testenv.Entry{Path: strings.TrimPrefix(at, "/"), Data: data, Mode: 0o755})
	}
	for _, name := range []string{"buildkitd", "buildctl", "runc"} {
		add("/usr/bin/"+name, testenv.Program(t, name))
	}
	add("/bin/busybox", filepath.Join(testenv.Root(t), ".cache/busybox", runtime.GOARCH, "busybox"))
	entries = append(entries, testenv.Entry{Path: "bin/sh", Symlink: "busybox"})
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)(/\S+) \(0x`).FindAllStringSubmatch(testenv.Output(t, "ldd", testenv.Program(t, "runc")), -1) {
		for dir := filepath.Dir(m[1]); dir != "/" && !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
		}
		add(m[1], m[1])
	}
	var dirs []testenv.Entry
	for dir := range seen {
		dirs = append(dirs, testenv.Entry{Path: strings.TrimPrefix(dir, "/") + "/"})
	}
	config := v1.Config{Entrypoint: []string{"buildkitd"}, Env: []string{"PATH=/usr/bin:/bin"}, Volumes: map[string]struct{}{"/var/lib/buildkit": {}}}
	return r.Push(t, "buildkit:1", testenv.Image(t, runtime.GOARCH, config, append(dirs, entries...)))
}
