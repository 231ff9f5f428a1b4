// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// busy is a project that is in the middle of something at each moment.
const busy = `layers:
  - files: [{dest: /text, source: text}]
  - build: {from: BASE, run: "mkdir $out/a; for i in $(seq 300); do echo $i >$out/a/$i; done; sleep 0.2"}
  - build: {from: BASE, run: "head -c 12000000 /dev/zero | tr '\\0' x >$out/large"}
`

// A victim is an engine that suffers, and what it builds.
type victim struct {
	cli  *testenv.CLI
	dir  string
	want string
	out  string
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	registry := testenv.NewRegistry(t, testenv.RegistryOptions{})
	base := testenv.BusyboxImage(t, registry, "base:1", testenv.BusyboxTweaks{Only: "amd64"})
	v := &victim{cli: testenv.Strata(t), dir: t.TempDir(), out: filepath.Join(testenv.Dir(t), "image.tar")}
	must(t, os.WriteFile(filepath.Join(v.dir, "strata.yaml"), []byte(strings.ReplaceAll(busy, "BASE", base)), 0o644))
	must(t, os.WriteFile(filepath.Join(v.dir, "text"), []byte("text\n"), 0o644))
	return v
}

func (v *victim) args() []string {
	return []string{"build", "--no-cache", "--progress=plain", "-o", "type=oci,dest=" + v.out, v.dir}
}

// recovers builds, and holds the image to the one before.
func (v *victim) recovers(t *testing.T) {
	t.Helper()
	got := v.cli.Run(t, v.args()...)
	if got.Code != 0 {
		t.Fatalf("the next build fails:\n%s", got.Stderr)
	}
	digest := testenv.OpenLayout(t, v.out).Digest(t, "amd64")
	if v.want == "" {
		v.want = digest
	}
	if digest != v.want {
		t.Errorf("the next build gives %s, and not %s", digest, v.want)
	}
	must(t, os.Remove(v.out))
}

// leaves nothing but what it should: an image that is whole, or none.
func (v *victim) leaves(t *testing.T, status int, said string) {
	t.Helper()
	_, err := os.Stat(v.out)
	switch {
	case status == 0 && err != nil:
		t.Errorf("a build that succeeds leaves no image: %v", err)
	case err == nil && testenv.OpenLayout(t, v.out).Digest(t, "amd64") != v.want:
		t.Errorf("exit status %d, and the image isn't whole\n%s", status, said)
	case err == nil:
		must(t, os.Remove(v.out))
	}
}

// TestKill ends a build, or the engine, at a moment that the seed draws, and builds again.
func TestKill(t *testing.T) {
	v := newVictim(t)
	v.recovers(t)
	v.cli.MustRun(t, "prune", "--all")
	groups, before := controlGroups(t), v.files(t)
	n := 2
	if *whole {
		n = 200
	}
	draw := rand.New(rand.NewPCG(*seed, 2)) //nolint:gosec // the moments are to be the same for a seed
	killed := map[string]int{}
	for range n {
		var said strings.Builder
		cmd := v.cli.Command(v.args()...)
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
		must(t, cmd.Start())
		time.Sleep(time.Duration(draw.IntN(1500)) * time.Millisecond)
		what, ids := "client", []int{cmd.Process.Pid}
		if draw.IntN(2) == 1 {
			what, ids = "engine", enginesOf(t, v.cli)
		}
		for _, id := range ids {
			_ = syscall.Kill(id, syscall.SIGKILL) // it may have ended
		}
		killed[what]++
		_ = cmd.Wait() // how it ends is looked at
		v.leaves(t, cmd.ProcessState.ExitCode(), said.String())
		v.recovers(t)
	}
	// BuildKit holds what killed builds had, as long as the engine runs.
	v.cli.Stop(t)
	v.recovers(t)
	v.cli.MustRun(t, "prune", "--all")
	if after := v.files(t); after > before+50 {
		t.Errorf("the engine has %d files and directories, and had %d", after, before)
	}
	v.cli.Stop(t)
	if mounts := testenv.Mounts(t, v.cli.Root); len(mounts) > 0 {
		t.Errorf("mounts stay: %v", mounts)
	}
	if after := controlGroups(t); len(after) > len(groups) {
		t.Errorf("control groups stay: %v, and there were %v", after, groups)
	}
	t.Logf("%d builds, killed: %v", n, killed)
}

// files is how many files and directories the engine has.
func (v *victim) files(t *testing.T) int {
	t.Helper()
	n := 0
	_ = filepath.WalkDir(v.cli.Root, func(_ string, _ fs.DirEntry, err error) error {
		if err == nil { // what goes meanwhile counts for nothing
			n++
		}
		return nil
	})
	return n
}

// controlGroups are those of engines.
func controlGroups(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("/sys/fs/cgroup/*strata*")
	must(t, err)
	return all
}

// TestDisk takes space, inodes or the right to write from the engine's disk, while there is a
// build; what it had is whole, and it goes on when it has them again.
func TestDisk(t *testing.T) {
	n := 1
	if *whole {
		n = 17
	}
	for _, c := range []struct{ name, without, with string }{
		{"no space", "size=%dk", "size=400m"},
		{"no inodes", "nr_inodes=%d", "nr_inodes=200k"},
		{"read-only", "ro", "rw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVictim(t)
			data := filepath.Dir(v.cli.Root)
			mount := func(options string) {
				t.Helper()
				var out []byte
				var err error
				for range 100 { // the kernel lets go of an engine's mounts a while after it
					if out, err = exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", data).CombinedOutput(); err == nil {
						return
					}
					time.Sleep(100 * time.Millisecond)
				}
				t.Fatalf("mount %s: %v\n%s", options, err, out)
			}
			mount("size=400m,nr_inodes=200k")
			v.recovers(t)
			draw := rand.New(rand.NewPCG(*seed, 3)) //nolint:gosec // the amounts are to be the same for a seed
			for range n {
				var st syscall.Statfs_t
				must(t, syscall.Statfs(data, &st))
				without := c.without
				switch c.name {
				case "no space":
					without = fmt.Sprintf(without, int64(st.Blocks-st.Bfree)*st.Bsize/1024+draw.Int64N(8000))
				case "no inodes":
					without = fmt.Sprintf(without, st.Files-st.Ffree+draw.Uint64N(100))
				}
				if c.name == "read-only" {
					v.cli.Stop(t) // it writes
				}
				mount("remount," + without)
				got := v.cli.Run(t, v.args()...)
				v.leaves(t, got.Code, got.Stderr)
				if got.Code != 1 || !strings.Contains(got.Stderr, "strata: ") {
					t.Errorf("without %s: exit status %d\n%s", without, got.Code, got.Stderr)
				}
				mount("remount," + c.with)
				v.recovers(t)
				v.cli.MustRun(t, "prune", "--all")
			}
		})
	}
}
