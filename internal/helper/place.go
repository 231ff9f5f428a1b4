// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/internal/inroot"
)

// placeTree copies a tree into an empty directory, as the base's skeleton wants it:
//
//   - a directory where the skeleton has a link to a directory goes to where
//     the link leads. If two files end at one path, the one whose own path
//     needed no link wins, and among others the first in byte order of their
//     source's path; two directories are merged, with the winner's attributes;
//   - a directory the skeleton has gets the skeleton's mode, owner and
//     extended attributes, and a standard directory such as /usr that it
//     doesn't have is 0755 and root's;
//   - directories and links that are named above the skeleton count as those in it;
//   - a file or link replaces whatever the base has at its path;
//   - all times are 1970-01-01T00:00:00Z.
//
// warn is told what was left out.
func placeTree(c call.Place, warn func(line string)) error {
	p, err := newPlacer(c, warn)
	if err != nil {
		return err
	}
	defer p.src.close()
	defer p.dst.close()
	all := p.everything
	if len(c.Outputs) > 0 {
		all = func() error { return p.outputs(c.Outputs) }
	}
	if err := all(); err != nil {
		return err
	}
	if err := p.owners.unused(); err != nil {
		return err
	}
	if err := p.tree.finish(p.dst); err != nil || c.Report == "" {
		return err
	}
	return reportReplaced(c.Base, p.dst, c.Report)
}

// A placer is one copy in progress.
type placer struct {
	src, dst dir
	skeleton *node
	standard fhs.Directories
	keep     map[string]bool
	owners   *ownership
	warn     func(string)
	tree     *node            // the directories made in dst
	detours  []detour         // the directories that go elsewhere, still to do
	indirect bool             // whether the literal paths are done and the detours are on
	first    map[inode]string // where the first link to a file was placed
	output   int              // which of several outputs is at hand; no link joins two
	chosen   []selection      // of each output; nil for all that it has
	buf      []byte
}

// A detour is a directory of the source and the place the skeleton sends it to.
type detour struct {
	from, to string
	output   int
}

type inode struct {
	dev, ino uint64
	output   int
}

// A spot is a directory of the layer, with what is known of it.
type spot struct {
	dir
	made     *node // in the tree of those made
	skeleton *node // in the skeleton, or nil
	owner    *rule // the ownership rule that holds below it, or nil
}

func newPlacer(c call.Place, warn func(line string)) (*placer, error) {
	p := &placer{standard: fhs.Standard(), first: map[inode]string{}, warn: warn, buf: make([]byte, 1<<18)}
	var err error
	if c.Skeleton != "" {
		if p.skeleton, err = loadSkeleton(c.Skeleton); err != nil {
			return nil, err
		}
	}
	if p.skeleton, err = above(p.skeleton, c); err != nil {
		return nil, err
	}
	if p.owners, err = newOwnership(c, p.sameAs); err != nil {
		return nil, err
	}
	p.keep = map[string]bool{}
	for _, at := range c.Keep {
		for _, name := range p.sameAs(rooted(at)) {
			p.keep[name] = true
		}
	}
	if p.src, err = openSource(c.Source, c.From); err != nil {
		return nil, err
	}
	if p.dst, err = openEmpty(c.Out); err != nil {
		p.src.close()
		return nil, err
	}
	return p, nil
}

// openSource opens the directory from of the mount, which is then the root of the tree.
func openSource(mount, from string) (dir, error) {
	root, err := openRoot(mount)
	if err != nil {
		return dir{}, err
	}
	defer root.close()
	d, err := root.descend(rooted(from))
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return dir{}, fmt.Errorf("read tree %s: it isn't a directory; the step before has to make it one: %w", show(rooted(from)), err)
	}
	d.path = "/"
	return d, err
}

// sameAs returns the path and, if it differs, the one the skeleton's links lead to.
func (p *placer) sameAs(at string) []string {
	if to, _, err := inroot.Follow(p.skeleton.look, at); err == nil && to != at {
		return []string{at, to}
	}
	return []string{at}
}

// everything copies the literal paths first, so that they win, and then what the skeleton sends elsewhere.
func (p *placer) everything() error {
	var st unix.Stat_t
	if err := unix.Fstat(p.src.fd, &st); err != nil {
		return fmt.Errorf("stat /: %w", err)
	}
	root := spot{dir: p.dst, skeleton: p.skeleton, owner: p.owners.at("/", nil)}
	var err error
	if root.made, err = p.newNode(p.src, st, root); err != nil {
		return err
	}
	p.tree = root.made
	if err := p.contents(p.src, root); err != nil {
		return err
	}
	return p.allDetours()
}

// allDetours copies what the skeleton sends elsewhere.
func (p *placer) allDetours() error {
	for p.indirect = true; len(p.detours) > 0; {
		next := p.detours[0]
		p.detours, p.output = p.detours[1:], next.output
		if err := p.detour(next); err != nil {
			return fmt.Errorf("place %s, which the base has as a link to %s: %w", show(next.from), show(next.to), err)
		}
	}
	return nil
}

func (p *placer) contents(src dir, at spot) error {
	names, err := src.names(p.buf)
	if err != nil {
		return err
	}
	for _, name := range names {
		if chosen := p.chosenOf(); chosen != nil && !chosen[src.join(name)] {
			continue
		}
		st, err := src.stat(name)
		if err != nil {
			return err
		}
		if err := checkName(src.join(name)); err != nil {
			return err
		}
		if err := p.entry(original{src, name, st}, at, name); err != nil {
			return err
		}
	}
	return nil
}

// chosenOf is what of the output at hand is taken; nil for all of it.
func (p *placer) chosenOf() selection {
	if p.output < len(p.chosen) {
		return p.chosen[p.output]
	}
	return nil
}

// checkName refuses names that mean something else in a layer.
func checkName(at string) error {
	if strings.HasPrefix(path.Base(at), ".wh.") {
		return fmt.Errorf("place %s: names with .wh. mean a deletion in an image's layer; rename it", show(at))
	}
	return nil
}

// entry copies a file of the source, and calls it name.
func (p *placer) entry(o original, at spot, name string) error {
	if o.Mode&unix.S_IFMT == unix.S_IFDIR {
		return p.directory(o, at, name)
	}
	return p.leaf(o, at, name)
}
