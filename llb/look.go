// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// Look is what of a tree matches .dockerignore patterns, as a state of its own:
// BuildKit keeps the copy, so that looking again doesn't pull an image.
func Look(st bk.State, patterns []string) bk.State {
	return pick(st, "[internal] look into the base", patterns)
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
