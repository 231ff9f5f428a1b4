// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestInitCheck has the command line convert Dockerfiles, build both and say what
// differs: for what is known to differ it has a reason, and for what else does a status.
func TestInitCheck(t *testing.T) {
	b := newBench(t)
	base := (&world{users: map[string]bool{}}).writeBase(t, filepath.Join(t.TempDir(), "base"), b.recorder)
	for _, test := range []struct {
		name, dockerfile string
		status           int
		want             []string
	}{
		{
			"explained", "FROM scratch\nCOPY file /etc/\nENV A=1\n", 0,
			[]string{"~ /etc/file: mode 0660 -> 0644", "COPY takes files' modes as the checkout has them; a build file gives 0644 or 0755: /etc/file\n", "gives an image on scratch a PATH"},
		},
		{ // the record of the step has its environment
			"unexplained", "FROM base\nARG UNUSED=1\nRUN echo\nRUN echo $UNUSED\n", 3,
			[]string{"~ /.records/0001: content", "no reason is known, so look at it: /.records/0001"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "file"), []byte("hello\n"))
			writeFile(t, filepath.Join(dir, "sub", "app.Dockerfile"), []byte(test.dockerfile))
			if err := os.Chmod(filepath.Join(dir, "file"), 0o660); err != nil { //nolint:gosec // a mode that differs is what it is about
				t.Fatal(err)
			}
			got := b.strata.Run(t, "init", "--check", "--addr", b.daemon.Addr, "--progress", "quiet", "--build-context", "base="+base, "-f", filepath.Join(dir, "sub", "app.Dockerfile"), dir)
			if got.Code != test.status {
				t.Errorf("status %d, want %d: %s", got.Code, test.status, got.Stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(got.Stdout, want) {
					t.Errorf("%q isn't said:\n%s%s", want, got.Stdout, got.Stderr)
				}
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		dir := testenv.Dir(t)
		writeFile(t, filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\n"))
		writeFile(t, filepath.Join(dir, "context", "file"), nil)
		for _, args := range [][]string{{"-f", filepath.Join(dir, "Dockerfile"), filepath.Join(dir, "context")}, {filepath.Join(dir, "context")}, {"-o", "-", dir}, {"--template", "go", dir}} {
			if got := b.strata.Run(t, append([]string{"init", "--check"}, args...)...); got.Code != 2 || !strings.Contains(got.Stderr, "--check") {
				t.Errorf("%q: status %d: %s", args, got.Code, got.Stderr)
			}
		}
		for _, name := range []string{"strata.yaml", "context/strata.yaml"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%s was written", name)
			}
		}
	})
}
