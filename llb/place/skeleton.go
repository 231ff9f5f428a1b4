// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/internal/inroot"
	"github.com/strata-build/strata/llb/plan"
)

// Skeleton is what is known of an image's directories and links while its layers
// are put on: those of its root, which is the base or the image after the last
// command that changed it in place, and what layers put on top of that.
type Skeleton struct {
	prober Prober
	root   bk.State
	// below answers what root has; nil until it is asked.
	below nodes
	// declared are directories and links that files layers put on top of root.
	// likely are paths that are directories if anything is put below them.
	declared, likely map[string]node
	// opaque says that root is the result of a command: then nothing is asked while
	// the graph is made. ran says that a command is among the layers, shipped that a
	// layer put directories on top of root that aren't known yet.
	opaque, ran, shipped bool
	// ships are what commands and packages put on root, or, with whole, the last one is the
	// image after them.
	ships []bk.State
	whole bool
	// outputs are those of the ships of which the place is known.
	outputs []shippedTree
	// looked says that root was looked into.
	looked bool
	// laid is what files layers put on top of root.
	laid *laid
	// absent are the directories that Absent found missing; nil before.
	absent []string
}

// NewSkeleton is what is known of an image that is only its base, which may be
// empty.
func NewSkeleton(prober Prober, base bk.State, empty bool) *Skeleton {
	s := &Skeleton{prober: prober, root: base, declared: map[string]node{}, likely: map[string]node{}, laid: newLaid()}
	if empty {
		s.below = emptyTree{}
	}
	return s
}

// Continue takes over what is known of the image that this one has as its base.
func (s *Skeleton) Continue(base *Skeleton) {
	s.ran, s.opaque, s.absent = base.ran, base.opaque, base.absent
	if s.opaque {
		maps.Copy(s.declared, base.declared)
		maps.Copy(s.likely, base.likely)
		return
	}
	if !base.laid.anything {
		s.below = onTarget{laid: base.laid, below: base.ofRoot(), target: newProbe(s.prober, s.root)}
	}
}

// Unclear notes a layer that isn't one of files: anything may be anywhere from now on.
func (s *Skeleton) Unclear() { s.laid.anything = true }

// Root is what directories are looked up in.
func (s *Skeleton) Root() bk.State { return s.root }

// Ship notes a layer, by its tree, that may have put any directory on the image, and any
// user if it ran a command.
func (s *Skeleton) Ship(ran bool, tree bk.State) {
	s.ran = s.ran || ran
	s.shipped = true
	s.ships = append(s.ships, tree)
}

// ShipWhole is Ship for a layer of which there is only the image after it.
func (s *Skeleton) ShipWhole(image bk.State) {
	s.ran, s.shipped, s.whole = true, true, true
	s.ships = []bk.State{image}
}

// ShipOutputs is Ship for a layer of what a command made at known places. Directories above
// those are made as for files; what is at them isn't known. Where the places may be behind
// links that aren't known either, it is no more than Ship.
func (s *Skeleton) ShipOutputs(outputs []plan.Output, tree bk.State) {
	if s.opaque || s.root.Output() == nil {
		s.Ship(true, tree)
		return
	}
	for _, o := range outputs {
		s.shipped = s.shipped || slices.ContainsFunc(s.outputs, func(t shippedTree) bool { return t.has(path.Dir(o.Dest), t.dest) })
		s.ran = s.ran || plan.Within("/etc/passwd", o.Dest) || plan.Within("/etc/group", o.Dest)
	}
	for _, o := range outputs {
		s.outputs = append(s.outputs, shippedTree{dest: o.Dest, below: o.Into && o.Owner == nil})
	}
	s.ships = append(s.ships, tree)
}

// Replace notes a command that changed the image in place: the result is the new
// root.
func (s *Skeleton) Replace(root bk.State) {
	absent := s.absent
	*s = *NewSkeleton(s.prober, root, false)
	s.ran, s.opaque, s.absent = true, true, absent
}

// Expect asks the base at once for what the files layers among the actions will
// look up, until a command changes it. dirs are asked for as well if there are
// such layers and such a command.
func (s *Skeleton) Expect(ctx context.Context, layers []plan.Layer, dirs []string) error {
	if s.opaque {
		return nil
	}
	var paths []string
	for i := range layers {
		paths = append(paths, destinations(layers[i].Action)...)
		if e, ok := layers[i].Action.(*plan.Exec); ok && !e.Merges() {
			if len(paths) > 0 {
				paths = append(paths, dirs...)
			}
			break
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return s.nodes().expect(ctx, paths...)
}

// ExpectLinks notes links to directories that later layers bring, so that what earlier ones
// put there isn't below a directory whose place they take.
func (s *Skeleton) ExpectLinks(links map[string]string) {
	for at, target := range links {
		s.declared[at] = node{link: target}
	}
}

// Absent returns those of some directories that the image is not known to have.
// The base is asked only if it was looked into anyway, and Expect has asked then.
func (s *Skeleton) Absent(ctx context.Context, dirs []string) ([]string, error) {
	if s.absent != nil {
		return s.absent, nil
	}
	if _, empty := s.below.(emptyTree); empty || !s.looked || s.opaque {
		return dirs, nil
	}
	s.absent = []string{}
	for _, dir := range dirs {
		n, ok, err := s.nodes().lookup(ctx, dir)
		if err != nil {
			return nil, err
		}
		if !ok || !n.isDir() {
			s.absent = append(s.absent, dir)
		}
	}
	return s.absent, nil
}

// shippedTree is something that a command made.
type shippedTree struct {
	dest string
	// below says that the place itself is a directory like most.
	below bool
}

// has reports whether a path, with the tree at a place, may be of the tree.
func (t shippedTree) has(p, at string) bool { return plan.Within(p, at) && (p != at || !t.below) }

// places are where a tree may be: at its place, or where the links of the image lead from
// there. A later link may have taken the place of one of them, and lead in a circle.
func (t shippedTree) places(ctx context.Context, in nodes) ([]string, error) {
	places := []string{t.dest}
	for _, way := range []struct{ dir, name string }{{path.Dir(t.dest), path.Base(t.dest)}, {t.dest, ""}} {
		real, err := resolveDir(ctx, in, way.dir)
		if errors.Is(err, inroot.ErrLoop) {
			continue
		}
		if err != nil {
			return nil, err
		}
		places = append(places, path.Join(real, way.name))
	}
	return places, nil
}

// unsure reports whether a directory that isn't known may be one of those that a command
// shipped, or a link; of some directories that isn't thought.
func (s *Skeleton) unsure(ctx context.Context, t nodes, p string, plain fhs.Directories) (bool, error) {
	if plain[p] || s.shipped {
		return !plain[p], nil
	}
	for _, tree := range s.outputs {
		places, err := tree.places(ctx, t)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(places, func(at string) bool { return tree.has(p, at) }) {
			return true, nil
		}
	}
	return false, nil
}

// link notes a link that an entry makes, in the place of a directory with all that is in
// it.
func (s *Skeleton) link(at, target string) {
	s.file(at)
	s.declared[at] = node{link: target}
}

// file notes a file at a place that isn't known to be a directory. One that entries made
// below is gone, should it have been one.
func (s *Skeleton) file(at string) {
	below := func(p string, _ node) bool { return strings.HasPrefix(p, at+"/") }
	maps.DeleteFunc(s.declared, below)
	maps.DeleteFunc(s.likely, below)
}

// nodes is the image that a files layer is put on, asked for while the graph is
// made.
func (s *Skeleton) nodes() nodes {
	s.looked = true
	return overlay{below: s.ofRoot(), declared: s.declared}
}

// ofRoot is what root has.
func (s *Skeleton) ofRoot() nodes {
	if s.below == nil {
		s.below = newProbe(s.prober, s.root)
	}
	return s.below
}
