// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/debian/quirks"
)

// commands runs the tools of the image at root.
type commands struct {
	// start prepares a command, which ends with the context of the whole.
	start func(name string, args ...string) *exec.Cmd
	root  string
	log   *os.File
}

// An ExitError says that a tool of the image failed.
type ExitError struct {
	// Status is its exit status.
	Status int
	text   string
}

// Error says which tool, and what its last words were.
func (e *ExitError) Error() string { return e.text }

// scriptPath is where maintainer scripts find programs.
const scriptPath = quirks.ShimDir + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is what maintainer scripts see. SOURCE_DATE_EPOCH isn't there:
// python would then write bytecode of another kind than it reads fastest.
func environment(more ...string) []string {
	return append([]string{
		"PATH=" + scriptPath,
		"HOME=/root",
		"DEBIAN_FRONTEND=noninteractive",
		"DEBCONF_NOWARNINGS=yes",
	}, more...)
}

// dpkg runs dpkg on the image. Files need not reach the disk: the snapshot is
// thrown away if anything fails.
func (c *commands) dpkg(args ...string) error {
	return c.run(append([]string{"dpkg", "--force-unsafe-io", "--log=/dev/null"}, args...), environment())
}

// early configures packages before all others, as apt does where another one
// Pre-Depends on them.
func (c *commands) early(packages ...*Package) error {
	if len(packages) == 0 {
		return nil
	}
	args := []string{"--no-triggers", "--configure"}
	for _, p := range packages {
		args = append(args, p.Info)
	}
	return c.dpkg(args...)
}

// preinst runs a package's script before unpacking, for one of those of which
// check knows that it may run after.
func (c *commands) preinst(p *Package) error { return c.script(p, scriptPath, "preinst", "install") }

// script runs one of a package's scripts as dpkg does, with programs from a path.
func (c *commands) script(p *Package, path, name string, args ...string) error {
	return c.run(append([]string{filepath.Join(infoDir, p.Info+"."+name)}, args...), environment(
		"DPKG_MAINTSCRIPT_PACKAGE="+p.Name(), "DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1", "DPKG_MAINTSCRIPT_ARCH="+p.Control.Get("Architecture"),
		"DPKG_MAINTSCRIPT_NAME="+name, "DPKG_MAINTSCRIPT_DEBUG=0", "DPKG_RUNNING_VERSION="+c.version(),
		"DPKG_ADMINDIR="+adminDir, "DPKG_ROOT=", "PATH="+path,
	))
}

// version is dpkg's own.
func (c *commands) version() string {
	if b, err := readBase(c.root); err == nil {
		return b.status["dpkg:"+b.arch].Get("Version")
	}
	return ""
}

func (c *commands) run(argv, env []string) error {
	cmd := c.start(argv[0], argv[1:]...)
	cmd.Env = env
	cmd.Dir = "/"
	last := &tail{}
	cmd.Stdout = io.MultiWriter(c.log, last)
	cmd.Stderr = cmd.Stdout
	// A service that a script left running holds on to the pipe.
	cmd.WaitDelay = 200 * time.Millisecond
	err := cmd.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	return &ExitError{Status: exit.ExitCode(), text: last.failure(argv, exit)}
}

// tail keeps the last lines of an output.
type tail struct{ lines [][]byte }

const tailLines = 12

func (t *tail) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if n := len(t.lines); n > 0 && !bytes.HasSuffix(t.lines[n-1], []byte("\n")) {
			t.lines[n-1] = append(t.lines[n-1], line...)
			continue
		}
		t.lines = append(t.lines, bytes.Clone(line))
	}
	if extra := len(t.lines) - tailLines; extra > 0 {
		t.lines = t.lines[extra:]
	}
	return len(p), nil
}

// failure puts in words why a tool failed: the packages that dpkg names, and its
// last lines.
func (t *tail) failure(argv []string, exit *exec.ExitError) string {
	var rest []string
	for _, line := range t.lines {
		if s := strings.TrimRight(string(line), "\n"); s != "" {
			rest = append(rest, "  "+s)
		}
	}
	scripts, needy := t.blamed()
	what := filepath.Base(argv[0]) + " failed"
	switch {
	case len(scripts) > 0:
		what = "a maintainer script of " + strings.Join(scripts, ", ") + " failed"
	case len(needy) > 0:
		what = "the base has not what " + strings.Join(needy, ", ") + " needs; if the lock is of a newer base, run \"strata lock --update\""
	case strings.HasPrefix(argv[0], infoDir):
		what = "the script " + what
	}
	return fmt.Sprintf("install packages: %s (%s); the last lines:\n%s", what, exit, strings.Join(rest, "\n"))
}

// blamed are the packages that dpkg names: those that failed themselves, and those
// that lack another package. It says the reason on the line after the name.
func (t *tail) blamed() (scripts, needy []string) {
	for i, line := range t.lines {
		name, ok := bytes.CutPrefix(line, []byte("dpkg: error processing package "))
		if !ok {
			continue
		}
		name, _, _ = bytes.Cut(name, []byte(" "))
		if i+1 < len(t.lines) && bytes.HasPrefix(t.lines[i+1], []byte(" dependency problems")) {
			needy = append(needy, string(name))
		} else {
			scripts = append(scripts, string(name))
		}
	}
	return scripts, needy
}
