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
	if st.Output() == nil {
		return st
	}
	return bk.Scratch().File(bk.Copy(op.Restart(st), "/", "/", &bk.CopyInfo{
		CopyDirContentsOnly: true,
		IncludePatterns:     patterns,
	}), bk.WithCustomName("[internal] look into the base"))
}

// Deletions is what of a tree an image's layer would take for deletions, with the
// directories above it.
func Deletions(st bk.State) bk.State {
	if st.Output() == nil {
		return st
	}
	return bk.Scratch().File(bk.Copy(op.Restart(st), "/", "/", &bk.CopyInfo{
		CopyDirContentsOnly: true,
		IncludePatterns:     []string{"**/" + plan.Deletion + "*"},
	}), bk.WithCustomName("[internal] look for names that mean deletions"))
}
