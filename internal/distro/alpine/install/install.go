// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/child"
	"github.com/strata-build/strata/internal/distro/alpine/command"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// Options say how packages are installed in the image at /.
type Options struct {
	// Meta is the directory with a directory of each Unpack's meta.
	Meta string
	// Scripts says what is done with maintainer scripts.
	Scripts Scripts
	// Wanted is what the build file asks for, as it is written there.
	Wanted []string
	// Files are the names of packages that the build file has as files.
	Files []string
	// Log is where the scripts' output goes.
	Log *os.File
	// Root is the image; empty for /.
	Root string
	// Base is what the packages were put on, for [Protect]; empty on scratch.
	Base string
}

// Scripts says what is done with maintainer scripts.
type Scripts = command.Scripts

// What can be done with them.
const (
	Run    = command.Run
	Skip   = command.Skip
	Follow = command.Follow
)

// read reads what was unpacked, and what the image has.
func (opt *Options) read() ([]*group, *database, error) {
	opt.Root = cmp.Or(opt.Root, "/")
	groups, err := unpack.ReadGroups[*Package](opt.Meta)
	if err != nil {
		return nil, nil, err
	}
	db, err := readDatabase(opt.Root)
	return groups, db, err
}

// Install makes unpacked packages installed ones in the image.
func Install(ctx context.Context, opt Options) error {
	groups, db, err := opt.read()
	if err != nil {
		return err
	}
	unix.Umask(0o022)
	in := &installer{Options: opt, ctx: ctx, db: db, changed: map[string]bool{}}
	if in.packages, err = ordered(groups); err != nil {
		return err
	}
	for _, step := range []func() error{in.checkFiles, in.checkKinds, in.settleDirectories, in.enter, in.fireTriggers, in.refused, in.links} {
		if err := step(); err != nil {
			return fmt.Errorf("install packages: %w", err)
		}
	}
	if err := db.want(slices.Concat(opt.Wanted, in.files())); err != nil {
		return err
	}
	return db.write()
}

// An installer works on the image at Root.
type installer struct {
	Options
	ctx      context.Context //nolint:containedctx // it is that of one call
	starter  child.Starter
	db       *database
	packages []*Package
	changed  map[string]bool // directories of what was installed or taken away, by apk's paths
	// brought are the paths that packages have, by the first one, counted from 1, and
	// problems why scripts can't be run.
	brought  map[string]int
	problems []string
}

// files are the packages that the build file has as files, as apk notes them: it is
// that very file that was asked for.
func (in *installer) files() []string {
	var out []string
	for _, p := range in.packages {
		if slices.Contains(in.Files, p.Info.Name) {
			out = append(out, p.Info.Name+"><"+p.Checksum)
		}
	}
	return out
}

// ordered are the packages of all groups, each after what it needs; apart from
// that they are in the order of their names.
func ordered(groups []*group) ([]*Package, error) {
	var all []*Package
	for _, g := range groups {
		all = append(all, g.Packages...)
	}
	if len(all) == 0 {
		return nil, errors.New("install packages: there are none")
	}
	slices.SortFunc(all, func(a, b *Package) int { return strings.Compare(a.Info.Name, b.Info.Name) })
	provided := map[string][]*Package{}
	for i, p := range all {
		if i > 0 && all[i-1].Info.Name == p.Info.Name {
			return nil, fmt.Errorf("install packages: %s is there twice", p.Info.Name)
		}
		for _, name := range append([]string{p.Info.Name}, p.Info.Provides...) {
			if r, err := control.ParseRelation(name); err == nil {
				provided[r.Name] = append(provided[r.Name], p)
			}
		}
	}
	out := make([]*Package, 0, len(all))
	seen := map[*Package]bool{}
	var visit func(p *Package)
	visit = func(p *Package) {
		if seen[p] {
			return
		}
		seen[p] = true
		for _, text := range slices.Concat(p.Info.Depends, p.Info.InstallIf) {
			if r, err := control.ParseRelation(text); err == nil && !r.Conflict {
				for _, other := range provided[r.Name] {
					visit(other)
				}
			}
		}
		out = append(out, p)
	}
	for _, p := range all {
		visit(p)
	}
	return out, nil
}

// enter installs the packages, one after the other.
func (in *installer) enter() error {
	for _, p := range in.packages {
		old := in.db.find(p.Info.Name)
		pre, post, args := "pre-install", "post-install", []string{p.Info.Version}
		if old != nil {
			pre, post, args = "pre-upgrade", "post-upgrade", append(args, old.Version)
		}
		if err := in.script(p, pre, args...); err != nil {
			return err
		}
		if err := in.own(p); err != nil {
			return fmt.Errorf("give the files of %s their owners: %w", p.Info.Name, err)
		}
		if old != nil {
			if err := in.discard(old); err != nil {
				return fmt.Errorf("take away what %s %s had: %w", old.Name, old.Version, err)
			}
			in.db.remove(old)
		}
		if err := in.take(p); err != nil {
			return err
		}
		if err := in.script(p, post, args...); err != nil {
			return err
		}
	}
	return nil
}

func dirOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}
