// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/strata-build/strata/internal/testenv"
)

// canary clears the screen in two ways, returns to the beginning of the line, and
// has a line of its own. A lock and a build file have it as canaryYAML.
const (
	canary     = "x\x1b[2J\u009b2J\u202e\rX\nFORGED line"
	canaryYAML = `x\e[2J\x9b2J\u202e\rX\nFORGED line`
	canaryLine = `x\e[2J\x9b2J\u202eX`
)

// checkCanary fails if a terminal would obey what was printed.
func checkCanary(t *testing.T, printed string) {
	t.Helper()
	for i, r := range printed {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(printed[i:], "\ufffd") {
			t.Errorf("%q is printed raw at %q", r, printed[max(0, i-40):min(len(printed), i+40)])
			return
		}
	}
	for line := range strings.Lines(printed) {
		if strings.HasPrefix(line, "FORGED") {
			t.Errorf("a line is forged:\n%s", printed)
			return
		}
	}
}

// canaryLayout writes a layout with an index of an image whose texts are canaries.
func canaryLayout(t *testing.T, other string) string {
	t.Helper()
	c := canary + other
	image := testenv.Image(t, "amd64", v1.Config{
		Env: []string{c + "=" + c}, User: c, WorkingDir: c, Labels: map[string]string{c: c}, Entrypoint: []string{c}, Cmd: []string{c},
		Volumes: map[string]struct{}{c: {}}, ExposedPorts: map[string]struct{}{c: {}}, StopSignal: c, Healthcheck: &v1.HealthConfig{Test: []string{c}},
	},
		[]testenv.Entry{{Path: c, Data: []byte(other)}, {Path: "link", Symlink: c}, {Path: c + "-link", Symlink: c}},
		[]testenv.Entry{{Path: "lib/apk/db/installed", Data: []byte("P:\x1b[2J\rX\u009b\nV:\x1b[2J\n\n")}})
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.Author, file.Variant = c, c
	for i := range file.History {
		file.History[i].CreatedBy, file.History[i].Comment = c, c
	}
	if image, err = mutate.ConfigFile(image, file); err != nil {
		t.Fatal(err)
	}
	image = mutate.Annotations(image, map[string]string{c: c}).(v1.Image)
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
		Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}, Annotations: map[string]string{c: c},
	}})
	index = mutate.Annotations(index, map[string]string{c: c}).(v1.ImageIndex)
	path, err := layout.Write(testenv.Dir(t), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	return "oci:" + string(path)
}

// TestCanaryImage has every verb about images print an image whose texts a stranger
// wrote.
func TestCanaryImage(t *testing.T) {
	a, b := canaryLayout(t, ""), canaryLayout(t, "2")
	dir := testenv.Dir(t)
	for _, args := range [][]string{
		{"inspect", a},
		{"inspect", "--json", a},
		{"inspect", "--digests", a},
		{"inspect", "--sbom", a},
		{"inspect", "--provenance", a},
		{"inspect", "--platform", "linux/s390x", a},
		{"index", "inspect", a},
		{"index", "inspect", "--json", a},
		{"index", "create", "--dry-run", "oci:" + filepath.Join(dir, "i"), a, b},
		{"diff", a, b},
		{"diff", "--json", a, b},
		{"diff", a, a},
		{"copy", a, "oci:" + filepath.Join(dir, "c") + ":t"},
		{"tag", a, canary},
		{"export", a, "-o", "type=cpio,dest=" + filepath.Join(dir, "x.cpio")},
		{"export", a, "-o", filepath.Join(dir, "tree")},
		{"export", a, "-o", "type=erofs,dest=" + filepath.Join(dir, "x.erofs")},
		{"inspect", "oci:" + canary},
		{"inspect", canary},
		{"copy", canary, canary},
		{canary},
		{"inspect", "--" + canary},
	} {
		_, out, stderr := command(t, args...)
		if out+stderr == "" && args[0] != "export" {
			t.Errorf("%q prints nothing", args)
		}
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) { checkCanary(t, out+stderr) })
	}
}

// canaryFile is a build file with a canary wherever a text may have one.
const canaryFile = `args:
  A: "CANARY"
  TOKEN: "CANARY"
from: "BASE"
layers:
  - name: "LINE"
    files:
      - {dest: "/LINE", content: "CANARY"}
  - name: "LINE"
    build: {run: "printf 'a\\033[2J\\r\\302\\233x\\nb'; : 'CANARY'", env: {B: "CANARY"}, cache: [{target: /c, id: "LINE"}]}
  - build: {run: ": 'CANARY'; exit ${STATUS:-0}", env: {STATUS: "${STATUS:-0}"}}
config:
  env: {E: "CANARY", PASSWORD: "CANARY"}
  labels: {"LINE": "CANARY"}
  entrypoint: ["CANARY"]
tests:
  - name: "LINE"
    run: "printf 'CANARY'; printf 'CANARY' >&2; exit 1"
targets:
  other:
    layers: [{files: [{dest: /x/, source: "LINE"}]}]
  address:
    layers: [{files: [{dest: /x, url: "http://127.0.0.1:1/x"}]}]
  image:
    from: "127.0.0.1:1/x"
  packages:
    layers: [{packages: ["x"]}]
  user:
    layers: [{files: [{dest: /x, content: x, owner: "x"}]}]
`

// TestCanaryBuildFile has every verb that reads a build file print one whose texts a
// stranger wrote.
func TestCanaryBuildFile(t *testing.T) {
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{})
	base := testenv.BusyboxImage(t, testenv.NewRegistry(t, testenv.RegistryOptions{}), "canary:1", testenv.BusyboxTweaks{})
	dir := testenv.Dir(t)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "strata-step"), "../strata-step")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // the race detector's tests are run with 1
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the step helper: %v\n%s", err, out)
	}
	t.Setenv("STRATA_STEP_DIR", dir)
	text := strings.NewReplacer("CANARY", canaryYAML, "LINE", canaryLine, "BASE", base).Replace(canaryFile)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("strata.yaml", text)
	try := func(args ...string) (status int, printed string) {
		args = append(args[:1:1], append([]string{"--addr", daemon.Addr}, args[1:]...)...)
		status, out, stderr := command(t, args...)
		t.Run(strings.Join(args[:1], " "), func(t *testing.T) { checkCanary(t, out+stderr) })
		return status, out + stderr
	}
	if status, printed := try("build", "--progress", "plain", "--report", filepath.Join(dir, "report"), dir); status != 0 || !strings.Contains(printed, `x\x1b[2J`) {
		t.Errorf("status %d:\n%s", status, printed)
	}
	for _, args := range [][]string{
		{"check"},
		{"build", "--call", "check,format=json"},
		{"build", "--call", "outline"},
		{"build", "--call", "targets"},
		{"build", "--call", "outline,format=json"},
		{"plan"},
		{"plan", "--json"},
		{"graph"},
		{"llb"},
		{"test"},
		{"lock", "-o", "-"},
		{"build", "--progress", "rawjson"},
		{"build", "-q"},
		{"build", "--build-arg", "STATUS=3", "--progress", "plain"},
		{"build", "-q", "--build-arg", "STATUS=3"},
		{"build", "--target", "other"},
		{"build", "--target", "address"},
		{"build", "--target", "image"},
		{"build", "--target", "packages"},
		{"build", "--target", "user"},
		{"build", "--target", canary},
		{"build", "--build-arg", canary + "=x"},
		{"build", "--label", canary + "=" + canary},
	} {
		if _, printed := try(append(args, dir)...); printed == "" && !slices.Contains(args, "-q") {
			t.Errorf("%q prints nothing", args)
		}
	}
	for i, broken := range []string{
		`"CANARY": 1`, `from: "CANARY"`, `from: {"CANARY": 1}`, `targets: {"CANARY": {}}`, `args: {"CANARY": x}`, `files: [{dest: /x, "CANARY": x}]`,
		`files: [{dest: /x, source: "${CANARY}"}]`, `config: {user: "CANARY", stop_signal: "CANARY", workdir: "CANARY"}`, "# raw \x1b[2J\nfrom: scratch", "a: \x1b[2J",
		"a: \u202e\rb", `layers: ["CANARY"]`, `files: [{dest: /x, content: x, mode: "CANARY"}]`, `from: "dockerfile:CANARY"`, `"\e`, `a: *CANARY`,
		`layers: [{name: "CANARY", files: [{dest: /x, content: x}]}]`, `layers: [{files: [{dest: /x, url: "http://127.0.0.1:1/CANARY"}]}]`,
		`from: "127.0.0.1:1/CANARY"`, `layers: [{packages: ["CANARY"]}]`, `layers: [{files: [{dest: /x, content: x, owner: "CANARY"}]}]`, `layers: [{files: [{dest: /x/, source: "CANARY*"}]}]`,
		`layers: [{files: [{dest: /x, content: "${CANARY}"}]}]`, `layers: [{files: [{dest: /x, git: "https://127.0.0.1:1/CANARY"}]}]`,
	} {
		path := write(fmt.Sprintf("broken%d.yaml", i), strings.ReplaceAll(broken, "CANARY", canaryYAML))
		for _, verb := range []string{"check", "build"} {
			try(verb, "-f", path, dir)
		}
	}
	try("du", "-v")
	try("prune")
}
