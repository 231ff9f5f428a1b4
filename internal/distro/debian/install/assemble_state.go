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
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/noshell"
)

// A diversion is a path that packages but one have elsewhere.
type diversion struct{ path, to, by string }

// divert enters a diversion. One of a file that another package has is refused: it
// would have been unpacked elsewhere.
func (a *assembler) divert(c *noshell.Call) error {
	opt, rest, err := c.Options("add remove rename no-rename quiet divert: package: local list truename listpackage")
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return noshell.Refuse("it isn't followed")
	}
	d := diversion{path: rest[0], to: opt.Value("divert"), by: opt.Value("package")}
	if d.to == "" {
		d.to = d.path + ".distrib"
	}
	switch {
	case opt.Has("local"):
		d.by = ":"
	case d.by == "":
		d.by = a.now.Name()
	}
	at := slices.IndexFunc(a.diversions, func(o diversion) bool { return o.path == d.path })
	switch {
	case opt.Has("truename"):
		if at >= 0 {
			return c.Print(a.diversions[at].to + "\n")
		}
		return c.Print(d.path + "\n")
	case opt.Has("listpackage"):
		if at < 0 {
			return nil
		}
		return c.Print(strings.Replace(a.diversions[at].by, ":", "LOCAL", 1) + "\n")
	case opt.Has("list"):
		return a.listDiversion(c, rest[0])
	case opt.Has("remove"):
		if at >= 0 {
			if opt.Has("rename") && a.there(a.diversions[at].to) {
				return noshell.Refuse("it renames a file")
			}
			a.diversions = slices.Delete(a.diversions, at, at+1)
		}
		return nil
	case at >= 0 && a.diversions[at] == d:
		return nil
	case at >= 0:
		return fmt.Errorf("'%s' clashes with another diversion", d.path)
	}
	if err := d.check(); err != nil {
		return err
	}
	for _, p := range a.packages {
		if p.Name() != d.by && (slices.Contains(p.Files, d.path) || slices.Contains(p.Links, d.path)) {
			return noshell.Refuse("it diverts %s, which %s has", d.path, p.Name())
		}
	}
	if opt.Has("rename") && a.there(d.path) && a.brought[archive.UsrPath(d.path, true)] == 0 {
		return noshell.Refuse("it renames a file")
	}
	a.diversions = append(a.diversions, d)
	return nil
}

// check refuses what dpkg's list of diversions can't have.
func (d diversion) check() error {
	switch {
	case strings.Contains(d.path+d.to+d.by, "\n"):
		return errors.New("file may not contain newlines")
	case !path.IsAbs(d.path) || !path.IsAbs(d.to):
		return fmt.Errorf("filename '%s' is not absolute", d.path)
	}
	return nil
}

func (a *assembler) listDiversion(c *noshell.Call, of string) error {
	if strings.ContainsAny(of, "*?[") {
		return noshell.Refuse("it isn't followed with patterns")
	}
	for _, d := range a.diversions {
		if d.path != of && d.to != of {
			continue
		}
		by := "by " + d.by
		if d.by == ":" {
			by = "locally"
		}
		if err := c.Print(fmt.Sprintf("diversion of %s to %s %s\n", d.path, d.to, by)); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) there(p string) bool {
	_, err := os.Lstat(a.root.At(p))
	return err == nil
}

// An override is an owner and a mode that a path has in whatever version of a package.
type override struct{ user, group, mode, path string }

// override enters an owner and a mode of a path's own.
func (a *assembler) override(c *noshell.Call) error {
	opt, rest, err := c.Options("add list remove update quiet force force-all")
	if err != nil {
		return err
	}
	switch {
	case opt.Has("list"):
		found := false
		for _, o := range a.overrides {
			if len(rest) == 0 || slices.Contains(rest, o.path) {
				found = true
				if err := c.Print(strings.Join([]string{o.user, o.group, o.mode, o.path}, " ") + "\n"); err != nil {
					return err
				}
			}
		}
		if !found {
			return noshell.Status(1)
		}
		return nil
	case opt.Has("remove") && len(rest) == 1:
		old := len(a.overrides)
		a.overrides = slices.DeleteFunc(a.overrides, func(o override) bool { return o.path == rest[0] })
		if old == len(a.overrides) && !opt.Has("quiet") {
			return noshell.Status(2)
		}
		return nil
	case !opt.Has("add") || len(rest) != 4 || strings.ContainsAny(strings.Join(rest, ""), " \n"):
		return noshell.Refuse("it isn't followed")
	}
	o := override{rest[0], rest[1], strings.TrimPrefix(rest[2], "0"), rest[3]}
	if slices.ContainsFunc(a.overrides, func(old override) bool { return old.path == o.path }) {
		return fmt.Errorf("an override for '%s' already exists", o.path)
	}
	// dpkg reads nothing of a list that has another owner or mode than there can be.
	uid, gid, err := c.Owner(strings.TrimPrefix(o.user, "#") + ":" + strings.TrimPrefix(o.group, "#"))
	if err != nil {
		return err
	}
	mode, err := strconv.ParseUint(rest[2], 8, 32)
	if err != nil || mode > 0o7777 {
		return fmt.Errorf("invalid statoverride mode %s", rest[2])
	}
	if at := a.root.At(o.path); opt.Has("update") && a.there(o.path) {
		if err := errors.Join(os.Chown(at, uid, gid), unix.Chmod(at, uint32(mode))); err != nil {
			return err
		}
	}
	a.overrides = append(a.overrides, o)
	return nil
}

// writeState writes what scripts entered in dpkg's database.
func (a *assembler) writeState() error {
	var diversions, overrides strings.Builder
	for _, d := range a.diversions {
		diversions.WriteString(d.path + "\n" + d.to + "\n" + d.by + "\n")
	}
	for _, o := range a.overrides {
		overrides.WriteString(strings.Join([]string{o.user, o.group, o.mode, o.path}, " ") + "\n")
	}
	if err := a.root.Write(adminDir+"/diversions", diversions.String(), 0o644); err != nil {
		return err
	}
	return a.root.Write(adminDir+"/statoverride", overrides.String(), 0o644)
}
