// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// A site is where whole builds meet what is made to do harm: an engine.
type site struct{ cli *testenv.CLI }

// patience is how long a build there may take.
const patience = 3 * time.Minute

// project writes files into a directory, the build file among them.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return dir
}

// build builds a project, and leaves its files in the box.
func (s *site) build(t *testing.T, b *box, dir string, flags ...string) error {
	t.Helper()
	return s.run(t, slices.Concat([]string{"build", "--progress=plain", "-o", `type=local,"dest=` + filepath.Join(b.out, "image") + `"`}, flags, []string{dir})...)
}

// run runs the command line.
func (s *site) run(t *testing.T, args ...string) error {
	t.Helper()
	cli := *s.cli
	cli.Until = time.Now().Add(patience)
	if got := cli.Run(t, args...); got.Code != 0 {
		return errors.New(got.Stderr)
	}
	return nil
}
