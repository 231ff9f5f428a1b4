// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestDockerfileInputs hands on what a Dockerfile may use: arguments that only it
// has, those of the build file, named contexts, secrets and the context, with the
// Dockerfile's own ignore file.
func TestDockerfileInputs(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
args: {WHO: {amd64: x86, arm64: arm}, AT: null}
layers:
  - files: [{dest: /, from: "dockerfile:docker/Dockerfile#said", source: /said}]
-- docker/Dockerfile --
FROM {base} AS run
ARG ONLY=none WHO=nobody AT TARGETARCH
COPY . /context
COPY --from=extra file /extra
RUN --mount=type=secret,id=token echo "$ONLY $WHO $AT $TARGETARCH $(cat /run/secrets/token) $(cat /extra)" $(ls /context) > /words
FROM scratch AS said
COPY --from=run /words /said/words
FROM no-such-image
-- docker/Dockerfile.dockerignore --
docker
strata.yaml
with-*
secret
-- kept --
-- secret --
hidden
-- extra/file --
more
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir, "--platform=linux/amd64", "--build-arg", "ONLY=given", "--build-arg", "AT=here",
			"--build-context", "extra="+filepath.Join(dir, "extra"), "--secret", "id=token,src="+filepath.Join(dir, "secret"))...)
		house.Want(t, "/words", house.Read(t, out, "words"), "given x86 here amd64 hidden more extra kept\n")
		all := w.Must(t, house.Flags(dir, "--platform=linux/amd64", "--build-arg", "ONLY=x", "--build-arg", "AT=y",
			"--build-context", "extra="+filepath.Join(dir, "extra"), "--secret", "id=token,src="+filepath.Join(dir, "secret"))...)
		if strings.Contains(all, "is not declared in args") {
			t.Errorf("an argument of the Dockerfile is warned of:\n%s", all)
		}
	})
}

// TestDockerfilePlatforms makes an index of a Dockerfile that runs nothing.
func TestDockerfilePlatforms(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: dockerfile:Dockerfile
layers:
  - files: [{dest: /again, from: dockerfile:Dockerfile, source: /arch}]
-- Dockerfile --
FROM scratch
ARG TARGETARCH
COPY for-$TARGETARCH /arch
ENV ARCH=$TARGETARCH
-- for-amd64 --
x86
-- for-arm64 --
arm
`)
	texts := map[string]string{"amd64": "x86\n", "arm64": "arm\n"}
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--platform", "linux/amd64,linux/arm64")...)
		layout := testenv.PullLayout(t, h.Registry, name)
		for arch, text := range texts {
			layout.Validate(t, arch)
			root := layout.Unpack(t, arch)
			house.Want(t, "/arch", house.Read(t, root, "arch"), text)
			house.Want(t, "/again", house.Read(t, root, "again"), text)
			config := layout.Config(t, arch)
			house.Want(t, "the architecture", config.Architecture, arch)
			house.Want(t, "the environment", config.Config.Env[len(config.Config.Env)-1], "ARCH="+arch)
		}
	})
}

// frontendCalls counts how often a daemon is asked for a frontend of its own.
type frontendCalls struct {
	gateway.Client
	n *atomic.Int32
}

func (c frontendCalls) Solve(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	if req.Frontend != "" {
		c.n.Add(1)
	}
	return c.Client.Solve(ctx, req)
}

// TestDockerfileOnce shows that a stage is read once for each platform, however
// often and wherever it is named.
func TestDockerfileOnce(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
from: dockerfile:Dockerfile
layers:
  - files: [{dest: /a, from: dockerfile:./Dockerfile, source: /a}]
  - build:
      from: {base}
      platform: $BUILDPLATFORM
      mounts: [{target: /in, from: dockerfile:Dockerfile, source: /a}]
      run: cp /in $out/b
-- Dockerfile --
FROM scratch
COPY a /a
-- a --
`)
	var n atomic.Int32
	err := h.InProcess(t, dir, "once:1", map[string]string{"platform": "linux/amd64,linux/arm64"},
		func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
			return frontend.Build(ctx, frontendCalls{c, &n})
		})
	if err != nil {
		t.Fatal(err)
	}
	if n.Load() != 2 {
		t.Errorf("the Dockerfile was read %d times for two platforms", n.Load())
	}
}

// TestPackagesOnDockerfile locks and installs packages on what a Dockerfile makes,
// whose database has to be looked into.
func TestPackagesOnDockerfile(t *testing.T) {
	h := house.New(t)
	a := house.Services(t)
	dir := h.OnDebian(t, a, "dockerfile:Dockerfile", "  - packages: {names: [first], REPOSITORIES}\n  - build: {run: \"cat /marked >/seen\"}\n")
	house.Write(t, filepath.Join(dir, "Dockerfile"), []byte("FROM "+testenv.DebianBase(t)+"\nRUN echo mine >/marked\nENV MARK=1\n"))
	h.MustLock(t, a, dir)
	house.Contains(t, house.Read(t, dir, "strata.lock"), `base: "dockerfile:Dockerfile"`, "{name: first,")
	image := h.ByStrata().Image(t, h, "", house.Flags(dir)...)
	house.Want(t, "what is installed", h.Healthy(t, image, "first"), "ii first 1\n")
	house.Want(t, "/seen", house.Read(t, house.SomeOf(t, h, image, "seen"), "seen"), "mine\n")
	house.Contains(t, house.LayersOf(t, h, image), "RUN /bin/sh -c echo mine >/marked # buildkit", "packages first")
	if status, out := h.Lock(t, a, dir, "--check"); status != 0 {
		t.Errorf("strata lock --check: exit status %d\n%s", status, out)
	}
	house.Validate(t, h, image)
}

// TestDockerfileInRemoteContext reads Dockerfiles of repositories and archives.
func TestDockerfileInRemoteContext(t *testing.T) {
	h := house.New(t)
	files := map[string]string{
		"strata.yaml":       "# syntax=" + h.Frontend + "\nfrom: dockerfile:docker/Dockerfile\n",
		"docker/Dockerfile": "FROM scratch\nCOPY data /\n",
		"data/a":            "from here",
	}
	within := map[string]string{}
	var entries []testenv.Entry
	for name, text := range files {
		within["sub/"+name] = text
		entries = append(entries, testenv.Entry{Path: name, Data: []byte(text)})
	}
	git, sub := testenv.GitServer(t, files), testenv.GitServer(t, within)
	server := testenv.FileServer(t, map[string][]byte{"/context.tar": testenv.Tar(t, entries)})
	h.Each(t, func(t *testing.T, w house.Way) {
		for _, address := range []string{git.URL, sub.URL + "#main:sub", server.URL + "/context.tar"} {
			out := w.Files(t, "-f", "strata.yaml", address)
			house.Want(t, address, house.Read(t, out, "a"), "from here")
		}
	})
}

// TestDockerfileQuestions shows that questions are answered without running
// anything.
func TestDockerfileQuestions(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
args: {GIVEN: null}
from: dockerfile:./Dockerfile#one
layers: [{files: [{dest: /a, content: a}]}]
-- Dockerfile --
FROM {base} AS one
RUN exit 42
`)
	for name, ask := range askers(h) {
		for _, call := range []string{"outline", "targets", "check"} {
			if _, all, failed := ask(t, dir, call); failed {
				t.Errorf("%s through %s fails:\n%s", call, name, all)
			}
		}
	}
	out, err := h.CLI.Command("plan", "--addr", h.Daemon.Addr, "--build-arg", "GIVEN=1", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Images []struct{ From struct{ Kind, Name string } }
	}
	if err := json.Unmarshal(out, &p); err != nil || len(p.Images) != 1 {
		t.Fatalf("read the plan: %v\n%s", err, out)
	}
	house.Want(t, "the base", p.Images[0].From.Kind+" "+p.Images[0].From.Name, "dockerfile Dockerfile#one")
}

// TestDockerfileFailsInTheBuild shows both files' lines when a step of the
// Dockerfile fails that nothing but the build itself needs.
func TestDockerfileFailsInTheBuild(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - build:
      from: dockerfile:Dockerfile
      run: echo >$out/a
-- Dockerfile --
FROM scratch
COPY no/such /a
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir)...)
		if err == nil {
			t.Fatalf("a failing Dockerfile is not an error:\n%s", out)
		}
		house.Contains(t, out, "Dockerfile:2:1: ", `"/no/such": not found`, ">>> COPY no/such /a", ">>>       from: dockerfile:Dockerfile")
	})
}

// TestNoDockerfileFrontend tells what a daemon lacks that can't read Dockerfiles.
func TestNoDockerfileFrontend(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\nfrom: dockerfile:Dockerfile\n-- Dockerfile --\nFROM scratch\n-- off.toml --\n[frontend.\"dockerfile.v0\"]\n  enabled = false\n")
	out, err := h.CLI.Command("build", "--root", t.TempDir(), "--config", filepath.Join(dir, "off.toml"), dir).CombinedOutput()
	if err == nil {
		t.Fatalf("a daemon without Dockerfiles is not an error:\n%s", out)
	}
	house.Contains(t, string(out), "strata.yaml:1:7: look up dockerfile:Dockerfile: the daemon can't read Dockerfiles", "from: dockerfile:Dockerfile")
}

// TestDockerfileSyntax follows the line that names another frontend: here, one
// that reads a build file of ours.
func TestDockerfileSyntax(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: dockerfile:other/image#part
-- other/image --
{syntax}
targets: {part: {layers: [{files: [{dest: /b, source: a}]}]}}
-- a --
in the context
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		house.Want(t, "/b", house.Read(t, w.Files(t, house.Flags(dir)...), "b"), "in the context\n")
	})
}

// TestDockerfileWithoutCache runs a Dockerfile's commands again, but not once for
// each place that takes from it.
func TestDockerfileWithoutCache(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: dockerfile:Dockerfile#random
layers:
  - files: [{dest: /etc/copy, from: dockerfile:Dockerfile#random, source: /id}]
-- Dockerfile --
FROM {base} AS random
RUN cat /proc/sys/kernel/random/uuid >/id
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		first := house.Read(t, w.Files(t, house.Flags(dir)...), "id")
		house.Want(t, "the cached one", house.Read(t, w.Files(t, house.Flags(dir)...), "id"), first)
		for _, flag := range []string{"--no-cache", "--no-cache-filter=random"} {
			out := filepath.Join(t.TempDir(), "out")
			said := w.Must(t, house.Flags(dir, flag, "-o", out)...)
			again := house.Read(t, out, "id")
			if again == first {
				t.Errorf("%s takes the command from the cache", flag)
			}
			house.Want(t, "/etc/copy", house.Read(t, out, "etc/copy"), again)
			if strings.Contains(said, "no target or layer is called") {
				t.Errorf("a stage is warned of:\n%s", said)
			}
		}
	})
}
