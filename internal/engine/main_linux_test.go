// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sys/unix"
)

// deadline is how long a test waits for what must happen at once on a fast machine.
const deadline = 2 * time.Minute

// TestMain makes the test binary an engine, or a client, when it is run as one.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		os.Exit(m.Run())
	}
	run, ok := map[string]func(context.Context, []string) error{
		Subcommand:      Main,
		"sleep-client":  sleepClient,
		"nobody-client": nobodyClient,
		"cgroup-client": cgroupClient,
	}[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "unknown mode %q\n", os.Args[1])
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[2:]); err != nil {
		fmt.Fprint(os.Stderr, err)
		os.Exit(1)
	}
}

// self is the test binary in one of TestMain's modes, ended with the test.
func self(t *testing.T, attr *syscall.SysProcAttr, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.SysProcAttr = attr
	return cmd
}

// options are those of an engine of the test's own, stopped when the test ends.
func options(t *testing.T) Options {
	t.Helper()
	o := Options{Root: filepath.Join(t.TempDir(), "state"), Linger: time.Minute}
	stopAtEnd(t, o)
	return o
}

// stopAtEnd stops an engine when the test ends, and shows its log if that failed.
func stopAtEnd(t *testing.T, o Options) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		if err := Stop(ctx, o); err != nil {
			t.Errorf("stop the engine: %v", err)
		}
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(o.Root, LogName))
			t.Logf("the engine's log:\n%s", log)
		}
	})
}

// mustConnect connects for as long as the test runs.
func mustConnect(t *testing.T, o Options) *client.Client {
	t.Helper()
	c, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// enginePID is the process that answers at the socket of a state directory.
func enginePID(t *testing.T, root string) int {
	t.Helper()
	conn, err := dial(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pid, err := peer(conn)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// eventually polls until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v without success: %s", deadline, what)
		}
	}
}

// members are the processes in the namespace that link describes.
func members(kind, link string) []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*/ns/" + kind)
	for _, path := range all {
		if have, err := os.Readlink(path); err == nil && have == link {
			cmdline, _ := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(path)), "cmdline"))
			found = append(found, strings.ReplaceAll(strings.TrimRight(string(cmdline), "\x00"), "\x00", " "))
		}
	}
	return found
}

// gone reports whether a process has ended.
func gone(pid int) bool { return errors.Is(unix.Kill(pid, 0), unix.ESRCH) }

// rootfs makes a directory with a shell.
func rootfs(dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	data, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return fmt.Errorf("%w (install Debian's busybox-static)", err)
	}
	for _, name := range []string{"sh", "sleep"} {
		if err := os.WriteFile(filepath.Join(bin, name), data, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// step is the state after a shell command on the rootfs. The copy is there for
// the cache's sake: only what is copied from a local source is known by content.
func step(command string) bk.State {
	return bk.Scratch().File(bk.Copy(bk.Local("rootfs"), "/", "/")).
		Run(bk.Args([]string{"/bin/sh", "-c", command})).Root()
}

// solve builds a state, exports it to out unless that is empty, and says which
// vertices were cached.
func solve(ctx context.Context, c *client.Client, state bk.State, rootfs, out string) (map[string]bool, error) {
	def, err := state.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	var opt client.SolveOpt
	if rootfs != "" {
		local, err := fsutil.NewFS(rootfs)
		if err != nil {
			return nil, err
		}
		opt.LocalMounts = map[string]fsutil.FS{"rootfs": local}
	}
	if out != "" {
		opt.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}}
	}
	status := make(chan *client.SolveStatus)
	cached := map[string]bool{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range status {
			for _, v := range s.Vertexes {
				if v.Completed != nil {
					cached[v.Name] = cached[v.Name] || v.Cached
				}
			}
		}
	}()
	_, err = c.Solve(ctx, def, opt, status)
	<-done
	return cached, err
}

// mustRootfs is a rootfs for one test.
func mustRootfs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := rootfs(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeConfig writes a buildkitd.toml.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "buildkitd.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
