// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
)

// directory copies a directory of the source, and calls it name, or puts it off if the
// skeleton sends it elsewhere.
func (p *placer) directory(o original, at spot, name string) error {
	to := at.join(name)
	if in := at.skeleton.child(name); in != nil && in.kind == inroot.Link {
		target, found, err := inroot.Follow(p.skeleton.look, to)
		if err != nil {
			return fmt.Errorf("place %s: follow the base's link %s: %w", show(o.path()), show(to), err)
		}
		if found == inroot.Directory {
			p.detours = append(p.detours, detour{from: o.path(), to: target, output: p.output})
			return nil
		}
	}
	from, err := o.in.open(o.name)
	if err != nil {
		return err
	}
	defer from.close()
	sub, err := p.enter(at, name, func(at spot) (*node, error) { return p.newNode(from, o.Stat_t, at) })
	if err != nil {
		return err
	}
	defer sub.close()
	return p.contents(from, sub)
}

// detour copies a directory to where the skeleton's links lead.
func (p *placer) detour(d detour) error {
	from, err := p.src.descend(d.from)
	if err != nil {
		return err
	}
	defer from.close()
	at, err := p.reach(d.to)
	if err != nil {
		return err
	}
	defer at.close()
	if p.keep[d.to] {
		var st unix.Stat_t
		if err := unix.Fstat(from.fd, &st); err != nil {
			return fmt.Errorf("stat %s: %w", show(d.from), err)
		}
		kept, err := p.newNode(from, st, at)
		if err != nil {
			return err
		}
		at.made.attrs = kept.attrs
	}
	return p.contents(from, at)
}

// reach opens a directory of the layer that a link of the skeleton leads to,
// and makes it and those above it where the source has none.
func (p *placer) reach(to string) (spot, error) {
	root, err := p.dst.again()
	if err != nil {
		return spot{}, err
	}
	at := spot{dir: root, made: p.tree, skeleton: p.skeleton, owner: p.owners.at("/", nil)}
	for _, name := range components(to) {
		next, err := p.enter(at, name, func(at spot) (*node, error) {
			if at.skeleton != nil && at.skeleton.kind == inroot.Directory {
				return newDirectory(at.skeleton.attrs), nil
			}
			return newDirectory(plain()), nil
		})
		at.close()
		if err != nil {
			return spot{}, err
		}
		at = next
	}
	return at, nil
}

// enter opens the directory name in the layer, and makes it with the
// attributes of a new node if it isn't there yet.
func (p *placer) enter(at spot, name string, fresh func(spot) (*node, error)) (spot, error) {
	to := at.join(name)
	sub := spot{made: at.made.child(name), skeleton: at.skeleton.child(name), owner: p.owners.at(to, at.owner)}
	var err error
	if sub.made != nil {
		sub.dir, err = at.dir.open(name)
		return sub, err
	}
	if sub.dir, err = at.mkdir(name); errors.Is(err, unix.EEXIST) {
		return spot{}, fmt.Errorf("place directory %s: the tree has a file or link at the same place", show(to))
	}
	if err != nil {
		return spot{}, err
	}
	if sub.made, err = fresh(sub); err != nil {
		sub.close()
		return spot{}, err
	}
	at.made.add(name, sub.made)
	return sub, nil
}

// newNode decides on the attributes of a directory that the source has.
func (p *placer) newNode(from dir, st unix.Stat_t, at spot) (*node, error) {
	if !p.keep[at.path] {
		if at.skeleton != nil && at.skeleton.kind == inroot.Directory {
			return newDirectory(at.skeleton.attrs), nil
		}
		if p.standard[at.path] {
			return newDirectory(plain()), nil
		}
	}
	a := attrsOf(st)
	a.uid, a.gid = p.owners.of(st, at.owner)
	var err error
	if a.xattrs, err = xattrsOf(from.fd); err != nil {
		return nil, fmt.Errorf("place directory %s: %w", show(from.path), err)
	}
	return newDirectory(a), nil
}
