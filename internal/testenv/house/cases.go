// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// Case is one of testdata/cases, unpacked.
type Case struct {
	*testenv.Archive
	// Dir is the context, with the build file in it.
	Dir string
	// Flags are those that the case is built with, in all clients' notation.
	Flags []string
}

// Cases are all of testdata/cases, or those with the names.
func Cases(t *testing.T, names ...string) []*Case {
	t.Helper()
	var all []*Case
	for _, a := range testenv.Archives(t, "cases") {
		if len(names) > 0 && !slices.Contains(names, a.Name) {
			continue
		}
		c := &Case{Archive: a, Dir: t.TempDir(), Flags: strings.Fields(a.Section("flags"))}
		for name, text := range a.Files("flags", "want", "config") {
			Write(t, filepath.Join(c.Dir, name), []byte(text))
		}
		all = append(all, c)
	}
	return all
}

// ByDocker builds a case through "docker buildx build" and "# syntax=", with more flags
// and a changed environment.
func (c *Case) ByDocker(t *testing.T, h *House, env []string, flags ...string) {
	t.Helper()
	if out, err := c.TryDocker(t, h, env, flags...); err != nil {
		t.Fatalf("build %s %v: %v\n%s", c.Name, flags, err, out)
	}
}

// TryDocker is [Case.ByDocker] where the build may fail, and gives what it prints.
func (c *Case) TryDocker(t *testing.T, h *House, env []string, flags ...string) (string, error) {
	t.Helper()
	text := "# syntax=" + h.Frontend + "\n" + c.Section("strata.yaml")
	Write(t, filepath.Join(c.Dir, "with-syntax.yaml"), []byte(text))
	defer Remove(t, filepath.Join(c.Dir, "with-syntax.yaml"))
	if ignore := c.Section(".dockerignore"); ignore != "" {
		Write(t, filepath.Join(c.Dir, "with-syntax.yaml.dockerignore"), []byte(ignore+"\nwith-syntax*\n"))
		defer Remove(t, filepath.Join(c.Dir, "with-syntax.yaml.dockerignore"))
	}
	args := slices.Concat([]string{"buildx", "build", "-f", filepath.Join(c.Dir, "with-syntax.yaml"), "--build-arg", "BASE=" + h.Base, "--provenance=false"}, flags, c.Flags)
	cmd := h.Buildx.Command(append(args, c.Dir)...)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// ByStrata builds a case through "strata build", with more flags and a changed environment.
func (c *Case) ByStrata(t *testing.T, h *House, env []string, flags ...string) {
	t.Helper()
	if out, err := c.TryStrata(h, env, flags...); err != nil {
		t.Fatalf("build %s %v: %v\n%s", c.Name, flags, err, out)
	}
}

// TryStrata is [Case.ByStrata] where the build may fail, and gives what it prints.
func (c *Case) TryStrata(h *House, env []string, flags ...string) (string, error) {
	args := slices.Concat([]string{"build", "--build-arg", "BASE=" + h.Base}, flags, c.Flags)
	cmd := h.CLI.Command(append(args, c.Dir)...)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
