// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// Look is what of a tree matches .dockerignore patterns, as a state of its own:
// BuildKit keeps the copy, so that looking again doesn't pull an image.
func Look(st bk.State, patterns []string) bk.State {
	return pick("[internal] look into the base", patterns, part{st, "/"})
}

// Hollow is a tree of the names of a directory that BuildKit was sent the names of alone,
// in which the files of another tree have their content.
func Hollow(names, content bk.State, o Options) (bk.State, error) {
	return o.ops().Tree("[internal] look at the names in the base", call.Hollow{Names: "/names", Content: "/content", Out: "/out"}.Args(),
		bk.AddMount("/names", names, bk.Readonly), bk.AddMount("/content", content, bk.Readonly))
}

// Deletions is what of trees an image's layer would take for deletions, with the
// directories above it. What is of a tree is in the directory [Part].
func Deletions(trees []bk.State) bk.State {
	return pick("[internal] look for names that mean deletions", []string{"**/" + plan.Deletion + "*"}, parts(trees)...)
}

// Suspects is what of trees matches .dockerignore patterns of what no layer should have,
// with the directories above it. What is of a tree is in the directory [Part].
func Suspects(trees []bk.State, patterns []string) bk.State {
	return pick("[internal] look for keys and data", patterns, parts(trees)...)
}

// part is a tree with the directory for what is taken of it.
type part struct {
	tree bk.State
	dest string
}

func parts(trees []bk.State) []part {
	out := make([]part, len(trees))
	for i, st := range trees {
		out[i] = part{st, Part(i)}
	}
	return out
}

// Part is the directory of what was found in a tree, by its index among the trees that
// were looked into.
func Part(tree int) string { return "/" + strconv.Itoa(tree) }

// pick is what of trees matches patterns, as one state: each question to BuildKit costs,
// so that there is one for all of them.
func pick(name string, patterns []string, parts ...part) bk.State {
	var copies *bk.FileAction
	for _, p := range parts {
		if p.tree.Output() == nil {
			continue
		}
		info := &bk.CopyInfo{CopyDirContentsOnly: true, IncludePatterns: patterns}
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
