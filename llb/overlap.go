// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/llb/plan"
)

// Overlap is a files layer and a tree of packages of the same image, or of a target that it
// stands on, which may have files at the same places.
type Overlap struct {
	Files, Packages *Shipped
	// Seen is the image after the last command that ran in it once it had the packages: of
	// what that took away nothing is hidden. It has no output where none ran.
	Seen bk.State
	// Later says that the packages come later, so that theirs wins.
	Later bool
}

// Wants reports whether a file at that place should not be in both.
func (o *Overlap) Wants(at string) bool { return o.Later || isProgramFile(at) }

// WantsBelow reports whether anything below a directory should not be in both.
func (o *Overlap) WantsBelow(dir string) bool { return o.Later || reachesPrograms(dir) }

// installed is a tree of packages in an image.
type installed struct {
	tree *Shipped
	seen bk.State
}

// addPackages notes trees of packages that are put on now. What files layers put below
// them, and no earlier command was there to see it, may be hidden by them.
func (img *image) addPackages(layer *plan.Layer, trees ...bk.State) {
	if img.stack.chain {
		return
	}
	for _, st := range trees {
		tree := &Shipped{Layer: layer, State: st}
		img.installed = append(img.installed, installed{tree: tree})
		for _, put := range img.put {
			if _, ok := put.Layer.Action.(*plan.Files); ok {
				img.lowering.overlaps = append(img.lowering.overlaps, Overlap{Files: &put, Packages: tree, Later: true})
			}
		}
	}
}

// overlapPackages notes which packages may have what a files layer puts on them. Where it
// has nothing that could be where packages have their programs nothing is asked.
func (img *image) overlapPackages(files Shipped, a *plan.Files) {
	if !slices.ContainsFunc(a.Entries, mayPutPrograms) {
		return
	}
	for _, on := range img.installed {
		img.lowering.overlaps = append(img.lowering.overlaps, Overlap{Files: &files, Packages: on.tree, Seen: on.seen})
	}
}

// seeInstalled notes that a command ran in the image.
func (img *image) seeInstalled() {
	for i := range img.installed {
		img.installed[i].seen = img.stack.view()
	}
}

// mayPutPrograms reports whether an entry may put files where packages have their programs.
func mayPutPrograms(e plan.Entry) bool {
	if e.Copy != nil || e.Git != nil || e.Extract {
		return reachesPrograms(e.Dest)
	}
	return isProgramFile(e.Destination())
}

// programDirs are where packages have what is not there to be changed.
func programDirs() []string { return append(fhs.Merged(), "/usr", "/opt") }

// isProgramFile reports whether a path is where packages have what is not there to be
// changed, as /etc is; /usr/local isn't theirs.
func isProgramFile(at string) bool {
	return !isBelow(at, "/usr/local") && slices.ContainsFunc(programDirs(), func(dir string) bool { return at != dir && isBelow(at, dir) })
}

// reachesPrograms reports whether files of programs may be below a directory.
func reachesPrograms(dir string) bool {
	return dir != "/usr/local" && isProgramFile(path.Join(dir, "x")) || slices.ContainsFunc(programDirs(), func(program string) bool { return isBelow(program, dir) })
}

// isBelow reports whether a path is a directory or below it.
func isBelow(at, dir string) bool {
	return at == dir || dir == "/" || strings.HasPrefix(at, dir+"/")
}
