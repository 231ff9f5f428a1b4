// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"maps"
	"path"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// piece is what one item becomes.
type piece struct {
	placed []placement
	dirs   map[string]directory
	// others are the paths where a source is known to have something else than a
	// directory.
	others map[string]bool
	// part says that the piece begins a part.
	part bool
	step stepped
}

// apart are the pieces that the parts of a tree become, which go where the links of the
// base lead: one, unless a part would go through a link of the tree itself.
func (p piece) apart() []piece {
	if len(p.placed) < 2 || !p.crosses() {
		return []piece{p}
	}
	first := piece{placed: p.placed[:1], dirs: map[string]directory{}}
	for _, dir := range append(ancestors(p.placed[0].at), p.placed[0].at) {
		if made, ok := p.dirs[dir]; ok {
			first.dirs[dir] = made
		}
	}
	p.placed = p.placed[1:]
	return []piece{first, p}
}

// crosses reports whether a directory is needed where a source has something else.
func (p piece) crosses() bool {
	for dir := range p.dirs {
		if p.others[dir] {
			return true
		}
	}
	return false
}

// stepped is what the step helper is told of a piece.
type stepped struct {
	chown map[string]plan.Owner
	keep  []string
	// before is as in [layer].
	before func() bk.State
	// known is what entries had declared before the next group.
	known noted
}

// group is pieces whose order makes no difference. What a layer holds is groups on top
// of each other, as the layers of an image are: a later piece takes the place of an
// earlier one's link, and isn't written through it, because it is in a later group.
type group struct {
	piece
	// exact are where pieces are, and whether that is a directory for certain. above
	// are the directories above pieces, aboveDirs those above directories.
	exact            map[string]bool
	above, aboveDirs map[string]bool
	// names and dirNames are the paths of pieces and of directories by their last
	// components, and tree says that a piece is among them that may be more than a
	// single file.
	names, dirNames map[string]string
	tree            bool
}

func newGroup() *group {
	return &group{
		piece: piece{dirs: map[string]directory{}, step: stepped{chown: map[string]plan.Owner{}}},
		exact: map[string]bool{}, above: map[string]bool{}, aboveDirs: map[string]bool{}, names: map[string]string{}, dirNames: map[string]string{},
	}
}

// add adds a piece.
func (g *group) add(p piece) {
	g.placed = append(g.placed, p.placed...)
	g.step.before = p.step.before
	maps.Copy(g.dirs, p.dirs)
	maps.Copy(g.step.chown, p.step.chown)
	g.step.keep = append(g.step.keep, p.step.keep...)
	for _, one := range p.placed {
		g.exact[one.at] = one.isDirectory()
		for _, dir := range upwards(one.at) {
			g.above[dir] = true
		}
		g.names[path.Base(one.at)] = one.at
		g.tree = g.tree || !one.isSingle()
	}
	for _, dir := range p.step.keep {
		g.names[path.Base(dir)] = dir
	}
	for dir := range p.dirs {
		g.dirNames[path.Base(dir)] = dir
		for _, up := range upwards(dir) {
			g.aboveDirs[up] = true
		}
	}
}

// clashes reports whether a piece may put something where another piece of the group
// has something else: a file or a link that one has where the other needs a directory
// may be anywhere in a tree.
func (g *group) clashes(p piece) bool {
	for _, one := range p.placed {
		directory, same := g.exact[one.at]
		_, made := g.dirs[one.at]
		switch {
		case same && !(directory && one.isDirectory()),
			g.above[one.at], g.aboveDirs[one.at],
			made && !one.isDirectory(),
			g.isBelow(one.at):
			return true
		}
	}
	for dir := range p.dirs {
		if directory, same := g.exact[dir]; same && !directory || g.isBelow(dir) {
			return true
		}
	}
	return false
}

// clashesInStep is clashes for pieces that a step puts through links that aren't known
// yet, and gives owners by paths: two paths may be one there.
func (g *group) clashesInStep(p piece) bool {
	if p.part || g.tree || g.ownsBelow(p) {
		return true
	}
	for _, one := range p.placed {
		if _, same := g.exact[one.at]; same || !one.isSingle() || isElsewhere(g.names, one.at) || isElsewhere(g.dirNames, one.at) {
			return true
		}
	}
	for dir := range p.dirs {
		if isElsewhere(g.names, dir) {
			return true
		}
	}
	for _, dir := range p.step.keep {
		if isElsewhere(g.dirNames, dir) {
			return true
		}
	}
	return g.clashes(p)
}

// ownsBelow reports whether the owner of a piece would be given to what another one has
// below it: a step gives owners to all below a path.
func (g *group) ownsBelow(p piece) bool {
	for at := range p.step.chown {
		if g.above[at] || g.aboveDirs[at] {
			return true
		}
	}
	for dir := range p.dirs {
		for _, up := range upwards(dir) {
			if _, ok := g.step.chown[up]; ok {
				return true
			}
		}
	}
	return false
}

// isElsewhere reports whether something in another directory has the name of a path.
func isElsewhere(names map[string]string, at string) bool {
	other, ok := names[path.Base(at)]
	return ok && other != at
}

// isSingle reports whether a single file or link is placed.
func (p placement) isSingle() bool {
	return p.Content != nil || p.Symlink != "" || p.HTTP != nil && !p.Extract
}

// isBelow reports whether a path is below that of a piece.
func (g *group) isBelow(at string) bool {
	for _, dir := range upwards(at) {
		if _, ok := g.exact[dir]; ok {
			return true
		}
	}
	return false
}

// isDirectory reports whether a directory is at the place for certain.
func (p placement) isDirectory() bool {
	return p.at == "/" || p.made || p.Into && (p.HTTP == nil || p.Extract)
}

// upwards returns the directories above a path, and the root unless it is that.
func upwards(at string) []string {
	if at == "/" {
		return nil
	}
	return append(ancestors(at), "/")
}

// groups sorts pieces into groups.
type groups []*group

// add adds a piece to the last group, or to a new one if it clashes there.
func (gs *groups) add(p piece, clash func(*group, piece) bool) {
	if len(p.placed)+len(p.dirs) == 0 {
		return
	}
	if n := len(*gs); n == 0 || clash((*gs)[n-1], p) {
		*gs = append(*gs, newGroup())
	}
	(*gs)[len(*gs)-1].add(p)
}
