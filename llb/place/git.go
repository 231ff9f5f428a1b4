// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// checkout is the state of a git source.
func (o opener) checkout(e *plan.Entry) (bk.State, error) {
	ref, isGit, err := dfgitutil.ParseGitRef(e.Git.URL)
	if err != nil || !isGit {
		return bk.State{}, &plan.Fault{Range: e.Range, Err: plan.Mistakef("parse git address %q: want a URL that ends in .git, with #ref or #ref:directory behind it", e.Git.URL)}
	}
	opts := []bk.GitOption{
		o.ops.At(e.Range), bk.WithCustomName(o.ops.Name("fetch " + printable.Address(e.Git.URL))),
	}
	if ref.SubDir != "" {
		opts = append(opts, bk.GitSubDir(ref.SubDir))
	}
	if ref.Checksum != "" {
		opts = append(opts, bk.GitChecksum(ref.Checksum))
	}
	keeps := ref.KeepGitDir != nil && *ref.KeepGitDir
	opts = append(opts, o.reference(e.Git, ref.Ref, keeps)...)
	if keeps {
		opts = append(opts, bk.KeepGitDir())
	}
	if ref.Submodules != nil && !*ref.Submodules {
		opts = append(opts, bk.GitSkipSubmodules())
	}
	st := bk.Git(ref.Remote, "", opts...)
	s := e.Git.Signature
	switch {
	case s == nil:
		return st, nil
	case !o.placer.ChecksGit:
		return bk.State{}, &plan.Fault{Range: e.Range, Err: plan.Mistakef("check the signature of %s: this daemon's BuildKit can't; take a newer one", e.Git.URL)}
	}
	return op.SignedBy(st, s.KeyText, e.Git.Commit == ""), nil
}

// reference says what is checked out: the commit of the lock, or what the reference
// stands for now. What keeps its .git directory is checked out by the reference in any
// case, which is seen there.
func (o opener) reference(g *plan.Git, ref string, keepsDir bool) []bk.GitOption {
	commit := g.Commit
	if g.Signature != nil && g.Tag != "" { // the signature is in the tag's own object
		commit = g.Tag
	}
	switch {
	case commit == "":
		return []bk.GitOption{bk.GitRef(ref)}
	case o.placer.FetchesCommits && g.Ref != "":
		return []bk.GitOption{bk.GitRef(g.Ref), bk.GitChecksum(commit), bk.GitFetchByCommit()}
	case keepsDir:
		return []bk.GitOption{bk.GitRef(ref), bk.GitChecksum(commit)}
	}
	return []bk.GitOption{bk.GitRef(commit)}
}
