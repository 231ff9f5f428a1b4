// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/testenv"
)

// common is a project whose images differ by an argument, in a file and in what a command
// makes; layers before and after are the same.
const common = `# syntax=FRONTEND
args: {N: "0"}
from: BASE
layers:
  - files: [{dest: /text, source: text}]
  - files: [{dest: /number, content: "$N\n", expand: true}]
  - build: {from: BASE, env: {N: $N}, run: "mkdir $out/a; for i in $(seq 50); do echo $i $N >$out/a/$i; done"}
  - build: {from: BASE, run: "head -c 3000000 /dev/zero | tr '\\0' x >$out/large"}
`

// variants is how many different images there are of it.
const variants = 10

// A crowd are builds of one project, through a daemon with the frontend's image and through
// the engine.
type crowd struct {
	dir    string
	cli    *testenv.CLI
	daemon *testenv.Daemon
	client *client.Client

	mu   sync.Mutex
	want map[int]string
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	registry := testenv.NewRegistry(t, testenv.RegistryOptions{})
	c := &crowd{dir: t.TempDir(), cli: testenv.Strata(t), daemon: testenv.Buildkitd(t, testenv.DaemonOptions{}), want: map[int]string{}}
	c.client = c.daemon.Client(t)
	base := testenv.BusyboxImage(t, registry, "base:1", testenv.BusyboxTweaks{Only: "amd64"})
	text := strings.NewReplacer("FRONTEND", testenv.FrontendImage(t, registry), "BASE", base).Replace(common)
	must(t, os.WriteFile(filepath.Join(c.dir, "strata.yaml"), []byte(text), 0o644))
	must(t, os.WriteFile(filepath.Join(c.dir, "text"), []byte("text\n"), 0o644))
	return c
}

// seen holds the digest of a variant to that of the builds before.
func (c *crowd) seen(n int, digest string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	n %= variants
	if c.want[n] == "" {
		c.want[n] = digest
	}
	if digest == "" || digest != c.want[n] {
		return fmt.Errorf("variant %d has the digest %q, and not %q", n, digest, c.want[n])
	}
	return nil
}

// throughDaemon builds as docker's command line lets a daemon build.
func (c *crowd) throughDaemon(ctx context.Context, n int) error {
	dir, err := fsutil.NewFS(c.dir)
	if err != nil {
		return err
	}
	answer, err := c.client.Solve(ctx, nil, client.SolveOpt{
		Frontend:      "dockerfile.v0",
		FrontendAttrs: map[string]string{"filename": "strata.yaml", "build-arg:N": fmt.Sprint(n % variants)},
		LocalMounts:   map[string]fsutil.FS{"context": dir, "dockerfile": dir},
		Exports: []client.ExportEntry{{Type: client.ExporterOCI, Output: func(map[string]string) (io.WriteCloser, error) {
			return unread{io.Discard}, nil
		}}},
	}, nil)
	if err != nil {
		return err
	}
	return c.seen(n, answer.ExporterResponse["containerimage.digest"])
}

// unread is an output that no one wants.
type unread struct{ io.Writer }

// Close ends it.
func (unread) Close() error { return nil }

// command builds with the command line, on the engine or on the daemon, into a file.
func (c *crowd) command(n int, out string, more ...string) *exec.Cmd {
	args := []string{"build", "--progress=plain", "--build-arg", fmt.Sprintf("N=%d", n%variants), "--metadata-file", out + ".json", "-o", "type=oci,dest=" + out}
	return c.cli.Command(append(append(args, more...), c.dir)...)
}

// throughEngine builds with the command line.
func (c *crowd) throughEngine(n int, out string, more ...string) error {
	said, err := c.command(n, out, more...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	digest, err := digestIn(out + ".json")
	if err != nil {
		return err
	}
	for _, file := range []string{out, out + ".json"} {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return c.seen(n, digest)
}

// at once runs builds at the same time.
func atOnce(t *testing.T, n int, build func(i int) error) {
	t.Helper()
	var group errgroup.Group
	for i := range n {
		group.Go(func() error {
			if err := build(i); err != nil {
				return fmt.Errorf("build %d of %d at once: %w", i, n, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// TestLoad builds a lot at once, and beside clients that stop reading. Each build gives the
// right image; the memory of daemon and engine stays bounded, and they have no more files
// open in the end than in the beginning.
func TestLoad(t *testing.T) {
	c := newCrowd(t)
	requests, builds := 4, 3
	if *whole {
		requests, builds = 100, 50
	}
	out := testenv.Dir(t)
	engine := func(i int, more ...string) error {
		return c.throughEngine(i, filepath.Join(out, fmt.Sprintf("image%d.tar", i)), more...)
	}
	must(t, c.throughDaemon(t.Context(), 0))
	must(t, engine(0))
	t.Run("requests at once on a daemon", func(t *testing.T) {
		before := look(t, c.daemon.PID())
		atOnce(t, requests, func(i int) error { return c.throughDaemon(t.Context(), i) })
		before.compare(t, fmt.Sprintf("%d requests at once through the frontend's image", requests), func() error { return engine(0) })
	})
	t.Run("builds at once on an engine", func(t *testing.T) {
		before := look(t, c.engine(t))
		atOnce(t, builds, func(i int) error { return engine(i) })
		before.compare(t, fmt.Sprintf("%d builds at once on the engine", builds), func() error { return engine(0) })
	})
	for _, where := range []struct {
		name string
		pid  int
		more []string
	}{{"engine", c.engine(t), nil}, {"daemon", c.daemon.PID(), []string{"--addr", c.daemon.Addr}}} {
		t.Run("clients that stop reading/"+where.name, func(t *testing.T) {
			before := look(t, where.pid)
			var stopped []*exec.Cmd
			for i := range 5 {
				cmd := c.command(i, filepath.Join(out, fmt.Sprintf("stopped%d.tar", i)), append(where.more, "--no-cache")...)
				must(t, cmd.Start())
				stopped = append(stopped, cmd)
			}
			for i, cmd := range stopped {
				time.Sleep(time.Duration(i*100) * time.Millisecond) // they stop at different moments
				must(t, cmd.Process.Signal(syscall.SIGSTOP))
			}
			atOnce(t, 5, func(i int) error { return engine(i, where.more...) })
			for _, cmd := range stopped {
				_ = cmd.Process.Kill() // some had ended
				_ = cmd.Wait()
			}
			must(t, engine(0, where.more...))
			before.compare(t, "5 builds at once beside 5 clients that stop reading, on the "+where.name, func() error { return engine(0, where.more...) })
		})
	}
}
