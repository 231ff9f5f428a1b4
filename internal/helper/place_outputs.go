// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/inroot"
)

// An outputError is about what the source has of an output.
type outputError struct {
	// status is that of the first of the outputs, and n the number of this one.
	status, n int
	text      string
}

func (e *outputError) Error() string { return e.text }

// outputs copies single paths of the source, as if each were at its destination in a tree
// that has nothing else. Those to which no link of the skeleton leads come first, so that
// they win.
func (p *placer) outputs(all []call.Output) error {
	p.tree = newDirectory(plain())
	if p.skeleton != nil && p.skeleton.kind == inroot.Directory {
		p.tree.attrs = p.skeleton.attrs
	}
	p.chosen = make([]selection, len(all))
	var later []int
	for i := range all {
		if p.isElsewhere(all[i].Dest) {
			later = append(later, i)
		} else if err := p.ship(all[i], i); err != nil {
			return err
		}
	}
	slices.SortStableFunc(later, func(a, b int) int { return cmp.Compare(all[a].Dest, all[b].Dest) })
	p.indirect = true
	for _, i := range later {
		if err := p.ship(all[i], i); err != nil {
			return err
		}
	}
	return p.allDetours()
}

// isElsewhere reports whether a link of the skeleton is on the way to a path.
func (p *placer) isElsewhere(dest string) bool {
	for ; dest != "/"; dest = path.Dir(dest) {
		if in := p.skeleton.at(dest); in != nil && in.kind == inroot.Link {
			return true
		}
	}
	return false
}

// ship copies an output.
func (p *placer) ship(o call.Output, n int) error {
	p.output = n
	if o.Pattern {
		return p.shipMatches(o, n)
	}
	from, err := p.find(o.Path)
	if isMissing(err) {
		return &outputError{call.MissingOutput, n, "place " + show(o.Path) + ": the command left nothing there"}
	}
	if err != nil {
		return fmt.Errorf("find %s: %w", show(o.Path), err)
	}
	defer from.in.close()
	if err := p.choose(from, o); err != nil {
		return err
	}
	if !o.Into {
		at, err := p.onTheWay(path.Dir(o.Dest), nil)
		if err != nil {
			return err
		}
		defer at.close()
		return p.entry(from, at, path.Base(o.Dest))
	}
	at, err := p.onTheWay(o.Dest, p.owners.at(o.Dest, nil))
	if err != nil {
		return err
	}
	defer at.close()
	if from.Mode&unix.S_IFMT != unix.S_IFDIR {
		return p.leaf(from, at, path.Base(o.Path))
	}
	sub, err := from.in.open(from.name)
	if err != nil {
		return err
	}
	defer sub.close()
	return p.contents(sub, at)
}

// choose finds what of a directory the patterns of the output at hand select.
func (p *placer) choose(from original, o call.Output) error {
	if len(o.Include)+len(o.Exclude) == 0 || from.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil
	}
	top, err := from.in.open(from.name)
	if err != nil {
		return err
	}
	defer top.close()
	found, err := p.selected(top, o)
	if err != nil {
		return err
	}
	if p.chosen[p.output] == nil {
		p.chosen[p.output] = found
	}
	maps.Copy(p.chosen[p.output], found) // those of a pattern's other matches stay
	return nil
}

// shipMatches copies what a pattern matches. Of a link, what it leads to is copied.
func (p *placer) shipMatches(o call.Output, n int) error {
	matches, err := p.matches(o.Path)
	switch {
	case err != nil:
		return fmt.Errorf("find what matches %s: %w", show(o.Path), err)
	case len(matches) == 0:
		return &outputError{call.MissingOutput, n, "place what matches " + show(o.Path) + ": the command left nothing there"}
	case len(matches) > 1 && !o.Into:
		return &outputError{call.SeveralOutputs, n, fmt.Sprintf("place what matches %s as %s: the command left %s", show(o.Path), show(o.Dest), strings.Join(matches, ", "))}
	}
	for _, match := range matches {
		one := call.Output{Path: match, Dest: o.Dest, Include: o.Include, Exclude: o.Exclude}
		if o.Into {
			if err := checkName(match); err != nil {
				return err
			}
			if err := p.into(o.Dest); err != nil {
				return err
			}
			one.Dest = path.Join(o.Dest, path.Base(match))
		}
		var dangling *outputError
		if err := p.ship(one, n); errors.As(err, &dangling) {
			return &outputError{call.DanglingOutput, n, fmt.Sprintf("place what matches %s: %s is a link to what isn't there", show(o.Path), show(match))}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// into makes the directory that outputs go into.
func (p *placer) into(dest string) error {
	at, err := p.onTheWay(dest, p.owners.at(dest, nil))
	if err == nil {
		at.close()
	}
	return err
}

// matches are the paths of the source that a pattern matches, in the order of their names.
func (p *placer) matches(pattern string) ([]string, error) {
	found := []string{"/"}
	for _, name := range components(pattern) {
		var next []string
		for _, dir := range found {
			names, err := p.namesIn(dir)
			if err != nil {
				return nil, err
			}
			for _, have := range names {
				if ok, err := path.Match(name, have); err != nil {
					return nil, err
				} else if ok {
					next = append(next, path.Join(dir, have))
				}
			}
		}
		found = next
	}
	return found, nil
}

// namesIn are the names in a directory of the source, sorted; none if it isn't one.
func (p *placer) namesIn(dir string) ([]string, error) {
	real, kind, err := inroot.Follow(p.lookInSource, dir)
	if isMissing(err) || err == nil && kind != inroot.Directory {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	in, err := p.src.descend(real)
	if err != nil {
		return nil, err
	}
	defer in.close()
	return in.names(p.buf)
}

// isMissing reports whether an error means that nothing is at a path.
func isMissing(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, inroot.ErrNotDirectory)
}

// find follows the links of a path of the source, as a program in it would.
func (p *placer) find(name string) (original, error) {
	real, _, err := inroot.Follow(p.lookInSource, name)
	if err != nil {
		return original{}, err
	}
	in, err := p.src.descend(path.Dir(real))
	if err != nil {
		return original{}, err
	}
	st, err := in.stat(path.Base(real))
	if err != nil {
		in.close()
	}
	return original{in, path.Base(real), st}, err
}

// lookInSource makes the source an inroot.Lookup, for what must be there.
func (p *placer) lookInSource(at, _ string) (inroot.Kind, string, error) {
	in, err := p.src.descend(path.Dir(at))
	if err != nil {
		return inroot.Absent, "", err
	}
	defer in.close()
	st, err := in.stat(path.Base(at))
	if err != nil {
		return inroot.Absent, "", err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return inroot.Directory, "", nil
	case unix.S_IFLNK:
		target, err := in.readlink(path.Base(at))
		return inroot.Link, target, err
	}
	return inroot.Other, "", nil
}

// onTheWay opens a directory of the layer, where the skeleton's links lead on the way to
// it, and makes it and those above it. A rule decides who owns a new one.
func (p *placer) onTheWay(to string, last *rule) (spot, error) {
	root, err := p.dst.again()
	if err != nil {
		return spot{}, err
	}
	at := spot{dir: root, made: p.tree, skeleton: p.skeleton, owner: p.owners.at("/", nil)}
	for _, name := range components(to) {
		next, err := p.step(at, name, to, last)
		at.close()
		if err != nil {
			return spot{}, err
		}
		at = next
	}
	return at, nil
}

// step goes on to the directory name.
func (p *placer) step(at spot, name, to string, last *rule) (spot, error) {
	here := at.join(name)
	if in := at.skeleton.child(name); in != nil && in.kind == inroot.Link {
		target, found, err := inroot.Follow(p.skeleton.look, here)
		if err != nil {
			return spot{}, fmt.Errorf("place %s: follow the base's link %s: %w", show(to), show(here), err)
		}
		if found == inroot.Directory {
			return p.reach(target)
		}
	}
	return p.enter(at, name, func(at spot) (*node, error) {
		n := newDirectory(plain())
		switch {
		case at.skeleton != nil && at.skeleton.kind == inroot.Directory:
			n.attrs = at.skeleton.attrs
		case last != nil && here == to && !p.standard[here]:
			n.attrs.uid, n.attrs.gid = last.owner.uid, last.owner.gid
		}
		return n, nil
	})
}
