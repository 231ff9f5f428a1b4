// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "strata-step")
	compile(t, runtime.GOARCH, file)
	for name, test := range map[string]func(*testing.T, string){
		"clamps what changed":                runClampsWhatChanged,
		"leaves what did not change":         runLeavesWhatDidNotChange,
		"clamps directories of mount points": runClampsDirectoriesOfMountPoints,
		"skips":                              runSkips,
		"does not clamp after a failure":     runDoesNotClampAfterAFailure,
		"goes past immutable files":          runGoesPastImmutableFiles,
		"kills only its own":                 runKillsOnlyItsOwn,
		"kills what is left":                 runKillsWhatIsLeft,
		"statuses":                           runStatuses,
		"as user":                            runAsUser,
		"gives directories in memory":        runGivesDirectoriesInMemory,
		"keeps times":                        runKeepsTimes,
		"hands signals on":                   runHandsSignalsOn,
	} {
		t.Run(name, func(t *testing.T) { test(t, file) })
	}
}

func runClampsWhatChanged(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.sh(`echo x >/data/new; cp -p /etc/motd /data/copied; ln -s nowhere /data/link; mkdir -p /a/b/c; ln /etc/passwd /data/hard
		rm /etc/group; chmod 600 /etc/motd; touch -d @4000000000 /data/future; echo >"/data/odd
name"; : >/dev/gone`)
	times := c.times()
	for _, at := range []string{"", "/data", "/data/new", "/data/copied", "/data/link", "/a", "/a/b", "/a/b/c", "/data/hard", "/etc", "/etc/motd", "/data/future", "/data/odd\nname"} {
		if got, there := times[at]; !there || got != 0 {
			t.Errorf("%s has time %d (there: %t), want 0", at, got, there)
		}
	}
	if _, there := times["/data/untouched"]; there {
		t.Error("an untouched file got into the layer")
	}
}

func runLeavesWhatDidNotChange(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.sh("cat /data/untouched /etc/motd")
	for at, got := range c.times() {
		if at != "" && at != "/proc" && at != "/dev" {
			t.Errorf("%s is in the layer with time %d", at, got)
		}
	}
}

// The runtime makes mount points before the helper starts, in a directory
// whose time then tells when; the mounted file itself isn't the image's.
func runClampsDirectoriesOfMountPoints(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.prepare = `echo host >$H/hosts; touch -d @1234567890 $H/hosts; : >$R/etc/hosts; mount --bind $H/hosts $R/etc/hosts
mkdir -p $R/made/mnt; mount -t tmpfs tmpfs $R/made/mnt`
	c.sh("echo more >>/etc/hosts; touch -d @1234567890 /etc/hosts; echo x >/made/mnt/x")
	times := c.times()
	for _, at := range []string{"/etc", "/made", ""} {
		if times[at] != 0 {
			t.Errorf("%s has time %d, want 0", at, times[at])
		}
	}
	info, err := os.Stat(filepath.Join(c.home, "hosts"))
	must(t, err)
	if info.ModTime().Unix() != 1234567890 {
		t.Errorf("the mounted file has time %d", info.ModTime().Unix())
	}
}

func runSkips(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.sh("mkdir -p /var/keep/in /var/other; touch -d @1234567890 /var/keep/in/f /var/other/f", "--skip", "/var/keep/")
	times := c.times()
	if times["/var/keep/in/f"] != 1234567890 || times["/var/other/f"] != 0 {
		t.Errorf("times are %v", times)
	}
}

func runDoesNotClampAfterAFailure(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.run(7, "run", "--", "sh", "-c", "touch -d @1234567890 /data/new; exit 7")
	if got := c.times()["/data/new"]; got != 1234567890 {
		t.Errorf("time is %d", got)
	}
}

func runGoesPastImmutableFiles(t *testing.T, helper string) {
	c := newContainer(t, helper)
	cmd := c.command("run", "sh", "-c", "echo x >/fixed; echo y >/free; echo ready; read go")
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	must(t, cmd.Start())
	_, err = out.Read(make([]byte, 6))
	must(t, err)
	// On overlayfs only the layer's own file can be made immutable, from outside.
	fixed := filepath.Join(c.home, "upper/fixed")
	const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
	setFlags(t, fixed, immutable)
	_, err = in.Write([]byte("go\n"))
	must(t, err)
	err = cmd.Wait()
	setFlags(t, fixed, 0)
	if want := "strata-step: set times of /fixed: operation not permitted"; err != nil || !strings.Contains(errs.String(), want) {
		t.Errorf("ended with %v and says %q, want %q", err, &errs, want)
	}
	if got := c.times()["/free"]; got != 0 {
		t.Errorf("the file after it has time %d", got)
	}
}

func setFlags(t *testing.T, file string, flags int) {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	must(t, unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags))
}

func runKillsWhatIsLeft(t *testing.T, helper string) {
	c := newContainer(t, helper)
	done := make(chan string)
	go func() {
		done <- c.sh(`(trap "" TERM HUP INT; while :; do sleep 1; echo late >/late; done) & (sleep 1000 & ) ; echo pid $$`)
	}()
	select {
	case out := <-done:
		if !strings.Contains(out, "pid ") {
			t.Errorf("output is %q", out)
		}
	case <-time.After(time.Minute):
		t.Fatal("the helper waits for a process the command left behind")
	}
}

// Without a process namespace of its own the helper must spare everybody else.
func runKillsOnlyItsOwn(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.start = ""
	c.prepare = "sleep 1000 & BYSTANDER=$!; trap 'kill $BYSTANDER && echo spared' EXIT"
	out := c.sh("echo $$; (sh -c 'sleep 1001 & sleep 1002' & ); echo x >/new")
	if strings.HasPrefix(out, "1\n") || !strings.HasSuffix(out, "spared\n") {
		t.Errorf("output is %q", out)
	}
	if left, err := exec.Command("pgrep", "-f", "^sleep 100[12]$").Output(); err == nil {
		t.Errorf("left running: %s", left)
	}
	if got := c.times()["/new"]; got != 0 {
		t.Errorf("time is %d", got)
	}
}

func runStatuses(t *testing.T, helper string) {
	c := newContainer(t, helper, "f 0644 0:0 /bin/plain x", "f 0755 0:0 /bin/noformat x", "f 0755 0:0 /bin/nointerpreter #!/no/such\n", "f 0700 0:0 /bin/roots #!/bin/sh\n", "d 0755 0:0 /bin/directory")
	c.env = []string{"PATH=/none:/bin:" + os.Getenv("PATH")}
	for _, want := range []struct {
		status int
		says   string
		args   []string
	}{
		{0, "", []string{"sh", "-c", "exit 0"}},
		{3, "", []string{"sh", "-c", "exit 3"}},
		{137, "", []string{"sh", "-c", "kill -9 $$"}},
		{143, "", []string{"/bin/sh", "-c", "kill $$"}},
		{127, "run nosuch: command not found in PATH /none:/bin:", []string{"nosuch"}},
		{127, "run /no/such: command not found", []string{"/no/such"}},
		{127, "run /bin/sh/x: command not found", []string{"/bin/sh/x"}},
		{126, "run plain: /bin/plain is not executable", []string{"plain"}},
		{126, "run /bin/directory: /bin/directory is a directory", []string{"/bin/directory"}},
		{126, "run noformat: /bin/noformat isn't a program", []string{"noformat"}},
		{127, "its first line names /no/such, which isn't there", []string{"nointerpreter"}},
		{126, "run roots: /bin/roots is not executable", []string{"--user", "app", "roots"}},
		{125, `run as "ap": look up user "ap": not in the image's /etc/passwd; did you mean app?`, []string{"--user", "ap", "sh"}},
	} {
		if out := c.run(want.status, append([]string{"run"}, want.args...)...); !strings.Contains(out, want.says) {
			t.Errorf("%q says %q, want %q", want.args, out, want.says)
		}
		must(t, os.RemoveAll(filepath.Join(c.home, "work")))
		must(t, os.Mkdir(filepath.Join(c.home, "work"), 0o755))
	}
}

func runAsUser(t *testing.T, helper string) {
	for _, want := range []struct{ home, says, flags string }{
		{"", "uid=1000(app) gid=1001(app) groups=44(extra) /home/app", "--user app"},
		{"/root", "uid=1000(app) gid=1001(app) groups=44(extra) /home/app", "--user=1000"},
		{"/mine", "uid=1000(app) gid=44(extra) /mine", "--user app:extra"},
		{"/root", "uid=5000 gid=0(root) /", "--user 5000"},
		{"", "uid=5000 gid=6 /kept", "--user 5000:6 --home /kept"},
		{"/root", "uid=0(root) gid=0(root)", ""},
	} {
		c := newContainer(t, helper)
		c.env = []string{"HOME=" + want.home}
		out := strings.TrimSpace(c.sh("echo $(id) $HOME", strings.Fields(want.flags)...))
		if out != want.says && (want.flags != "" || !strings.HasPrefix(out, want.says)) {
			t.Errorf("%s with HOME=%s is %q, want %q", want.flags, want.home, out, want.says)
		}
	}
}

func runGivesDirectoriesInMemory(t *testing.T, helper string) {
	c := newContainer(t, helper, "d 0750 7:7 /memory", "d 0755 0:0 /other")
	out := c.sh("stat -c '%n %u:%g %a' /memory /other", "--user", "app", "--tmpfs", "1777=/memory", "--tmpfs", "0700=/other")
	if want := "/memory 1000:1001 1777\n/other 1000:1001 700\n"; out != want {
		t.Errorf("the directories are %q, want %q", out, want)
	}
	for _, bad := range []string{"/memory", "1789=/memory", "17777=/memory", "0700=/absent"} {
		if out, err := c.command("run", "--tmpfs", bad, "--", "true").CombinedOutput(); err == nil {
			t.Errorf("--tmpfs %s is taken: %s", bad, out)
		}
	}
}

func runKeepsTimes(t *testing.T, helper string) {
	c := newContainer(t, helper)
	c.sh("echo x >/data/new", "--keep-times")
	if got, there := c.times()["/data/new"]; !there || got == 0 {
		t.Errorf("/data/new has time %d (there: %t), want the clock's", got, there)
	}
}

func runHandsSignalsOn(t *testing.T, helper string) {
	c := newContainer(t, helper)
	cmd := c.command("run", "sh", "-c", `trap "echo got HUP" HUP; trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 0.05; done`)
	var out bytes.Buffer
	ready, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = &out
	must(t, cmd.Start())
	line := make([]byte, 6)
	_, err = ready.Read(line)
	must(t, err)
	first := firstProcess(t, cmd.Process.Pid)
	for sent, want := range map[unix.Signal]string{unix.SIGHUP: "got HUP\n"} {
		must(t, unix.Kill(first, sent))
		said := make([]byte, 64)
		n, err := ready.Read(said)
		if string(said[:n]) != want {
			t.Errorf("said %q, %v, want %q\n%s", said[:n], err, want, &out)
		}
	}
	must(t, unix.Kill(first, unix.SIGTERM))
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 9 {
		t.Errorf("ended with %v, want status 9\n%s", err, &out)
	}
}

// firstProcess is the only child of unshare, the first process of the namespace.
func firstProcess(t *testing.T, parent int) int {
	t.Helper()
	out, err := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(parent)).Output()
	must(t, err)
	return atoi(t, strings.TrimSpace(string(out)))
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	must(t, err)
	return n
}
