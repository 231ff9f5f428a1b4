// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"golang.org/x/sys/unix"
)

func TestFilesNeedNoRuntime(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	c := mustConnect(t, options(t))
	src := t.TempDir()
	if err := os.WriteFile(filepath.Join(src, "local"), []byte("from outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	state := bk.Merge([]bk.State{
		bk.Scratch().File(bk.Mkfile("/made", 0o644, []byte("made"))),
		bk.Scratch().File(bk.Copy(bk.Local("rootfs"), "/local", "/copied")),
	})
	out := t.TempDir()
	if _, err := solve(t.Context(), c, state, src, out); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"made": "made", "copied": "from outside"} {
		if got, err := os.ReadFile(filepath.Join(out, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestStepWithoutRuntimeNamesThePackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	c := mustConnect(t, options(t))
	_, err := solve(t.Context(), c, step("true"), mustRootfs(t), "")
	if err == nil || !strings.Contains(err.Error(), "apt-get install runc") {
		t.Fatalf("got %v, want an error that names the package", err)
	}
}

func TestStepRunsWithEachRuntime(t *testing.T) {
	for _, name := range []string{"runc", "crun"} {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil {
				t.Fatalf("%v (install Debian's %s)", err, name)
			}
			bin := t.TempDir()
			if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin)
			o := options(t)
			c := mustConnect(t, o)
			out := t.TempDir()
			if _, err := solve(t.Context(), c, step("echo $((6*7)) >/answer"), mustRootfs(t), out); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(out, "answer")); err != nil || string(got) != "42\n" {
				t.Errorf("the step wrote %q, %v", got, err)
			}
			_, err = solve(t.Context(), c, step("exit 9"), mustRootfs(t), "")
			if err == nil || !strings.Contains(err.Error(), "exit code: 9") {
				t.Errorf("got %v, want exit code 9", err)
			}
			if err := Stop(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			for _, pattern := range []string{"", "*"} {
				groups, err := filepath.Glob(filepath.Join(cgroupRoot, pattern, cgroupParent(o.Root)))
				if err != nil || len(groups) > 0 {
					t.Errorf("the engine left control groups: %v %v", groups, err)
				}
			}
		})
	}
}

// crun is taken before runc, except where control groups had to be mended, and a
// configured runtime before both.
func TestRuntimeThatIsTaken(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"runc", "crun", "other"} {
		if err := writeProgram(filepath.Join(bin, name), "#!/bin/sh\n"); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	for _, tc := range []struct {
		configured []string
		mended     bool
		want       string
	}{{nil, false, "crun"}, {nil, true, "runc"}, {[]string{"other"}, false, "other"}} {
		got, err := findRuntime(tc.configured, runtimes(tc.mended))
		if err != nil || filepath.Base(got) != tc.want {
			t.Errorf("configured %q, control groups mended %t: %s, %v, want %s", tc.configured, tc.mended, got, err, tc.want)
		}
	}
}

// A container manager may hide the control groups or mount them read-only.
func TestStepRunsWithoutWritableControlGroups(t *testing.T) {
	for _, how := range []string{"read-only", "missing"} {
		t.Run(how, func(t *testing.T) {
			o := options(t)
			cmd := self(t, &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}, "cgroup-client", how, o.Root, mustRootfs(t))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		})
	}
}

// cgroupClient takes its mount namespace's control groups away and runs a step.
func cgroupClient(ctx context.Context, args []string) error {
	how, root, rootfs := args[0], args[1], args[2]
	if how == "missing" {
		if err := unmountBelow("/sys/fs"); err != nil {
			return err
		}
	} else if err := unix.MountSetattr(-1, cgroupRoot, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return fmt.Errorf("make the control groups read-only: %w", err)
	}
	c, err := Connect(ctx, Options{Root: root})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = solve(ctx, c, step("true"), rootfs, "")
	return err
}

// TestRootThroughALink mounts a part of a source, which BuildKit refuses below a directory
// that is reached by a link.
func TestRootThroughALink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	o := Options{Root: filepath.Join(link, "not", "there"), Linger: time.Minute}
	stopAtEnd(t, o)
	rootfs := bk.Scratch().File(bk.Copy(bk.Local("rootfs"), "/", "/"))
	part := rootfs.Run(bk.Args([]string{"/bin/sh", "-c", "test -e /mnt/sh"}), bk.AddMount("/mnt", rootfs, bk.SourcePath("/bin"))).Root()
	if _, err := solve(t.Context(), mustConnect(t, o), part, mustRootfs(t), ""); err != nil {
		t.Error(err)
	}
}
