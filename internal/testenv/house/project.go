// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// Project makes a directory from an archive. In its files "{base}" stands for the
// base image, "{registry}" for the registry, and "{syntax}" for the line that
// names the frontend.
func (h *House) Project(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	fill := strings.NewReplacer("{base}", h.Base, "{registry}", h.Registry.Host, "{syntax}", "# syntax="+h.Frontend)
	for _, f := range txtar.Parse([]byte(archive)).Files {
		Write(t, filepath.Join(dir, f.Name), []byte(fill.Replace(string(f.Data))))
	}
	return dir
}

// OneLayer is a project with nothing but a build file.
func (h *House) OneLayer(t *testing.T, layers string) string {
	t.Helper()
	return h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: {base}\nlayers:\n"+layers)
}

// Flags name the build file of a project and the project as the context.
func Flags(dir string, more ...string) []string {
	return append([]string{"-f", filepath.Join(dir, "strata.yaml"), dir}, more...)
}
