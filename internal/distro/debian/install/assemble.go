// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/quirks"
	"github.com/strata-build/strata/internal/distro/ldcache"
	"github.com/strata-build/strata/internal/distro/maintscript"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// Assemble makes unpacked packages installed ones in the image at /, which can
// run nothing: it writes the database, and does what the maintainer scripts are
// known to do. One that isn't known is an error, unless skip leaves scripts out.
func Assemble(opt Options, skip bool) error {
	groups, err := unpack.ReadGroups[*Package](opt.Meta)
	if err != nil {
		return err
	}
	if why := checkConflicts(groups); why != "" {
		return fmt.Errorf("assemble packages: %s", why)
	}
	empty := &base{root: filepath.Join(opt.Meta, "no-base"), status: map[string]control.Paragraph{}}
	packages, err := sorted(groups)
	if err != nil {
		return err
	}
	unix.Umask(0o022)
	a := &assembler{root: "/", packages: packages, skip: skip, scripts: newScripts(empty, groups)}
	return a.assemble()
}

// An assembler works on the image at root, where links lead within the image.
type assembler struct {
	root     rootdir.Root
	packages []*Package
	skip     bool
	scripts  *scripts
	// now is the package whose script is followed.
	now      *Package
	choices  map[string][]alternative
	problems []string
}

func (a *assembler) assemble() error {
	for _, step := range []func() error{a.links, a.accounts, a.configure, a.linkerCache, a.database} {
		if err := step(); err != nil {
			return fmt.Errorf("assemble packages: %w", err)
		}
	}
	return nil
}

// accounts makes those that every Debian has, which all scripts may need.
func (a *assembler) accounts() error { return quirks.Accounts(a.root) }

// has reports whether a package is among those to assemble.
func (a *assembler) has(name string) bool {
	for _, p := range a.packages {
		if p.Name() == name {
			return true
		}
	}
	return false
}

// links makes /bin, /lib and so on links into /usr.
func (a *assembler) links() error {
	wanted := map[string]bool{"/bin": true, "/lib": true, "/sbin": true}
	for _, p := range a.packages {
		for name := range p.paths() {
			if top := archive.TopDir(name); top != "" {
				wanted[top] = true
			}
		}
	}
	for _, top := range archive.MergedDirs() {
		if !wanted[top] {
			continue
		}
		if _, err := os.Lstat(a.root.At(top)); err == nil {
			continue
		}
		if err := errors.Join(os.MkdirAll(a.root.At("/usr"+top), 0o755), os.Symlink("usr"+top, a.root.At(top))); err != nil {
			return fmt.Errorf("make link %s: %w", top, err)
		}
	}
	return nil
}

// configure does what the packages' scripts do.
func (a *assembler) configure() error {
	if err := restoreDirectories(string(a.root), &base{root: a.root.At("/dev/.strata/none")}, a.packages); err != nil {
		return err
	}
	for _, p := range a.packages {
		a.now = p
		if known, ok := quirks.OnScratch(p.Name()); ok {
			if err := known(a.root); err != nil {
				return fmt.Errorf("configure %s: %w", p.Name(), err)
			}
			continue
		}
		if a.skip {
			continue
		}
		if err := a.preinst(p); err != nil {
			return fmt.Errorf("configure %s: %w", p.Name(), err)
		}
		if err := a.postinst(p); err != nil {
			return fmt.Errorf("configure %s: %w", p.Name(), err)
		}
	}
	if len(a.problems) > 0 {
		return fmt.Errorf("these packages have scripts that need a system to run on, and of which it isn't known what to do instead; "+
			"use a base with dpkg, or leave them out by \"scripts: skip\" and see to it yourself:\n  %s", strings.Join(a.problems, "\n  "))
	}
	return nil
}

// preinst does what a script for before unpacking does, if that is anything.
func (a *assembler) preinst(p *Package) error {
	run, why, err := a.scripts.preinst(p)
	switch {
	case err != nil:
		return err
	case why != "":
		a.problem("its script before unpacking: %s", why)
	case run:
		before := func(op, file string) maintscript.Truth {
			if at := a.scripts.at(file); at == "" || a.scripts.brought[at] {
				return maintscript.Unknown
			}
			return a.test(op, file)
		}
		a.follow(p.Preinst, "preinst", before, "install")
	}
	return nil
}

// postinst does what the script for after unpacking does.
func (a *assembler) postinst(p *Package) error {
	text, err := os.ReadFile(a.root.At(filepath.Join(infoDir, p.Info+".postinst")))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	a.follow(string(text), "postinst", a.test, "configure", "")
	return nil
}

// follow follows a script of the package and does what its commands would.
func (a *assembler) follow(text, name string, test func(op, file string) maintscript.Truth, args ...string) {
	course, err := maintscript.Follow(text, maintscript.Options{
		Args: args,
		Env: map[string]string{
			"DPKG_ROOT": "", "DEBIAN_FRONTEND": "noninteractive", "DPKG_MAINTSCRIPT_NAME": name,
			"DPKG_MAINTSCRIPT_PACKAGE": a.now.Name(), "DPKG_MAINTSCRIPT_ARCH": a.now.Control.Get("Architecture"), "DPKG_ADMINDIR": adminDir,
		},
		Test: test,
		Do:   a.do,
	})
	if err != nil {
		a.problem("%v", err)
		return
	}
	for _, c := range course.Calls {
		if c.Maybe && !isIdle(c) {
			a.problem("%s (line %d) may be run", c.Text, c.Line)
			break
		}
	}
	switch {
	case course.Succeeds == maintscript.True:
	case course.Succeeds == maintscript.False && course.Code != 0:
		a.problem("its script %s fails with status %d (line %d)", name, course.Code, course.Line)
	case course.Succeeds == maintscript.False:
		a.problem("its script %s fails (line %d)", name, course.Line)
	default:
		a.problem("it isn't known whether its script %s fails (line %d)", name, course.Line)
	}
}

// problem notes why a package can't be assembled, once for each.
func (a *assembler) problem(format string, args ...any) {
	line := a.now.Name() + ": " + fmt.Sprintf(format, args...)
	for _, old := range a.problems {
		if strings.HasPrefix(old, a.now.Name()+": ") {
			return
		}
	}
	a.problems = append(a.problems, line)
}

// linkerCache writes the cache of the dynamic linker if there is one.
func (a *assembler) linkerCache() error {
	if !a.has("libc6") {
		return nil
	}
	data, err := ldcache.Make(string(a.root))
	if err != nil {
		return err
	}
	return a.root.Write("/etc/ld.so.cache", string(data), 0o644)
}
