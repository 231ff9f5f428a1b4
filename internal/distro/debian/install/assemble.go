// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/accounts"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/debian/quirks"
	"github.com/strata-build/strata/internal/distro/ldcache"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/internal/passwd"
)

// Assemble makes unpacked packages installed ones in the image at /, which can
// run nothing: it writes the database, and does what the maintainer scripts
// do, without a shell. One that can't be run so is an error, unless skip leaves
// scripts out.
func Assemble(opt Options, skip bool) error {
	groups, err := unpack.ReadGroups[*Package](opt.Meta)
	if err != nil {
		return err
	}
	if why := checkConflicts(groups); why != "" {
		return fmt.Errorf("assemble packages: %s", why)
	}
	packages, err := sorted(groups)
	if err != nil {
		return err
	}
	unix.Umask(0o022)
	a := newAssembler("/", packages, skip)
	a.entries = opt.Accounts
	return a.assemble()
}

// An assembler works on the image at root, where links lead within the image.
type assembler struct {
	root     rootdir.Root
	packages []*Package // in the order in which they are configured
	skip     bool
	// position is the place of each package in that order, counted from 1, and brought
	// that of the first that has a path, or something below it.
	position map[*Package]int
	brought  map[string]int
	// now is the package whose script is run, and pending what others are to hear of.
	now     *Package
	pending map[*Package][]string
	choices map[string][]alternative
	// questions are debconf's; diversions and overrides are dpkg's.
	questions  map[string]*question
	diversions []diversion
	overrides  []override
	problems   []string
	// entries are accounts that are there before scripts make some, and entered those of
	// them that are new.
	entries call.Entries
	entered []passwd.User
}

// newAssembler puts packages into the order in which they are configured.
func newAssembler(root rootdir.Root, packages []*Package, skip bool) *assembler {
	a := &assembler{
		root: root, packages: inConfigureOrder(packages), skip: skip,
		position: map[*Package]int{}, brought: map[string]int{}, pending: map[*Package][]string{},
	}
	for i, p := range a.packages {
		a.position[p] = i + 1
		for name, dir := range p.paths() {
			for at := archive.UsrPath(name, dir); at != "/" && a.brought[at] == 0; at = path.Dir(at) {
				a.brought[at] = i + 1
			}
		}
	}
	return a
}

// inConfigureOrder is that of apt: accounts come first, and each package after what it
// needs.
func inConfigureOrder(packages []*Package) []*Package {
	o := newOrder(packages, nil)
	w := walk{order: o, seen: map[*Package]bool{}}
	for _, p := range packages {
		if p.Name() == "base-passwd" {
			w.visit(p)
		}
	}
	for _, p := range slices.Concat(o.early(), packages) {
		w.visit(p)
	}
	return w.found
}

func (a *assembler) assemble() error {
	for _, step := range []func() error{a.links, a.configure, a.linkerCache, a.database, a.writeState, a.temporary} {
		if err := step(); err != nil {
			return fmt.Errorf("assemble packages: %w", err)
		}
	}
	return nil
}

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
	wanted := map[string]bool{}
	for top := range archive.RootLinks() {
		wanted[top] = true
	}
	for _, p := range a.packages {
		for name := range p.paths() {
			if top := fhs.TopMerged(name); top != "" {
				wanted[top] = true
			}
		}
	}
	for _, top := range fhs.Merged() {
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

// configure runs the packages' scripts.
func (a *assembler) configure() error {
	if err := restoreDirectories(string(a.root), &base{root: a.root.At("/dev/.strata/none")}, a.packages); err != nil {
		return err
	}
	if err := a.enter(); err != nil {
		return err
	}
	for _, p := range a.packages {
		if a.now = p; a.skip && !quirks.NeverSkipped(p.Name()) {
			continue
		}
		if err := a.configureOne(p); err != nil {
			return fmt.Errorf("configure %s: %w", p.Name(), err)
		}
		if err := a.enter(); err != nil {
			return err
		}
	}
	if err := accounts.Homes(a.root, a.entered, a.entries.Homes); err != nil {
		return err
	}
	if err := a.triggered(); err != nil {
		return err
	}
	if len(a.problems) > 0 && !a.skip {
		return fmt.Errorf("these packages have scripts of which it isn't known what to do where there is no system to run them on; "+
			"use a base with dpkg, or leave scripts out by \"scripts: skip\" and see to it yourself:\n  %s", strings.Join(a.problems, "\n  "))
	}
	return nil
}

// enter enters accounts, once the root lists some: base-passwd, which comes first, makes
// its lists.
func (a *assembler) enter() error {
	for _, file := range []string{rootdir.Users, rootdir.Groups} {
		if !a.there(file) {
			return nil
		}
	}
	entered, err := accounts.Enter(a.root, a.entries)
	a.entered = append(a.entered, entered...)
	return err
}

// configureOne runs a package's scripts: the one for before unpacking, which doesn't see
// what the package brings, the one that asks questions, and the one for after.
func (a *assembler) configureOne(p *Package) error {
	if p.Preinst != "" {
		a.follow(a.shell(true), p.Preinst, "preinst", "install")
	}
	for _, name := range triggerLines(p, "activate", "activate-await", "activate-noawait") {
		a.activate(name)
	}
	templates, err := a.script(p, "templates")
	if err != nil {
		return err
	}
	if err := a.loadQuestions(templates); err != nil {
		return err
	}
	for _, script := range []struct{ name, action string }{{"config", "configure"}, {"postinst", "configure"}} {
		text, err := a.script(p, script.name)
		if err != nil {
			return err
		}
		if text == "" || script.name == "config" && !a.there(confmodule) {
			continue
		}
		a.follow(a.shell(false), text, script.name, script.action, "")
	}
	return nil
}

// temporary makes the directory that all programs expect, if no package has it.
func (a *assembler) temporary() error {
	at := a.root.At("/tmp")
	if _, err := os.Lstat(at); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(os.Mkdir(at, 0o755), unix.Chmod(at, 0o1777))
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
