// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"

	"github.com/strata-build/strata/llb/plan"
)

// checkout is the state of a git source.
func (o opener) checkout(e *plan.Entry) (bk.State, error) {
	ref, isGit, err := dfgitutil.ParseGitRef(e.Git.URL)
	if err != nil || !isGit {
		return bk.State{}, &plan.Fault{Range: e.Range, Err: plan.Mistakef("parse git address %q: want a URL that ends in .git, with #ref or #ref:directory behind it", e.Git.URL)}
	}
	opts := []bk.GitOption{
		bk.GitRef(ref.Ref), o.ops.At(e.Range), bk.WithCustomName(o.ops.Name("fetch " + e.Git.URL)),
	}
	if ref.SubDir != "" {
		opts = append(opts, bk.GitSubDir(ref.SubDir))
	}
	if ref.Checksum != "" {
		opts = append(opts, bk.GitChecksum(ref.Checksum))
	}
	if ref.KeepGitDir != nil && *ref.KeepGitDir {
		opts = append(opts, bk.KeepGitDir())
	}
	if ref.Submodules != nil && !*ref.Submodules {
		opts = append(opts, bk.GitSkipSubmodules())
	}
	return bk.Git(ref.Remote, "", opts...), nil
}
