// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
	"github.com/strata-build/strata/internal/fhs"
)

// Check writes the verdict on the packages whose Unpack wrote into directories in
// meta, for the image mounted at root, into the directory out.
func Check(root, meta, out string) error {
	v, err := judge(root, meta)
	if err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(filepath.Join(out, distro.VerdictFile), append(text, '\n'), 0o644)
	}
	if err == nil {
		err = unpack.StampTree(out)
	}
	if err != nil {
		return fmt.Errorf("write verdict: %w", err)
	}
	return nil
}

func judge(root, meta string) (*distro.Verdict, error) {
	groups, err := unpack.ReadGroups[*Package](meta)
	if err != nil {
		return nil, err
	}
	b, err := readBase(root)
	if errors.Is(err, ErrNoDatabase) && isEmpty(root) {
		return &distro.Verdict{Installer: distro.Assemble, Conffiles: conffiles(groups)}, nil
	}
	if err != nil {
		return nil, err
	}
	filters, err := readFilters(root)
	if err != nil {
		return nil, err
	}
	v := &distro.Verdict{Installer: distro.Register, Filters: filters, Arch: b.arch}
	v.Conffiles = conffiles(groups)
	if v.Why, err = check(b, groups); err != nil {
		return nil, fmt.Errorf("check the base for packages: %w", err)
	}
	if v.Why != "" {
		v.Installer = distro.Native
	}
	return v, nil
}

// isEmpty reports whether a root has nothing, as scratch.
func isEmpty(root string) bool {
	entries, err := os.ReadDir(root)
	return err == nil && len(entries) == 0
}

// conffiles are the configuration files of all packages, each with its package.
func conffiles(groups []*group) map[string]string {
	out := map[string]string{}
	for _, g := range groups {
		for _, p := range g.Packages {
			for _, c := range p.Conffiles {
				if !c.Removed {
					out[c.Path] = p.Name()
				}
			}
		}
	}
	return out
}

// check says why packages can't be registered in the base; nothing if they can.
// An error is not an answer: what can't be read may be what decides.
func check(b *base, groups []*group) (why string, err error) {
	for _, one := range []func(*base, []*group) (string, error){
		checkFilters, checkPackages, checkOverrides, checkOwners, checkPaths, checkScripts,
	} {
		if why, err := one(b, groups); why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

// checkFilters wants what is left out to be what the base leaves out.
func checkFilters(b *base, groups []*group) (why string, err error) {
	want, err := readFilters(b.root)
	if err != nil {
		return "", err
	}
	for _, g := range groups {
		if !slices.Equal(want, g.Filters) {
			return "the base's dpkg.cfg leaves out other paths than were left out in unpacking", nil
		}
	}
	return "", nil
}

func checkPackages(b *base, groups []*group) (why string, err error) {
	for _, g := range groups {
		for _, p := range g.Packages {
			if why := checkPackage(b, p); why != "" {
				return why, nil
			}
		}
	}
	return "", nil
}

func checkPackage(b *base, p *Package) string {
	arch, state := p.Control.Get("Architecture"), b.state(p.Control)
	switch {
	case arch != "all" && arch != b.arch:
		return fmt.Sprintf("%s is for %s and the base is for %s", p.Name(), arch, b.arch)
	case state == "installed":
		return fmt.Sprintf("the base has %s already, in version %s", p.Name(), b.status[b.key(p.Control)].Get("Version"))
	case isHeld(b.status[b.key(p.Control)]):
		return "the base holds " + p.Name()
	case state != "not-installed":
		return fmt.Sprintf("the base remembers %s as %s", p.Name(), state)
	case p.Control.Get("Essential") == "yes":
		return p.Name() + " is essential and the base doesn't have it"
	}
	return ""
}

// checkOverrides looks for paths that the base diverts or has an owner and a mode
// of its own for.
func checkOverrides(b *base, groups []*group) (why string, err error) {
	special := map[string]string{}
	diversions, err := b.lines("diversions")
	if err != nil {
		return "", err
	}
	for i := 0; i+2 < len(diversions); i += 3 {
		special[diversions[i]], special[diversions[i+1]] = "diverts", "diverts something to"
	}
	overrides, err := b.lines("statoverride")
	if err != nil {
		return "", err
	}
	for _, line := range overrides {
		if f := strings.Fields(line); len(f) == 4 {
			special[f[3]] = "has an owner or a mode of its own for"
		}
	}
	for _, g := range groups {
		for _, p := range g.Packages {
			for name := range p.paths() {
				if how, ok := special[name]; ok {
					return fmt.Sprintf("the base %s %s, which %s has", how, name, p.Name()), nil
				}
			}
		}
	}
	return "", nil
}

// checkOwners wants users and groups to have the numbers that they were packed
// with, because dpkg goes by their names.
func checkOwners(b *base, groups []*group) (why string, err error) {
	for _, g := range groups {
		for _, p := range g.Packages {
			for _, o := range p.Owners {
				id, err := b.number(o)
				if err != nil {
					return "", err
				}
				if id != "" && id != fmt.Sprint(o.ID) {
					return fmt.Sprintf("%s has files of %s, who is %s in the base and was %d when it was packed", p.Name(), o.Name, id, o.ID), nil
				}
			}
		}
	}
	return "", nil
}

// checkConflicts wants no two packages of a group to have one path.
func checkConflicts(groups []*group) string {
	for _, g := range groups {
		for _, c := range g.Conflicts {
			return fmt.Sprintf("%s and %s both have %s", c.Packages[0], c.Packages[1], c.Path)
		}
	}
	return ""
}

// checkPaths wants each file to be new, and each directory to be one.
func checkPaths(b *base, groups []*group) (why string, err error) {
	if why := checkConflicts(groups); why != "" {
		return why, nil
	}
	p := pathCheck{base: b, owner: map[string]string{}, dirs: map[string]bool{}, tops: map[string]bool{}}
	for _, g := range groups {
		for _, pkg := range g.Packages {
			for name, dir := range pkg.paths() {
				if why, err := p.path(pkg.Name(), name, dir, g.Filters); why != "" || err != nil {
					return why, err
				}
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(p.dirs)) {
		if by := p.owner[dir]; by != "" {
			return fmt.Sprintf("%s has %s, which is a directory of another package", by, dir), nil
		}
	}
	return "", nil
}

// pathCheck looks at the paths of all packages.
type pathCheck struct {
	base  *base
	owner map[string]string
	dirs  map[string]bool
	tops  map[string]bool
}

func (c *pathCheck) path(pkg, name string, dir bool, filters Filters) (why string, err error) {
	if filters.skips(name, dir) {
		return "", nil
	}
	if why, err := c.top(name); why != "" || err != nil {
		return why, err
	}
	at := archive.UsrPath(name, dir)
	if dir {
		return c.dir(pkg, at)
	}
	if other := c.owner[at]; other != "" {
		return fmt.Sprintf("%s and %s both have %s", other, pkg, name), nil
	}
	c.owner[at] = pkg
	if why, err := c.dir(pkg, path.Dir(at)); why != "" || err != nil {
		return why, err
	}
	mode, err := c.base.mode(at)
	if err != nil || mode == 0 {
		return "", err
	}
	return fmt.Sprintf("the base has %s already, which %s has too", name, pkg), nil
}

// directory wants the base to have a directory or nothing there.
func (c *pathCheck) dir(pkg, at string) (why string, err error) {
	for ; at != "/" && !c.dirs[at]; at = path.Dir(at) {
		c.dirs[at] = true
		mode, err := c.base.mode(at)
		if err != nil {
			return "", err
		}
		if mode != 0 && mode&unix.S_IFMT != unix.S_IFDIR {
			return fmt.Sprintf("the base has a link or a file where %s has the directory %s", pkg, at), nil
		}
	}
	return "", nil
}

// top wants /bin, /lib and so on to be links into /usr.
func (c *pathCheck) top(name string) (why string, err error) {
	top := fhs.TopMerged(name)
	if top == "" || c.tops[top] {
		return "", nil
	}
	c.tops[top] = true
	target, err := os.Readlink(filepath.Join(c.base.root, top))
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("look at %s: %w", top, err)
	}
	if path.Join("/", target) != "/usr"+top {
		return fmt.Sprintf("the base's %s isn't a link to usr%s", top, top), nil
	}
	return "", nil
}

// paths are all paths of the package, and whether they are directories.
func (p *Package) paths() func(func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		for _, list := range [][]string{p.Files, p.Links} {
			for _, name := range list {
				if !yield(name, false) {
					return
				}
			}
		}
		for _, f := range p.Directories {
			if !yield(f.Path, true) {
				return
			}
		}
	}
}
