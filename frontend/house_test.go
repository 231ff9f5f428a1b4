// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/testenv"
)

// way is a client that a test builds with: the same flags for each.
type way struct {
	name  string
	build func(flags ...string) (string, error)
}

// ways are docker buildx with the frontend's image and the command line, both on
// the shared daemon. What they print is the plain progress and all messages.
func (h *house) ways() []way {
	return []way{{"docker", h.docker}, {"strata", h.strata}}
}

// docker runs "docker buildx build".
func (h *house) docker(flags ...string) (string, error) {
	return h.buildx.Build(append([]string{"--provenance=false"}, flags...)...)
}

// strata runs "strata build" on the shared daemon.
func (h *house) strata(flags ...string) (string, error) {
	cmd := h.cli.Command(append([]string{"build", "--progress=plain"}, flags...)...)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.daemon.Addr)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// each runs a test once for each way.
func (h *house) each(t *testing.T, f func(t *testing.T, w way)) {
	for _, w := range h.ways() {
		t.Run(w.name, func(t *testing.T) { f(t, w) })
	}
}

// must builds and ends the test if that fails.
func (w way) must(t *testing.T, flags ...string) string {
	t.Helper()
	out, err := w.build(flags...)
	if err != nil {
		t.Fatalf("build %v: %v\n%s", flags, err, out)
	}
	return out
}

// files builds into a directory and returns it.
func (w way) files(t *testing.T, flags ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	w.must(t, append([]string{"-o", dir}, flags...)...)
	return dir
}

// image builds, pushes, and returns repository:tag. Attributes are added to those
// of the output.
func (w way) image(t *testing.T, h *house, attrs string, flags ...string) string {
	t.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "-", "#", "-", "=", "-").Replace(t.Name())) + ":" + w.name
	w.must(t, append([]string{"-o", h.pushed(name) + attrs}, flags...)...)
	return name
}

// pushed is the output that pushes to a name in the registry.
func (h *house) pushed(name string) string {
	return "type=image,push=true,oci-mediatypes=true,name=" + h.registry.Host + "/" + name
}

// project makes a directory from an archive. In its files "{base}" stands for the
// base image, "{registry}" for the registry, and "{syntax}" for the line that
// names the frontend.
func (h *house) project(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	fill := strings.NewReplacer("{base}", h.base, "{registry}", h.registry.Host, "{syntax}", "# syntax="+h.frontend)
	for _, f := range txtar.Parse([]byte(archive)).Files {
		write(t, filepath.Join(dir, f.Name), []byte(fill.Replace(string(f.Data))))
	}
	return dir
}

// oneLayer is a project with nothing but a build file.
func (h *house) oneLayer(t *testing.T, layers string) string {
	t.Helper()
	return h.project(t, "-- strata.yaml --\n{syntax}\nfrom: {base}\nlayers:\n"+layers)
}

// flags name the build file of a project and the project as the context.
func flags(dir string, more ...string) []string {
	return append([]string{"-f", filepath.Join(dir, "strata.yaml"), dir}, more...)
}

// read returns a file's text.
func read(t *testing.T, elem ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// want compares a text.
func want(t *testing.T, what, got, wanted string) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s is %q, want %q", what, got, wanted)
	}
}

// contains looks for parts of a text.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q in\n%s", part, text)
		}
	}
}

// raw is a manifest or, with a flag, a configuration as skopeo reads it.
func raw(t *testing.T, h *house, repository string, flags ...string) map[string]any {
	t.Helper()
	args := append([]string{"inspect", "--tls-verify=false", "--raw"}, flags...)
	text := testenv.Output(t, "skopeo", append(args, "docker://"+h.registry.Host+"/"+repository)...)
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// dig follows names into decoded JSON; nil where there is nothing.
func dig(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// cached reports whether plain progress shows the step as taken from the cache. It
// ends the test if there is no such step.
func cached(t *testing.T, progress, step string) bool {
	t.Helper()
	line := regexp.MustCompile(`(?m)^#(\d+) .*` + regexp.QuoteMeta(step)).FindStringSubmatch(progress)
	if line == nil {
		t.Fatalf("there is no step %q in\n%s", step, progress)
	}
	return strings.Contains(progress, "\n#"+line[1]+" CACHED\n")
}
