// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
)

// Look is what of a tree matches .dockerignore patterns, as a state of its own:
// BuildKit keeps the copy, so that looking again doesn't pull an image.
func Look(st bk.State, patterns []string) bk.State {
	return pick("[internal] look into the base", part{tree: st, dest: "/", patterns: patterns})
}

// Hollow is a tree of the names of a directory that BuildKit was sent the names of alone,
// in which the files of another tree have their content.
func Hollow(names, content bk.State, o Options) (bk.State, error) {
	return o.ops().Tree("[internal] look at the names in the base", call.Hollow{Names: "/names", Content: "/content", Out: "/out"}.Args(),
		bk.AddMount("/names", names, bk.Readonly), bk.AddMount("/content", content, bk.Readonly))
}

// Search is a tree, and .dockerignore patterns of what is looked for in it.
type Search struct {
	Tree     bk.State
	Patterns []string
	// Except are patterns of what isn't, although it matches.
	Except []string
}

// Found is what the searches match, with the directories above it, as one state: each
// question to BuildKit costs, so that there is one for all of them. What is of a search is
// in the directory [Part]. Where a search found nothing, that directory is empty, or not
// there if [LeavesOut].
func Found(searches []Search) bk.State {
	parts := make([]part, len(searches))
	for i, s := range searches {
		parts[i] = part{tree: s.Tree, dest: Part(i), patterns: s.Patterns, except: s.Except}
	}
	found := pick("[internal] look into the layers", parts...)
	if !LeavesOut(len(searches)) {
		return found
	}
	return pick("[internal] leave out where nothing was found", part{tree: found, dest: "/", patterns: []string{"*/*"}})
}

// LeavesOut reports whether what so many searches found has no directories for those that
// found nothing. A copy makes them even then, and so what has something is copied once
// more: a vertex for all, where a few directories are read for less.
func LeavesOut(searches int) bool { return searches > 4 }

// part is a tree with the directory for what of it matches patterns.
type part struct {
	tree     bk.State
	dest     string
	patterns []string
	except   []string
	// over says that it replaces what is of the trees before.
	over bool
}

// Part is the directory of what a search found, by its index.
func Part(search int) string { return "/" + strconv.Itoa(search) }

// pick is what of trees matches patterns, as one state.
func pick(name string, parts ...part) bk.State {
	var copies *bk.FileAction
	for _, p := range parts {
		if p.tree.Output() == nil {
			continue
		}
		info := &bk.CopyInfo{CopyDirContentsOnly: true, IncludePatterns: p.patterns, ExcludePatterns: p.except, AlwaysReplaceExistingDestPaths: p.over}
		if from := op.Restart(p.tree); copies == nil {
			copies = bk.Copy(from, "/", p.dest, info)
		} else {
			copies = copies.Copy(from, "/", p.dest, info)
		}
	}
	if copies == nil {
		return bk.Scratch()
	}
	return bk.Scratch().File(copies, bk.WithCustomName(name))
}
