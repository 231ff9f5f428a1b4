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
		mounts["/out"] = mounts["/in"]
	case "place":
		err = placeTree(args[2:], mounts)
	default:
		err = script(mounts["/"], args[len(args)-1])
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

// script runs lines of rm -rf and of mkdir, whose failures don't count.
func script(root *Node, text string) error {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		p := words[len(words)-1]
		if i := strings.Index(line, " 2>"); i >= 0 {
			words = strings.Fields(line[:i])
			p = words[len(words)-1]
		}
		dir, ok := root.Real(path.Dir(p))
		if !ok {
			continue
		}
		switch in := root.At(dir); {
		case in == nil || in.Kind != Dir:
		case words[0] == "rm":
			delete(in.Kids, path.Base(p))
		case words[0] == "mkdir":
			if in.Kids[path.Base(p)] == nil {
				in.Kids[path.Base(p)] = NewDir()
			}
		default:
			return fmt.Errorf("run %q: not modelled", line)
		}
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
	p := &placing{skeleton: mounts["/skeleton"], out: NewDir(), chown: map[string][2]int{}, keep: map[string]bool{}}
	if p.skeleton == nil {
		p.skeleton = NewDir()
	}
	for i := 0; i < len(args)-1; i++ {
		switch args[i] {
		case "--chown":
			at, owner, _ := strings.Cut(args[i+1], "=")
			var ids [2]int
			if _, err := fmt.Sscanf(owner, "%d:%d", &ids[0], &ids[1]); err != nil {
				return fmt.Errorf("read owner %q: %w", owner, err)
			}
			p.chown[at] = ids
		case "--keep":
			p.keep[args[i+1]] = true
		}
	}
	if err := p.contents(mounts["/in"], "/", "/", p.out); err != nil {
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
