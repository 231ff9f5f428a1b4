// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/internal/call"
)

// execute runs a step: the step helper's place and skeleton, and scripts of the two
// commands that build files made here have.
func execute(op *pb.ExecOp, inputs []*Node) ([]*change, error) {
	mounts := map[string]*Node{}
	for _, m := range op.Mounts {
		mounts[m.Dest] = NewDir()
		if m.Input >= 0 {
			mounts[m.Dest] = inputs[m.Input].Clone()
		}
	}
	args := op.Meta.Args
	var err error
	switch args[1] {
	case "skeleton":
		mounts["/out"] = mounts["/in"].skeleton(mounts["/in"], "/")
	case "place":
		err = placeTree(args[2:], mounts)
	default:
		err = script(mounts["/"], mounts["/out"], args[len(args)-1])
	}
	if err != nil {
		return nil, err
	}
	out := make([]*change, 0, len(op.Mounts))
	for _, m := range op.Mounts {
		if m.Output >= 0 {
			for len(out) <= int(m.Output) {
				out = append(out, &change{tree: NewDir()})
			}
			out[m.Output].tree = mounts[m.Dest]
		}
	}
	return out, nil
}

// skeleton is a directory of a tree with its directories and the links that lead to some.
func (n *Node) skeleton(root *Node, at string) *Node {
	made := *n
	made.Kids = map[string]*Node{}
	for name, kid := range n.Kids {
		p := path.Join(at, name)
		switch kid.Kind {
		case Dir:
			made.Kids[name] = kid.skeleton(root, p)
		case Link:
			if real, ok := root.Real(p); ok && root.At(real) != nil && root.At(real).Kind == Dir {
				made.Kids[name] = kid.Clone()
			}
		}
	}
	return &made
}

// script runs the lines of a command that ships what it makes, or lines of rm -rf and of
// mkdir, whose failures don't count.
func script(root, out *Node, text string) error {
	ships := strings.HasPrefix(text, "true\n")
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if i := strings.Index(line, " 2>"); i >= 0 {
			words = strings.Fields(line[:i])
		}
		p := words[len(words)-1]
		var err error
		switch below, isOut := strings.CutPrefix(p, "$out"); {
		case isOut:
			err = out.make(words, below)
		case ships:
			err = root.make(words, p)
		default:
			err = root.change(words[0], p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// change does what rm -rf and mkdir do; that they can't is no error.
func (n *Node) change(command, p string) error {
	dir, ok := n.Real(path.Dir(p))
	if !ok {
		return nil
	}
	in := n.At(dir)
	switch {
	case in == nil || in.Kind != Dir:
	case command == "rm":
		delete(in.Kids, path.Base(p))
	case command == "mkdir":
		if in.Kids[path.Base(p)] == nil {
			in.Kids[path.Base(p)] = NewDir()
		}
	default:
		return fmt.Errorf("run %s %s: not modelled", command, p)
	}
	return nil
}

// placing is the step helper's place: a tree onto the directories and links of a
// skeleton.
type placing struct {
	skeleton, out *Node
	chown         map[string][2]int
	keep          map[string]bool
	detours       []detour
	indirect      bool
}

// detour is a directory that a link sends elsewhere.
type detour struct {
	from *Node
	name string
	to   string
}

func placeTree(args []string, mounts map[string]*Node) error {
	c, err := call.ParsePlace(args)
	if err != nil {
		return err
	}
	p := &placing{skeleton: NewDir(), out: NewDir(), chown: map[string][2]int{}, keep: map[string]bool{}}
	if s := mounts["/skeleton"]; s != nil {
		p.skeleton = s.Clone()
	}
	p.above(c)
	for at, owner := range c.Chown {
		var ids [2]int
		if _, err := fmt.Sscanf(owner, "%d:%d", &ids[0], &ids[1]); err != nil {
			return fmt.Errorf("read owner %q: %w", owner, err)
		}
		p.chown[at] = ids
	}
	for _, at := range c.Keep {
		p.keep[at] = true
	}
	in := mounts["/in"].At(c.From)
	if len(c.Outputs) > 0 {
		if in, err = staged(mounts["/in"], c.Outputs, p.chown); err != nil {
			return err
		}
	}
	if in == nil || in.Kind != Dir {
		return fmt.Errorf("place %s: it isn't a directory", c.From)
	}
	return p.everything(in, mounts)
}

// staged is a tree with nothing but outputs, each at its destination.
func staged(root *Node, outputs []call.Output, owners map[string][2]int) (*Node, error) {
	tree := NewDir()
	for _, o := range outputs {
		real, ok := root.Real(o.Path)
		if !ok || root.At(real) == nil {
			return nil, fmt.Errorf("place %s: the command left nothing there", o.Path)
		}
		n := root.At(real).Clone()
		if !o.Into {
			tree.Put(o.Dest, n)
			continue
		}
		into := tree.Dirs(o.Dest)
		if ids, ok := owners[o.Dest]; ok && o.Dest != "/" {
			into.UID, into.GID = ids[0], ids[1]
		}
		if n.Kind != Dir {
			into.Kids[path.Base(o.Path)] = n
			continue
		}
		maps.Copy(into.Kids, n.Kids)
	}
	return tree, nil
}

// above puts the links and directories that a call names into the skeleton: links first,
// with the directories that they lead to.
func (p *placing) above(c call.Place) {
	for _, at := range slices.Sorted(maps.Keys(c.Links)) {
		p.skeleton.PutReal(at, &Node{Kind: Link, Data: c.Links[at], Mode: 0o777})
	}
	for _, at := range slices.Sorted(maps.Keys(c.Links)) {
		if real, ok := p.skeleton.Real(at); ok && p.skeleton.At(real) == nil {
			p.skeleton.Dirs(real)
		}
	}
	for _, dirs := range []map[string]call.Attributes{c.Likely, c.Directories} {
		for _, at := range slices.Sorted(maps.Keys(dirs)) {
			real, ok := p.skeleton.Real(at)
			if !ok {
				continue
			}
			n := p.skeleton.At(real)
			if _, always := c.Directories[at]; n == nil || n.Kind != Dir || always {
				n = p.skeleton.Dirs(real)
				n.Mode, n.UID, n.GID = dirs[at].Mode, dirs[at].UID, dirs[at].GID
			}
		}
	}
}

// everything puts the paths that need no link first, and then what links send elsewhere.
func (p *placing) everything(in *Node, mounts map[string]*Node) error {
	if err := p.contents(in, "/", "/", p.out); err != nil {
		return err
	}
	for p.indirect = true; len(p.detours) > 0; {
		next := p.detours[0]
		p.detours = p.detours[1:]
		into, err := p.reach(next.to)
		if err != nil {
			return err
		}
		if err := p.contents(next.from, next.name, next.to, into); err != nil {
			return err
		}
	}
	mounts["/out"] = p.out
	return nil
}

// reach makes the directories that a link leads to.
func (p *placing) reach(to string) (*Node, error) {
	at, in := p.out, "/"
	for _, name := range parts(to) {
		in = path.Join(in, name)
		next := at.Kids[name]
		if next == nil {
			next = NewDir()
			if n := p.skeleton.At(in); n != nil && n.Kind == Dir {
				next.Mode, next.UID, next.GID = n.Mode, n.UID, n.GID
			}
			at.Kids[name] = next
		}
		if next.Kind != Dir {
			return nil, fmt.Errorf("place %s: something else is there", in)
		}
		at = next
	}
	return at, nil
}

func (p *placing) contents(src *Node, from, to string, into *Node) error {
	for _, name := range slices.Sorted(maps.Keys(src.Kids)) {
		kid, at := src.Kids[name], path.Join(to, name)
		if kid.Kind != Dir {
			if there := into.Kids[name]; there != nil && there.Kind == Dir {
				return fmt.Errorf("place %s: a directory is there", at)
			} else if there != nil && p.indirect {
				continue
			}
			n := kid.Clone()
			p.own(n, at)
			into.Kids[name] = n
			continue
		}
		if n := p.skeleton.At(at); n != nil && n.Kind == Link {
			if real, ok := p.skeleton.Real(at); ok {
				if end := p.skeleton.At(real); end != nil && end.Kind == Dir {
					p.detours = append(p.detours, detour{from: kid, name: path.Join(from, name), to: real})
					continue
				}
			}
		}
		sub := into.Kids[name]
		if sub == nil {
			sub = NewDir()
			sub.Mode, sub.UID, sub.GID = kid.Mode, kid.UID, kid.GID
			p.own(sub, at)
			if n := p.skeleton.At(at); n != nil && n.Kind == Dir && !p.keep[at] {
				sub.Mode, sub.UID, sub.GID = n.Mode, n.UID, n.GID
			}
			into.Kids[name] = sub
		}
		if sub.Kind != Dir {
			return fmt.Errorf("place %s: a file is there", at)
		}
		if err := p.contents(kid, path.Join(from, name), at, sub); err != nil {
			return err
		}
	}
	return nil
}

// own gives a node the owner of the longest path.
func (p *placing) own(n *Node, at string) {
	for dir := at; ; dir = path.Dir(dir) {
		if ids, ok := p.chown[dir]; ok {
			n.UID, n.GID = ids[0], ids[1]
			return
		}
		if dir == "/" {
			return
		}
	}
}
