// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// ErrRefused says that the build file must be refused.
var ErrRefused = errors.New("the build file must be refused")

// ErrReturns says that an entry puts a file or a link in the place of a directory, and
// a later one makes it a directory again. What was in it stays hidden if the two are in
// layers of their own and comes back if they share one: a layer can't say both.
var ErrReturns = errors.New("a hidden directory returns")

// ErrMeets says that two parts of one source meet at one path, where links send them,
// that a file takes the place of a directory that a command left, of one that a files layer
// made, of one behind a link that a command shipped, or behind one of the base that an entry
// named as a directory after a command had shipped or that a layer made, that a layer took the place of a link,
// or of what it led to, on whose way another one goes or went after a command, or that a source has a
// directory, below its place, where a command shipped a link.
var ErrMeets = errors.New("two parts of a source meet")

// Image is the tree that the project's image must have, entry by entry: links that the
// base or a symlink entry has are followed on the way to a place, and whatever else is
// there is replaced.
func (p *Project) Image() (*Node, error) {
	root := p.Base
	if p.Scratch {
		root = NewDir()
	}
	in := p.in
	if in == nil {
		in = p.Base
	}
	o := &oracle{context: p.Context, base: in, scratch: p.Scratch, image: root.Clone(), root: root, before: root, declared: map[string]*Node{}, behind: map[string]bool{}, followed: map[string]bool{}}
	for _, l := range p.Layers {
		if l.Script != nil {
			if err := script(o.image, nil, strings.Join(l.Script, "\n")); err != nil {
				return nil, err
			}
			o.root, o.ran, o.declared, o.hidden = o.image.Clone(), true, map[string]*Node{}, nil
			o.before, o.ground, o.scratch = o.root, nil, false
			continue
		}
		if l.Ships != nil {
			if err := o.ships(l.Ships); err != nil {
				return nil, err
			}
			if err := o.settle(); err != nil {
				return nil, err
			}
		}
		for _, e := range l.Entries {
			if err := o.entry(e); err != nil {
				return nil, err
			}
			if err := o.settle(); err != nil {
				return nil, err
			}
		}
	}
	return o.image, nil
}

// oracle is an image while entries are put on it.
type oracle struct {
	context, base, image *Node
	// scratch says that the root is empty.
	scratch bool
	// root is what is known to be below: the base, or what the last command left; ran
	// says which.
	root *Node
	ran  bool
	// ground is the root with what commands shipped; nil where none did. What comes after
	// them may be placed in a step.
	ground *Node
	// crossed says that the last path led through a link that a command shipped, and behind
	// are the directories that entries made behind one, or behind any where a command shipped.
	crossed bool
	behind  map[string]bool
	// followed are the links that entries were put behind after a command had shipped.
	followed map[string]bool
	// declared are the directories and links that entries made.
	declared map[string]*Node
	// hidden are the directories that something else took the place of.
	hidden []string
	// touched is what a source has put where, as a directory or as something else.
	touched map[string]bool
	// before is the image as it was when they were looked for last.
	before *Node
}

// settle fails if a directory that was hidden is one again.
func (o *oracle) settle() error {
	for _, p := range o.hidden {
		if n := o.image.At(p); n != nil && n.Kind == Dir {
			return ErrReturns
		}
	}
	o.hide(o.before, "/")
	o.before = o.image.Clone()
	return nil
}

func (o *oracle) hide(before *Node, at string) {
	for name, kid := range before.Kids {
		p := path.Join(at, name)
		if kid.Kind != Dir {
			continue
		}
		if n := o.image.At(p); n == nil || n.Kind != Dir {
			o.hidden = append(o.hidden, p)
		}
		o.hide(kid, p)
	}
}

// lookup is the directory or the link that is known at a path; nil if there is none.
func (o *oracle) lookup(p string) *Node {
	if n := o.declared[p]; n != nil || p == "/" {
		if n == nil {
			n = NewDir()
		}
		return n
	}
	if n := o.root.At(p); n != nil && n.Kind != File && !o.ran {
		return n
	}
	return nil
}

// resolve follows the known links of a directory's path.
func (o *oracle) resolve(dir string) (string, error) {
	todo, at := parts(dir), "/"
	o.crossed = false
	for links := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if name == ".." {
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, name)
		n := o.lookup(next)
		if n == nil {
			n = o.shippedLink(next)
			o.crossed = o.crossed || n != nil
		}
		if n == nil || n.Kind != Link {
			at = next
			continue
		}
		if links++; links > 40 {
			return "", ErrRefused
		}
		if o.ground != nil && !o.leads(next, n) {
			return "", ErrMeets
		}
		o.followed[next] = o.followed[next] || o.ground != nil
		todo = slices.Concat(parts(n.Data), todo)
		if path.IsAbs(n.Data) {
			at = "/"
		}
	}
	return at, nil
}

func (o *oracle) entry(e Entry) error {
	dest, into := path.Clean(e.Dest), strings.HasSuffix(e.Dest, "/")
	isDir := e.Content == "" && e.Symlink == "" && e.Source == ""
	if o.ran {
		return o.raw(e, dest, into)
	}
	var err error
	var at string
	if isDir || into {
		at, err = o.resolve(dest)
	} else if at, err = o.resolve(path.Dir(dest)); err == nil {
		at = path.Join(at, path.Base(dest))
	}
	if err != nil {
		return err
	}
	known := o.lookup(at)
	if o.isFile(e) && known == nil && o.behind[at] {
		return ErrMeets
	}
	switch {
	case isDir && at == "/":
		return ErrRefused
	case isDir:
		o.image.Dirs(at)
		o.declared[at] = NewDir()
		o.behind[at] = o.crossed || o.ground != nil && at != dest
		o.behind[dest] = o.behind[at]
	case e.Symlink != "":
		if known != nil && known.Kind == Dir {
			return o.taken(at)
		}
		o.image.Put(at, &Node{Kind: Link, Data: e.Symlink})
		o.link(at, e.Symlink)
	case e.Content != "":
		if o.hasDirectory(at) {
			return o.taken(at)
		}
		o.image.Put(at, &Node{Kind: File, Data: e.Content})
		o.file(at)
	default:
		return o.source(e, at, into, known)
	}
	return nil
}

// hasDirectory reports whether a directory is known at a place, or a link to one that no
// entry made: a file can't take its place.
func (o *oracle) hasDirectory(place string) bool {
	at, todo := "/", parts(place)
	for links := 0; len(todo) > 0; {
		if todo[0] == ".." {
			at, todo = path.Dir(at), todo[1:]
			continue
		}
		at, todo = path.Join(at, todo[0]), todo[1:]
		n := o.lookup(at)
		if n == nil || n.Kind != Link {
			continue
		}
		if links++; links > 40 || at == place && o.declared[at] != nil {
			return false
		}
		todo = slices.Concat(parts(n.Data), todo)
		if at = path.Dir(at); path.IsAbs(n.Data) {
			at = "/"
		}
	}
	n := o.lookup(at)
	return n != nil && n.Kind == Dir
}

// isFile reports whether an entry puts a file or a link at its very place.
func (o *oracle) isFile(e Entry) bool {
	if e.Source == "" {
		return e.Content != "" || e.Symlink != ""
	}
	src := o.from(e)
	return !strings.HasSuffix(e.Dest, "/") && (src == nil || src.Kind != Dir)
}

// taken is for a file where a directory is: behind a link that a command shipped, only the
// step that places the file comes there, and it doesn't know of directories like most.
func (o *oracle) taken(at string) error {
	for dir := at; dir != "/"; dir = path.Dir(dir) {
		if o.crossed || o.behind[dir] {
			return ErrMeets
		}
	}
	return ErrRefused
}

// source puts what an entry copies; nothing is at a source is an error.
func (o *oracle) source(e Entry, at string, into bool, known *Node) error {
	src := o.from(e)
	o.touched = map[string]bool{}
	switch {
	case src == nil:
		return ErrRefused
	case known == nil && src.Kind != Dir && into:
		o.image.Put(path.Join(at, path.Base(e.Source)), src)
		return nil
	case known == nil && src.Kind != Dir:
		o.image.Put(at, src)
		return nil
	case known == nil:
		return o.merge(src, at, false)
	case src.Kind != Dir && !into && o.hasDirectory(at):
		return o.taken(at)
	case src.Kind != Dir && !into:
		o.image.Put(at, src)
		return nil
	}
	real, err := o.resolve(at)
	if err != nil {
		return err
	}
	if src.Kind != Dir {
		file := path.Join(real, path.Base(e.Source))
		if o.hasDirectory(file) {
			return o.taken(file)
		}
		o.image.Put(file, src)
		return nil
	}
	return o.merge(src, real, true)
}

// from is a copy of an entry's source; nil if there is none.
func (o *oracle) from(e Entry) *Node {
	real, ok := o.context.Real(e.Source)
	if !ok {
		return nil
	}
	n := o.context.At(real)
	if n == nil {
		return nil
	}
	return n.Clone()
}

// merge puts the contents of a directory into one of the image. Known links are
// followed if the directory was known itself.
func (o *oracle) merge(src *Node, at string, follow bool) error {
	for dir := at; dir != "/"; dir = path.Dir(dir) {
		if directory, ok := o.touched[dir]; ok && !directory {
			return ErrMeets
		}
		o.touched[dir] = true
	}
	if o.crossesShipped(at) {
		return ErrMeets
	}
	o.image.Dirs(at)
	var later []func() error
	for name, kid := range src.Kids {
		to := path.Join(at, name)
		if kid.Kind != Dir {
			if n := o.lookup(to); follow && kid.Kind == Link && n != nil && n.Kind == Dir {
				return o.taken(to)
			}
			if _, ok := o.touched[to]; ok {
				return ErrMeets
			}
			o.touched[to] = false
			if n := o.image.At(to); o.ground != nil && n != nil && n.Kind == Dir {
				return ErrMeets
			}
			o.image.Put(to, kid)
			continue
		}
		known := o.lookup(to)
		switch {
		case !follow || known == nil:
			if err := o.merge(kid, to, false); err != nil {
				return err
			}
		case known.Kind == Dir:
			later = append(later, func() error { return o.merge(kid, to, true) })
		default:
			real, err := o.resolve(to)
			if err != nil {
				return err
			}
			later = append(later, func() error { return o.merge(kid, real, true) })
		}
	}
	for _, f := range later {
		if err := o.settle(); err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
