// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
)

// errLoop says that links lead in a circle.
var errLoop = errors.New("links in a circle")

// fileOp runs a file operation as BuildKit's file backend does. Inputs are the
// operation's; the result is that of its only output.
func fileOp(op *pb.FileOp, inputs []*Node) (*Node, error) {
	made := append([]*Node{}, inputs...)
	input := func(i int64) *Node {
		if i < 0 {
			return NewDir()
		}
		return made[i]
	}
	var out *Node
	for _, a := range op.Actions {
		root := input(a.Input).Clone()
		if err := act(a, root, input); err != nil {
			return nil, err
		}
		made = append(made, root)
		if a.Output >= 0 {
			out = root
		}
	}
	return out, nil
}

func act(a *pb.FileAction, root *Node, input func(int64) *Node) error {
	switch x := a.Action.(type) {
	case *pb.FileAction_Mkdir:
		return mkdir(root, x.Mkdir)
	case *pb.FileAction_Mkfile:
		return plant(root, x.Mkfile.Path, own(&Node{Kind: File, Data: string(x.Mkfile.Data), Mode: uint32(x.Mkfile.Mode) & 0o777}, x.Mkfile.Owner))
	case *pb.FileAction_Symlink:
		return plant(root, x.Symlink.Newpath, own(&Node{Kind: Link, Data: x.Symlink.Oldpath, Mode: 0o777}, x.Symlink.Owner))
	case *pb.FileAction_Rm:
		dir, ok := root.Real(path.Dir(x.Rm.Path))
		if !ok {
			return errLoop
		}
		root.Remove(path.Join(dir, path.Base(x.Rm.Path)))
		return nil
	case *pb.FileAction_Copy:
		c := &copying{op: x.Copy, from: input(a.SecondaryInput), to: root}
		return c.all()
	}
	return fmt.Errorf("unknown file action %T", a.Action)
}

// own gives a node the owner of an action.
func own(n *Node, o *pb.ChownOpt) *Node {
	if o == nil {
		return n
	}
	if id, ok := o.User.GetUser().(*pb.UserOpt_ByID); ok {
		n.UID = int(id.ByID)
	}
	if id, ok := o.Group.GetUser().(*pb.UserOpt_ByID); ok {
		n.GID = int(id.ByID)
	}
	return n
}

// plant puts a file or a link where the links of its path lead, the last one as well.
func plant(root *Node, p string, n *Node) error {
	real, ok := root.Real(p)
	if !ok {
		return errLoop
	}
	dir := root.At(path.Dir(real))
	if dir == nil || dir.Kind != Dir {
		return fmt.Errorf("make %s: there is no directory for it", p)
	}
	if there := dir.Kids[path.Base(real)]; there != nil && (there.Kind == Dir || n.Kind == Link) {
		return fmt.Errorf("make %s: something is there", p)
	}
	dir.Kids[path.Base(real)] = n
	return nil
}

func mkdir(root *Node, a *pb.FileActionMkDir) error {
	real, ok := root.Real(a.Path)
	if !ok {
		return errLoop
	}
	n := own(NewDir(), a.Owner)
	n.Mode = uint32(a.Mode) & 0o777
	if a.MakeParents {
		return makeAll(root, real, n)
	}
	if there := root.At(real); there != nil {
		return nil // as os.ErrExist is none
	}
	return plant(root, real, n)
}

// makeAll makes directories that aren't there, with the attributes of a node.
func makeAll(root *Node, real string, like *Node) error {
	at := root
	for _, name := range parts(real) {
		kid := at.Kids[name]
		if kid == nil {
			kid = NewDir()
			kid.Mode, kid.UID, kid.GID = like.Mode, like.UID, like.GID
			at.Kids[name] = kid
		}
		if kid.Kind != Dir {
			return fmt.Errorf("make directory %s: there is something else", real)
		}
		at = kid
	}
	return nil
}

// copying is a copy action.
type copying struct {
	op               *pb.FileActionCopy
	from, to         *Node
	include, exclude *patternmatcher.PatternMatcher
}

func (c *copying) all() (err error) {
	if c.op.AttemptUnpackDockerCompatibility {
		return errors.New("unpacking is not modelled")
	}
	if len(c.op.IncludePatterns) > 0 {
		if c.include, err = patternmatcher.New(c.op.IncludePatterns); err != nil {
			return err
		}
	}
	if len(c.op.ExcludePatterns) > 0 {
		if c.exclude, err = patternmatcher.New(c.op.ExcludePatterns); err != nil {
			return err
		}
	}
	all, err := c.sources()
	if err != nil {
		return err
	}
	for _, src := range all {
		if err := c.one(src); err != nil {
			return err
		}
	}
	return nil
}

// sources are what a pattern matches. The directories before the first name with a wildcard
// are taken as they stand, and must be there.
func (c *copying) sources() ([]string, error) {
	if !c.op.AllowWildcard {
		return []string{c.op.Src}, nil
	}
	dir, names := "/", parts(c.op.Src)
	for len(names) > 0 && !hasWildcard(names[0]) {
		dir, names = path.Join(dir, names[0]), names[1:]
	}
	if len(names) == 0 {
		return []string{dir}, nil
	}
	real, ok := c.from.Real(dir)
	if !ok {
		return nil, errLoop
	}
	in := c.from.At(real)
	if in == nil {
		return nil, fmt.Errorf("look into %s: %w", dir, fs.ErrNotExist)
	}
	found := []string{real}
	for _, pattern := range names {
		found = c.matching(found, pattern)
	}
	if len(found) == 0 && !c.op.AllowEmptyWildcard {
		return nil, fmt.Errorf("copy %s: not found", c.op.Src)
	}
	return found, nil
}

// matching are what a pattern matches in directories, in the order of their names.
func (c *copying) matching(dirs []string, pattern string) (found []string) {
	for _, dir := range dirs {
		for _, name := range slices.Sorted(maps.Keys(c.from.At(dir).Kids)) {
			if ok, _ := path.Match(pattern, name); ok {
				found = append(found, path.Join(dir, name))
			}
		}
	}
	return found
}

// hasWildcard reports whether a name has a character of a pattern that no backslash is before.
func hasWildcard(name string) bool {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '*', '?', '[':
			return true
		case '\\':
			i++
		}
	}
	return false
}

// like is what directories that the copy makes are like.
func (c *copying) like() *Node {
	n := own(NewDir(), c.op.Owner)
	if c.op.Mode != -1 && c.op.ModeStr == "" {
		n.Mode = uint32(c.op.Mode)
	}
	return n
}

func (c *copying) one(src string) error {
	follow := c.from.Real
	if !c.op.FollowSymlink {
		follow = func(p string) (string, bool) {
			dir, ok := c.from.Real(path.Dir(p))
			return path.Join(dir, path.Base(path.Clean(p))), ok
		}
	}
	real, ok := follow(src)
	if !ok {
		return errLoop
	}
	node := c.from.At(real)
	if node == nil {
		return fmt.Errorf("copy %s: %w", src, fs.ErrNotExist)
	}
	above := path.Dir(c.op.Dest)
	if strings.HasSuffix(c.op.Dest, "/") {
		above = c.op.Dest
	}
	above, ok = c.to.Real(above)
	if !ok {
		return errLoop
	}
	if err := makeAll(c.to, above, c.like()); err != nil {
		return err
	}
	dest, ok := c.to.Real(c.op.Dest)
	if !ok {
		return errLoop
	}
	there := c.to.At(dest)
	if there != nil && (node.Kind == Dir && !c.op.DirCopyContents || node.Kind != Dir && there.Kind == Dir) {
		dest = path.Join(dest, path.Base(src))
	}
	target := path.Dir(dest)
	if c.op.DirCopyContents && node.Kind == Dir && there == nil {
		target = dest
	}
	if err := makeAll(c.to, target, c.like()); err != nil {
		return err
	}
	if dest == "/" {
		return c.contents(node, "", c.to)
	}
	return c.node(node, "", c.to.At(path.Dir(dest)), path.Base(dest), false)
}

// node copies a node into a directory.
func (c *copying) node(n *Node, below string, into *Node, name string, overwrite bool) error {
	included, excluded := true, false
	if below != "" {
		included, excluded = c.wanted(below)
	}
	there := into.Kids[name]
	if included && c.op.AlwaysReplaceExistingDestPaths && there != nil && (n.Kind != Dir || there.Kind != Dir) {
		delete(into.Kids, name)
		there = nil
	}
	if n.Kind != Dir {
		if !included {
			return nil
		}
		if there != nil && there.Kind == Dir {
			return fmt.Errorf("copy %s: a directory is there", name)
		}
		c2 := n.Clone()
		c.attributes(c2)
		into.Kids[name] = c2
		return nil
	}
	if excluded || !included {
		return c.partly(n, below, into, name, excluded)
	}
	if there != nil && there.Kind != Dir {
		return fmt.Errorf("copy %s: cannot copy to non-directory", name)
	}
	if there == nil {
		there = NewDir()
		into.Kids[name] = there
		overwrite = true
	}
	if overwrite {
		there.Mode, there.UID, there.GID = n.Mode, n.UID, n.GID
		c.attributes(there)
	}
	return c.contents(n, below, there)
}

// partly copies what is included below a directory that isn't.
func (c *copying) partly(n *Node, below string, into *Node, name string, excluded bool) error {
	if excluded && !c.exclude.Exclusions() {
		return nil
	}
	there := into.Kids[name]
	made := there
	if there == nil {
		made = NewDir()
	}
	if err := c.contents(n, below, made); err != nil {
		return err
	}
	if there == nil && len(made.Kids) > 0 {
		made.Mode, made.UID, made.GID = n.Mode, n.UID, n.GID
		c.attributes(made)
		into.Kids[name] = made
	}
	return nil
}

func (c *copying) contents(n *Node, below string, into *Node) error {
	for name, kid := range n.Kids {
		if err := c.node(kid, path.Join(below, name), into, name, true); err != nil {
			return err
		}
	}
	return nil
}

// wanted reports whether a path below the source is included, and whether a pattern
// excludes it.
func (c *copying) wanted(below string) (included, excluded bool) {
	included = true
	if c.include != nil {
		included, _ = c.include.MatchesOrParentMatches(below)
	}
	if c.exclude != nil {
		if excluded, _ = c.exclude.MatchesOrParentMatches(below); excluded {
			included = false
		}
	}
	return included, excluded
}

// attributes sets the mode and the owner that the action asks for.
func (c *copying) attributes(n *Node) {
	own(n, c.op.Owner)
	switch {
	case n.Kind == Link:
	case c.op.ModeStr == "go=u-w":
		user := n.Mode >> 6 & 5
		n.Mode = n.Mode&0o700 | user<<3 | user
	case c.op.ModeStr != "":
		n.Data = "mode " + c.op.ModeStr + " is not modelled"
	case c.op.Mode != -1:
		n.Mode = uint32(c.op.Mode)
	}
}
