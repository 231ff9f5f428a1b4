// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// asker asks a question about the build file in a directory and returns what goes
// to the standard output, and everything.
type asker func(t *testing.T, dir, call string, flags ...string) (out, all string, failed bool)

func askers(h *house.House) map[string]asker {
	return map[string]asker{
		"docker": func(t *testing.T, dir, call string, flags ...string) (string, string, bool) {
			return ask(t, h.Buildx.Command(append([]string{"buildx", "build", "--call=" + call, "-f", filepath.Join(dir, "strata.yaml"), dir}, flags...)...))
		},
		"strata": func(t *testing.T, dir, call string, flags ...string) (string, string, bool) {
			cmd := h.CLI.Command(append([]string{"build", "--call=" + call, dir}, flags...)...)
			cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
			return ask(t, cmd)
		},
	}
}

func ask(t *testing.T, cmd *exec.Cmd) (string, string, bool) {
	t.Helper()
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	err := cmd.Run()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return out.String(), out.String() + messages.String(), err != nil
}

// TestRequests compares the answers to questions about a build file with those
// in testdata.
func TestRequests(t *testing.T) {
	h := house.New(t)
	s := loadRequests(t, h)
	for name, ask := range askers(h) {
		for _, call := range []string{"outline", "targets", "subrequests.describe", "check"} {
			t.Run(name+"/"+call, func(t *testing.T) {
				out, all, _ := ask(t, s.Dir, call, "--build-arg", "VERSION=2", "--target", "debug")
				if strings.Contains(all, "dockerfile parse error") {
					t.Fatalf("the build file was read as a Dockerfile:\n%s", all)
				}
				if call == "check" { // the clients have words of their own around it
					call = name + " " + call
				}
				s.Expect(t, call, hide(h, out, s.Dir), *update)
			})
		}
	}
}

// loadRequests unpacks testdata/requests.txtar.
func loadRequests(t *testing.T, h *house.House) *house.Case {
	t.Helper()
	s := &house.Case{Archive: testenv.ReadArchive(t, "testdata/requests.txtar"), Dir: t.TempDir()}
	text := "# syntax=" + h.Frontend + "\n" + strings.ReplaceAll(s.Section("strata.yaml"), "{base}", h.Base)
	house.Write(t, filepath.Join(s.Dir, "strata.yaml"), []byte(text))
	return s
}

// hide replaces what differs from run to run.
func hide(h *house.House, text, dir string) string {
	return strings.NewReplacer(h.Registry.Host, "REGISTRY", dir, "DIR").Replace(text)
}

// TestCheckFault shows that a check of a faulty build file fails at the line.
func TestCheckFault(t *testing.T) {
	h := house.New(t)
	for fault, parts := range map[string][]string{
		"layers:\n  - filez: []\n": {"filez", "files", "strata.yaml:3"},
		"layers: [\n":              {"strata.yaml:"},
		"from: target:nothing\n":   {"nothing", "strata.yaml:2"},
		"layers:\n  - files: [{dest: /a, content: a, mode: rwx}]\n": {"rwx", "strata.yaml:3"},
	} {
		dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+fault)
		for name, ask := range askers(h) {
			_, all, failed := ask(t, dir, "check")
			if !failed {
				t.Errorf("%s finds no fault in\n%s", name, fault)
			}
			house.Contains(t, all, parts...)
			if strings.Contains(all, "dockerfile parse error") {
				t.Errorf("the build file was read as a Dockerfile:\n%s", all)
			}
		}
	}
}

// TestUnknownRequest shows that a question no one knows is refused, and not
// handed to the Dockerfile frontend.
func TestUnknownRequest(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: []\n")
	out, err := buildctl(t, h, dir, "--opt", "requestid=frontend.horoscope")
	if err == nil {
		t.Fatalf("an unknown request is not an error:\n%s", out)
	}
	house.Contains(t, out, `"frontend.horoscope"`, "outline, targets, lint")
}

// TestPinnedBase shows that a plan has the digest of its base.
func TestPinnedBase(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\nfrom: {base}\n")
	out, err := buildctl(t, h, dir, "--opt", "requestid=frontend.strata.plan")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	house.Contains(t, out, h.Base+"@"+h.Registry.Descriptor(t, "base:1").Digest.String())
}

// TestQuiet shows that -q prints the image's digest and nothing else.
func TestQuiet(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	docker := h.Buildx.Command("buildx", "build", "-q", "--provenance=false", "-o", h.Pushed("quiet:1"), "-f", filepath.Join(dir, "strata.yaml"), dir)
	fromDocker, _, _ := ask(t, docker)
	cli := h.CLI.Command("build", "-q", "--push", "-t", h.Registry.Host+"/quiet:1", dir)
	cli.Env = append(cli.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
	_, fromStrata, _ := ask(t, cli)
	config := house.Dig(house.Raw(t, h, "quiet:1"), "config", "digest").(string)
	house.Want(t, "docker's output", fromDocker, config+"\n")
	house.Want(t, "strata's output", fromStrata, config+"\n")
}

// buildctl runs the frontend's image the way buildctl does.
func buildctl(t *testing.T, h *house.House, dir string, flags ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(testenv.Program(t, "buildctl"), append([]string{
		"--addr", h.Daemon.Addr, "build", "--progress=plain", "--frontend", "gateway.v0", "--opt", "source=" + h.Frontend,
		"--local", "context=" + dir, "--local", "dockerfile=" + dir, "--opt", "filename=strata.yaml",
	}, flags...)...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+h.Buildx.Config)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestBuildctl shows that buildctl gives the image that the other doors give,
// and answers questions.
func TestBuildctl(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
args: {NAME: x}
from: {base}
layers:
  - files: [{dest: /bin/tool, source: tool, mode: "0755"}]
  - build: {run: echo $NAME > $out/name}
  - build: {run: rm /usr/lib/release}
targets: {debug: {from: target:default}}
-- tool --
#!/bin/sh
`)
	out, err := buildctl(t, h, dir, "--opt", "build-arg:NAME=y", "--output", h.Pushed("buildctl:1"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	name := h.Ways()[1].Image(t, h, "", dir, "--build-arg", "NAME=y")
	house.Want(t, "buildctl's digest", h.Registry.Descriptor(t, "buildctl:1").Digest.String(), h.Registry.Descriptor(t, name).Digest.String())

	out, err = buildctl(t, h, dir, "--opt", "requestid=frontend.targets")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	house.Contains(t, out, "default (default)", "debug")
}
