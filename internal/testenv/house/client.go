// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Way is a client that a test builds with: the same flags for each.
type Way struct {
	Name  string
	Build func(flags ...string) (string, error)
}

// Ways are docker buildx with the frontend's image and the command line, both on
// the shared daemon. What they print is the plain progress and all messages.
func (h *House) Ways() []Way {
	return []Way{{Name: "docker", Build: h.Docker}, h.ByStrata()}
}

// ByStrata is the command line on the shared daemon, for a test to which the way
// makes no difference.
func (h *House) ByStrata() Way { return Way{Name: "strata", Build: h.Strata} }

// Docker runs "docker buildx build".
func (h *House) Docker(flags ...string) (string, error) {
	return h.Buildx.Build(append([]string{"--provenance=false"}, flags...)...)
}

// Strata runs "strata build" on the shared daemon.
func (h *House) Strata(flags ...string) (string, error) {
	cmd := h.CLI.Command(append([]string{"build", "--progress=plain"}, flags...)...)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Each runs a test once for each way.
func (h *House) Each(t *testing.T, f func(t *testing.T, w Way)) {
	for _, w := range h.Ways() {
		t.Run(w.Name, func(t *testing.T) { f(t, w) })
	}
}

// Must builds and ends the test if that fails.
func (w Way) Must(t *testing.T, flags ...string) string {
	t.Helper()
	out, err := w.Build(flags...)
	if err != nil {
		t.Fatalf("build %v: %v\n%s", flags, err, out)
	}
	return out
}

// Files builds into a directory and returns it.
func (w Way) Files(t *testing.T, flags ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	w.Must(t, append([]string{"-o", dir}, flags...)...)
	return dir
}

// Image builds, pushes, and returns repository:tag. Attributes are added to those
// of the output.
func (w Way) Image(t *testing.T, h *House, attrs string, flags ...string) string {
	t.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "-", "#", "-", "=", "-").Replace(t.Name())) + ":" + w.Name
	w.Must(t, append([]string{"-o", h.Pushed(name) + attrs}, flags...)...)
	return name
}

// Cached reports whether plain progress shows the step as taken from the cache. It
// ends the test if there is no such step.
func Cached(t *testing.T, progress, step string) bool {
	t.Helper()
	line := regexp.MustCompile(`(?m)^#(\d+) .*` + regexp.QuoteMeta(step)).FindStringSubmatch(progress)
	if line == nil {
		t.Fatalf("there is no step %q in\n%s", step, progress)
	}
	return strings.Contains(progress, "\n#"+line[1]+" CACHED\n")
}
