// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/testenv"
)

var (
	builds  = flag.Int("builds", 2000, "how many builds a daemon and an engine live through, at least")
	lasting = flag.Duration("lasting", 0, "how long they live, at least")
)

// A life is what a daemon and an engine go through, one thing after the other.
type life struct {
	*crowd
	draw *rand.Rand
	out  string
	done map[string]int
}

// TestLife lets one daemon and one engine build a lot, some of it twice and some of it at
// once, between prunings, collections of garbage on a small disk, and clients that end. No
// build fails that shouldn't, and each gives the right image.
func TestLife(t *testing.T) {
	n, least := 10, time.Duration(0)
	if *whole {
		n, least = *builds, *lasting
	}
	c := newCrowd(t)
	data := filepath.Dir(c.cli.Root)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=400m,nr_inodes=100k", "tmpfs", data).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v\n%s", err, out)
	}
	l := &life{crowd: c, draw: rand.New(rand.NewPCG(*seed, 4)), out: filepath.Join(testenv.Dir(t), "image.tar"), done: map[string]int{}} //nolint:gosec // what happens is to be the same for a seed
	must(t, c.throughDaemon(t.Context(), 0))
	must(t, c.throughEngine(0, l.out))
	daemon, engine := look(t, c.daemon.PID()), look(t, c.engine(t))
	began := time.Now()
	for i := 0; (i < n || time.Since(began) < least) && !t.Failed(); {
		i += l.step(t)
	}
	must(t, c.throughDaemon(t.Context(), 0))
	must(t, c.throughEngine(0, l.out))
	t.Logf("%v", l.done)
	keep := func() error { return c.throughEngine(0, l.out) }
	daemon.compare(t, "the daemon", keep)
	engine.compare(t, "the engine", keep)
}

// step does one thing, and returns how many builds that was.
func (l *life) step(t *testing.T) int {
	t.Helper()
	n := l.draw.IntN(variants)
	did, count, err := "", 1, error(nil)
	switch k := l.draw.IntN(100); {
	case k < 38:
		did, err = "builds on the daemon", l.throughDaemon(t.Context(), n)
	case k < 70:
		did, err = "builds on the engine", l.throughEngine(n, l.out)
	case k < 76:
		did, err = "builds of the command line on the daemon", l.throughEngine(n, l.out, "--addr", l.daemon.Addr)
	case k < 82:
		did, count = "builds at once", 4
		atOnce(t, 4, func(i int) error {
			if i%2 == 0 {
				return l.throughDaemon(t.Context(), n+i)
			}
			return l.throughEngine(n+i, fmt.Sprintf("%s%d", l.out, i))
		})
	case k < 86:
		did = "builds on the daemon that are cancelled"
		ctx, cancel := context.WithTimeout(t.Context(), l.moment())
		_ = l.throughDaemon(ctx, n) // it may have ended before
		cancel()
	case k < 92:
		did = "clients that are ended"
		l.end(t, n)
	default:
		did, count, err = l.prune(t, k)
	}
	if err != nil {
		t.Errorf("after %v: %s: %v", l.done, did, err)
	}
	l.done[did] += max(count, 1)
	return count
}

// moment is some time in a build.
func (l *life) moment() time.Duration { return time.Duration(l.draw.IntN(1000)) * time.Millisecond }

// end ends a client in the middle of a build.
func (l *life) end(t *testing.T, n int) {
	t.Helper()
	more := []string{"--no-cache"}
	if l.draw.IntN(2) == 1 {
		more = append(more, "--addr", l.daemon.Addr)
	}
	cmd := l.command(n, l.out, more...)
	must(t, cmd.Start())
	time.Sleep(l.moment())
	_ = cmd.Process.Signal([]syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM}[l.draw.IntN(3)]) // it may have ended
	_ = cmd.Wait()
}

// prune removes some of a cache, or all of it.
func (l *life) prune(t *testing.T, k int) (did string, count int, err error) {
	t.Helper()
	on := func(args ...string) error {
		if l.draw.IntN(2) == 1 {
			args = append(args, "--addr", l.daemon.Addr)
		}
		if got := l.cli.Run(t, append([]string{"prune"}, args...)...); got.Code != 0 {
			return fmt.Errorf("exit status %d\n%s", got.Code, got.Stderr)
		}
		return nil
	}
	switch k {
	case 92, 93, 94:
		return "prunings", 0, on()
	case 95, 96:
		return "prunings of all", 0, on("--all")
	case 97, 98:
		return "prunings but for some", 0, on("--keep-storage", "4mb", "--all")
	}
	return "prunings of one record", 0, l.pruneOne(t)
}

// pruneOne removes one record of the daemon, whatever else is built on it.
func (l *life) pruneOne(t *testing.T) error {
	t.Helper()
	records, err := l.client.DiskUsage(t.Context())
	if err != nil || len(records) == 0 {
		return err
	}
	id := records[l.draw.IntN(len(records))].ID
	return l.client.Prune(t.Context(), nil, client.PruneAll, client.WithFilter([]string{"id==" + id}))
}
