// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// merge is the tree while layers are applied to it.
type merge struct {
	root *node
	// hidden is what the layer at hand hides, opened are the directories that it
	// makes opaque.
	hidden []*node
	opened map[*node]bool
}

func newMerge() *merge { return &merge{root: &node{inode: missingDir()}} }

// apply puts a layer on top.
func (m *merge) apply(records []record) error {
	if err := m.hide(records); err != nil {
		return err
	}
	for _, r := range records {
		if err := m.add(r); err != nil {
			return fmt.Errorf("entry %q: %w", r.path, err)
		}
	}
	m.sweep()
	return nil
}

// hide marks what the layer's whiteouts name, in what the layers below left.
//
// A link that the layer itself replaces by a directory is not followed: the
// whiteouts in that directory are the directory's, not those of where the link led.
func (m *merge) hide(records []record) error {
	var directories map[string]bool
	how := lookup{blocked: func(link *node) bool {
		if directories == nil {
			directories = dirsOf(records)
		}
		return directories[link.path()]
	}}
	m.opened = map[*node]bool{}
	for _, r := range records {
		var err error
		switch r.kind {
		case whiteout:
			err = m.hideOne(r.path, how)
		case opaque:
			err = m.hideBelow(r.path, how)
		}
		if err != nil {
			return fmt.Errorf("whiteout in %q: %w", r.path, err)
		}
	}
	return nil
}

func dirsOf(records []record) map[string]bool {
	directories := map[string]bool{}
	for _, r := range records {
		if r.kind == Dir {
			directories[r.path] = true
		}
	}
	return directories
}

func (m *merge) hideOne(name string, how lookup) error {
	dir, base := path.Split(name)
	p, err := m.root.find(dir, how)
	if err != nil {
		return err
	}
	if parent, ok := p.exists(); ok {
		m.mark(parent.child(base))
	}
	return nil
}

func (m *merge) hideBelow(name string, how lookup) error {
	p, err := m.root.find(name, how)
	if err != nil {
		return err
	}
	dir, ok := p.exists()
	if !ok || m.opened[dir] {
		return nil
	}
	m.opened[dir] = true
	for _, c := range dir.children {
		m.mark(c)
	}
	return nil
}

func (m *merge) mark(n *node) {
	if n != nil && !n.gone {
		n.gone = true
		m.hidden = append(m.hidden, n)
	}
}

// sweep removes what is marked. Until then hard links may lead there: the layer
// may have linked to a file before it removed that name.
func (m *merge) sweep() {
	for _, n := range m.hidden {
		if n.parent.children[n.name] == n {
			delete(n.parent.children, n.name)
		}
	}
	m.hidden = nil
}

// add puts an entry into the tree. A directory on a directory keeps what is in it;
// anything else replaces what was there.
func (m *merge) add(r record) error {
	if r.kind == Dir && r.path == "" {
		m.root.inode = r.inode
		return nil
	}
	dir, base := path.Split(r.path)
	if r.kind == opaque {
		dir = r.path
	}
	p, err := m.root.find(strings.TrimSuffix(dir, "/"), lookup{})
	if err != nil {
		return err
	}
	parent := p.directory()
	if parent.length+len(base) > maxPath {
		return fmt.Errorf("links lead it to a path of more than the %d bytes that Linux allows", maxPath)
	}
	switch r.kind {
	case whiteout, opaque:
		return nil
	case hardLink:
		return m.link(parent, base, r)
	case Dir:
		if old := parent.child(base); old != nil && old.isDir() {
			old.inode = r.inode
			return nil
		}
	}
	parent.put(base, r.inode)
	return nil
}

// link gives a file another name, and as engines do, the owner, mode, times and
// attributes of the link's entry.
func (m *merge) link(parent *node, name string, r record) error {
	target := r.link
	dir, base := path.Split(target)
	p, err := m.root.find(dir, lookup{hidden: true})
	if err != nil {
		return err
	}
	var old *node
	if at, ok := p.exists(); ok {
		old = at.children[base]
	}
	switch {
	case old == nil:
		return fmt.Errorf("it is a hard link to %q, which is not there", target)
	case old.isDir():
		return fmt.Errorf("it is a hard link to %q, which is a directory", target)
	case parent.child(name) == old:
		return errors.New("it is a hard link to itself")
	}
	old.inode.describe(r.inode)
	parent.put(name, old.inode)
	return nil
}
