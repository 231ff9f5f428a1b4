// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A container is an overlay file system over a small image, and the helper is
// started as the first process of new mount and process namespaces in it.
type container struct {
	t            *testing.T
	home, helper string
	// prepare is shell code run in the namespaces before the helper is started, with the image at $R.
	prepare string
	// start is exec for a helper that is to be the first process.
	start string
	env   []string
}

const old = 1_000_000_000 // the time of everything in the image

// newContainer makes the image: busybox, two users, and files with an old time.
func newContainer(t *testing.T, helper string, lines ...string) container {
	t.Helper()
	lower := build(t, append([]string{
		"d 1777 0:0 /tmp", "d 0755 0:0 /proc", "d 0755 0:0 /dev", "d 0755 0:0 /sys", "f 0644 0:0 /etc/motd hello", "f 0644 0:0 /data/untouched u",
		"f 0644 0:0 /etc/passwd root:x:0:0::/root:\napp:x:1000:1001::/home/app:\n",
		"f 0644 0:0 /etc/group root:x:0:\napp:x:1001:\nextra:x:44:app\n",
	}, lines...)...)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatalf("these tests need a static busybox, Debian's busybox-static: %v", err)
	}
	must(t, os.MkdirAll(lower+"/bin", 0o755))
	program, err := os.ReadFile(busybox)
	must(t, err)
	must(t, os.WriteFile(lower+"/bin/busybox", program, 0o755))
	for name := range strings.FieldsSeq("sh cat cp ln rm mv sleep id touch mkdir chmod echo kill stat") {
		must(t, os.Symlink("busybox", lower+"/bin/"+name))
	}
	must(t, filepath.WalkDir(lower, func(at string, _ os.DirEntry, err error) error {
		return errors.Join(err, unix.UtimesNanoAt(unix.AT_FDCWD, at, []unix.Timespec{{Sec: old}, {Sec: old}}, unix.AT_SYMLINK_NOFOLLOW))
	}))
	home := t.TempDir()
	for _, name := range []string{"upper", "work", "merged"} {
		must(t, os.Mkdir(filepath.Join(home, name), 0o755))
	}
	must(t, os.Symlink(lower, filepath.Join(home, "lower")))
	return container{t: t, home: home, helper: helper, start: "exec"}
}

// command starts the helper with arguments once it is waited for.
func (c container) command(args ...string) *exec.Cmd {
	script := `set -e; R=$H/merged; mount -t overlay overlay -o lowerdir=$H/lower/,upperdir=$H/upper,workdir=$H/work $R
mount -t proc proc $R/proc; mount -t tmpfs tmpfs $R/dev; mkdir $R/dev/.strata; cp $HELPER $R/dev/.strata/step
` + c.prepare + `
` + c.start + ` chroot $R /dev/.strata/step "$@"; exit $?`
	cmd := exec.Command("unshare", append([]string{"--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"}, args...)...)
	cmd.Env = append([]string{"H=" + c.home, "HELPER=" + c.helper, "PATH=" + os.Getenv("PATH")}, c.env...)
	return cmd
}

// run runs the helper and wants an exit status; it returns what was written.
func (c container) run(status int, args ...string) string {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	var ended *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &ended):
		c.t.Fatal(err)
	case err == nil && status != 0, err != nil && ended.ExitCode() != status:
		c.t.Fatalf("%q: %v, want status %d\n%s", args, err, status, out)
	}
	return string(out)
}

// sh runs shell code by the helper and wants it to succeed.
func (c container) sh(code string, flags ...string) string {
	c.t.Helper()
	return c.run(0, append(append([]string{"run"}, flags...), "--", "sh", "-c", code)...)
}

// times are the times of the files of the layer the command made.
func (c container) times() map[string]int64 {
	c.t.Helper()
	upper := filepath.Join(c.home, "upper")
	found := map[string]int64{}
	must(c.t, filepath.WalkDir(upper, func(at string, _ os.DirEntry, err error) error {
		must(c.t, err)
		var st unix.Stat_t
		must(c.t, unix.Lstat(at, &st))
		if st.Mode&unix.S_IFMT != unix.S_IFCHR { // a deletion
			found[strings.TrimPrefix(at, upper)] = st.Mtim.Nano() / 1e9
		}
		return nil
	}))
	return found
}
