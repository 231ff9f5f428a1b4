// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package rootdir

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/child"
	"github.com/strata-build/strata/internal/distro/command"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNumber(t *testing.T) {
	root := Root(t.TempDir())
	if n, err := root.Number(Users, "web"); n != "" || err != nil {
		t.Errorf("without the file: %q, %v", n, err)
	}
	must(t, root.Write(Users, "root:x:0:0::/:\nweb:x:34:35::/:\nodd\nlast:x:7", 0o644))
	for name, want := range map[string]string{"root": "0", "web": "34", "last": "7", "odd": "", "we": "", "": ""} {
		if n, err := root.Number(Users, name); n != want || err != nil {
			t.Errorf("%q is %q, %v, want %q", name, n, err, want)
		}
	}
	must(t, os.Mkdir(root.At(Groups), 0o755))
	if _, err := root.Number(Groups, "web"); !errors.Is(err, unix.EISDIR) {
		t.Errorf("a directory in the place of the file: %v", err)
	}
}

func TestRestore(t *testing.T) {
	root := Root(t.TempDir())
	then := time.Unix(1600000000, 0)
	must(t, root.Write("/var/log/kept", "before", 0o640))
	must(t, os.Chtimes(root.At("/var/log/kept"), then, then))
	must(t, root.Link("/var/log/link", "kept"))
	m, err := root.Remember([]string{"/var/log/kept", "/var/log/made", "/var/log/link", "/var/log/kept/below"})
	must(t, err)
	must(t, os.Remove(root.At("/var/log/kept")))
	must(t, root.Write("/var/log/kept", "after", 0o600))
	must(t, root.Write("/var/log/made", "after", 0o600))
	must(t, root.Link("/var/log/link", "elsewhere"))
	must(t, root.Restore(m))
	info, err := os.Stat(root.At("/var/log/kept"))
	must(t, err)
	text, err := os.ReadFile(root.At("/var/log/kept"))
	must(t, err)
	if string(text) != "before" || info.Mode() != 0o640 || !info.ModTime().Equal(then) {
		t.Errorf("restored as %q, %v, %v", text, info.Mode(), info.ModTime())
	}
	if _, err := os.Lstat(root.At("/var/log/made")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was made is there: %v", err)
	}
	if to, err := os.Readlink(root.At("/var/log/link")); to != "elsewhere" || err != nil {
		t.Errorf("a link was changed back: %q, %v", to, err)
	}
}

func run(cmd *exec.Cmd, log *os.File) (Lines, error) {
	return Run(new(child.Starter), func() *exec.Cmd { return cmd }, log)
}

// TestRun wants the last lines, however they were written, and no wait for what
// goes on in the background.
func TestRun(t *testing.T) {
	script := "for i in 1 2 3 4 5 6 7 8 9 10 11; do echo line $i; done; printf half; sleep 0.1; echo ' and half'; echo; echo last >&2; sleep 60 & exit 3"
	began := time.Now()
	last, err := run(exec.Command("/bin/sh", "-c", script), nil)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("it ends with %v", err)
	}
	var failed *command.ExitError
	if err := Failure(exit, "words"); !errors.As(err, &failed) || failed.Status != 3 || err.Error() != "words" {
		t.Errorf("its failure is %#v", err)
	}
	want := "  line 3\n  line 4\n  line 5\n  line 6\n  line 7\n  line 8\n  line 9\n  line 10\n  line 11\n  half and half\n  last"
	if last.String() != want {
		t.Errorf("the last lines are\n%s\nwant\n%s", last, want)
	}
	if time.Since(began) > 30*time.Second {
		t.Error("it waited for what was left running")
	}
	log, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	if _, err := run(exec.Command("/bin/echo", "said"), log); err != nil {
		t.Error(err)
	}
	_, err = run(exec.Command("/bin/sh", "-c", "kill -9 $$"), nil)
	if !errors.As(err, &exit) || errors.As(Failure(exit, "words"), &failed) {
		t.Errorf("killed: %v, which isn't an exit", err)
	}
	if _, err := run(exec.Command("/nothing"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not started: %v", err)
	}
	if text, err := os.ReadFile(log.Name()); string(text) != "said\n" || err != nil {
		t.Errorf("the log has %q, %v", text, err)
	}
}
