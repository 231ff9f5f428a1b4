// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// Look is what of a tree matches .dockerignore patterns, as a state of its own:
// BuildKit keeps the copy, so that looking again doesn't pull an image.
func Look(st bk.State, patterns []string) bk.State {
	return pick(st, "[internal] look into the base", patterns)
}

// Hollow is a tree of the names of a directory that BuildKit was sent the names of alone,
// in which the files of another tree have their content.
func Hollow(names, content bk.State, o Options) (bk.State, error) {
	return o.ops().Tree("[internal] look at the names in the base", call.Hollow{Names: "/names", Content: "/content", Out: "/out"}.Args(),
		bk.AddMount("/names", names, bk.Readonly), bk.AddMount("/content", content, bk.Readonly))
}

// Deletions is what of a tree an image's layer would take for deletions, with the
// directories above it.
func Deletions(st bk.State) bk.State {
	return pick(st, "[internal] look for names that mean deletions", []string{"**/" + plan.Deletion + "*"})
}

// Suspects is what of a layer matches .dockerignore patterns of what no layer should
// have, with the directories above it.
func Suspects(st bk.State, patterns []string) bk.State {
	return pick(st, "[internal] look for keys and data", patterns)
}

// pick is what of a tree matches patterns, as a state of its own.
func pick(st bk.State, name string, patterns []string) bk.State {
	if st.Output() == nil {
		return st
	}
	return bk.Scratch().File(bk.Copy(op.Restart(st), "/", "/", &bk.CopyInfo{
		CopyDirContentsOnly: true,
		IncludePatterns:     patterns,
	}), bk.WithCustomName(name))
}
