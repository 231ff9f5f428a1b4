// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/strata-build/strata/internal/child"
	"github.com/strata-build/strata/internal/distro/debian/quirks"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// commands runs the tools of the image at root.
type commands struct {
	// command prepares a command, which ends with the context of the whole.
	command func(name string, args ...string) *exec.Cmd
	starter child.Starter
	root    string
	log     *os.File
	// keep says that configuration files which are there already are kept.
	keep bool
}

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
	argv := []string{"dpkg", "--force-unsafe-io", "--log=/dev/null"}
	if c.keep {
		argv = append(argv, keepOld)
	}
	return c.run(append(argv, args...), environment())
}

// keepOld is dpkg's option for what an administrator would answer: the file that is
// there stays.
const keepOld = "--force-confold"

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
	last, err := rootdir.Run(&c.starter, func() *exec.Cmd {
		cmd := c.command(argv[0], argv[1:]...)
		cmd.Env = env
		cmd.Dir = "/"
		return cmd
	}, c.log)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return rootdir.Failure(exit, failure(last, argv, exit))
	case err != nil:
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	return nil
}

// failure puts in words why a tool failed: the packages that dpkg names, and its
// last lines.
func failure(last rootdir.Lines, argv []string, exit *exec.ExitError) string {
	scripts, needy, asking := blamed(last)
	what := filepath.Base(argv[0]) + " failed"
	switch {
	case len(asking) > 0:
		what = "a configuration file of " + strings.Join(asking, ", ") + " is there already, with other content; write `conffiles: keep` to keep it, " +
			"or let what made it come after the packages"
	case len(scripts) > 0:
		what = "a maintainer script of " + strings.Join(scripts, ", ") + " failed"
	case len(needy) > 0:
		what = "the base lacks what " + strings.Join(needy, ", ") + " needs; if the lock is of a newer base, run \"strata lock --update\""
	case strings.HasPrefix(argv[0], infoDir):
		what = "the script " + what
	}
	return fmt.Sprintf("install packages: %s (%s); the last lines:\n%s", what, exit, last)
}

// blamed are the packages that dpkg names: those that failed themselves, those that lack
// another package, and those that it asks the user about, which has no answer here. It says
// the reason on the line after the name.
func blamed(last rootdir.Lines) (scripts, needy, asking []string) {
	for i, line := range last {
		next := ""
		if i+1 < len(last) {
			next = last[i+1]
		}
		if name := refuses(line, next); name != "" {
			scripts = append(scripts, name)
		}
		before, name, ok := strings.Cut(line, "dpkg: error processing package ")
		asks := strings.HasSuffix(next, " at conffile prompt")
		if !ok || before != "" && !asks { // the question has no end of line
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		switch {
		case asks:
			asking = append(asking, name)
		case strings.HasPrefix(next, " dependency problems"):
			needy = append(needy, name)
		default:
			scripts = append(scripts, name)
		}
	}
	return scripts, needy, asking
}

// refuses is the package whose script for before unpacking failed. dpkg names its file
// first, and the package on the line after.
func refuses(line, next string) string {
	if !strings.HasPrefix(line, "dpkg: error processing archive ") {
		return ""
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(next, " new "), " package ")
	if !strings.HasPrefix(rest, "pre-installation script ") {
		return ""
	}
	return name
}
