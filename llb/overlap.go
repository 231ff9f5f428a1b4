// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"maps"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Overlap is a tree of packages that may have something where entries of files layers of
// the same image are put, too.
type Overlap struct {
	Shipped
	// Entries are these entries, by their paths. Each path of a directory that Debian and
	// others have merged into /usr is there in both spellings.
	Entries map[string]*plan.Entry
	// Later says that the packages come later, so that theirs wins.
	Later bool
}

// Search looks for what the tree has at the entries' paths.
func (o *Overlap) Search() Search {
	return Search{o.State, exactly(slices.Sorted(maps.Keys(o.Entries)))}
}

// addPackages notes trees of packages that are put on now. What is known by a name alone,
// and no earlier command was there to see it, may be hidden by them.
func (img *image) addPackages(layer *plan.Layer, trees ...bk.State) {
	if img.stack.chain {
		return
	}
	entries := map[string]*plan.Entry{}
	for _, tree := range img.put {
		if a, ok := tree.Layer.Action.(*plan.Files); ok {
			addNamed(entries, a, func(string) bool { return true })
		}
	}
	for _, tree := range trees {
		one := Shipped{Layer: layer, State: tree}
		img.installed = append(img.installed, one)
		img.lowering.overlap(one, entries, true)
	}
}

// overlapPackages notes which packages before a files layer may have what it puts. Files
// of /etc are there to be changed.
func (img *image) overlapPackages(a *plan.Files) {
	entries := map[string]*plan.Entry{}
	addNamed(entries, a, isProgramFile)
	for _, tree := range img.installed {
		img.lowering.overlap(tree, entries, false)
	}
}

func (l *lowering) overlap(tree Shipped, entries map[string]*plan.Entry, later bool) {
	if len(entries) > 0 {
		l.overlaps = append(l.overlaps, Overlap{tree, entries, later})
	}
}

// addNamed adds the entries that are a file or a link of a name that is known, and which
// is wanted.
func addNamed(to map[string]*plan.Entry, a *plan.Files, wanted func(path string) bool) {
	for i := range a.Entries {
		e := &a.Entries[i]
		at, ok := named(e)
		if !ok || !wanted(at) {
			continue
		}
		to[at] = e
		switch rest, below := strings.CutPrefix(at, "/usr"); {
		case below && isMerged(rest):
			to[rest] = e
		case isMerged(at):
			to["/usr"+at] = e
		}
	}
}

// named is where an entry puts a file or a link, or a directory that it copies, if that is
// known.
func named(e *plan.Entry) (at string, ok bool) {
	switch {
	case e.Extract || e.Git != nil || e.Directory:
		return "", false
	case e.Copy == nil:
		return e.Destination(), true
	case !e.Into:
		return e.Dest, true
	default:
		return path.Join(e.Dest, path.Base(e.Copy.Path)), !spec.HasGlob(e.Copy.Path)
	}
}

// isProgramFile reports whether a path is where packages have what nobody is expected to
// change: in /usr, but not in /usr/local, and in what was merged into it.
func isProgramFile(at string) bool {
	return isMerged(at) || strings.HasPrefix(at, "/usr/") && !strings.HasPrefix(at, "/usr/local/")
}

// isMerged reports whether a path is below a directory that was merged into /usr.
func isMerged(at string) bool {
	top := fhs.TopMerged(at)
	return top != "" && top != at
}
