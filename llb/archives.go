// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"cmp"
	"context"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// fetcher gives steps the archives that they work with.
type fetcher struct {
	ops *op.Maker
	// trees gives the trees that have archives as files.
	trees op.Trees
}

// mounts mounts archives into a directory, each named by its digest.
func (f fetcher) mounts(ctx context.Context, archives []plan.Archive, dir, ext string, r spec.Range) ([]bk.RunOption, error) {
	byDigest := slices.Clone(archives)
	slices.SortFunc(byDigest, func(a, b plan.Archive) int { return cmp.Compare(a.Digest, b.Digest) })
	var opts []bk.RunOption
	for _, a := range byDigest {
		st, err := f.archive(ctx, a, r)
		if err != nil {
			return nil, err
		}
		opts = append(opts, bk.AddMount(archivePath(a, dir, ext), st, bk.SourcePath("/"+archiveFile(a)), bk.Readonly))
	}
	return opts, nil
}

// archiveFile is what a fetched archive is called: names and versions are no part
// of what is fetched.
func archiveFile(a plan.Archive) string { return op.AttemptName("archive", a.Attempt) }

// archive is the state of an archive, as the file [archiveFile].
func (f fetcher) archive(ctx context.Context, a plan.Archive, r spec.Range) (bk.State, error) {
	words := strings.TrimSpace(a.Name + " " + a.Version)
	if a.Copy == nil {
		return bk.HTTP(a.URLs[0], bk.Checksum(digest.Digest(a.Digest)), bk.Filename(archiveFile(a)), bk.Chmod(0o644), bk.Chown(0, 0),
			f.ops.At(r), bk.WithCustomName("fetch "+words)), nil
	}
	from, err := f.trees(ctx, a.Copy.From)
	if err != nil {
		return bk.State{}, err
	}
	return bk.Scratch().File(bk.Copy(op.Restart(from), a.Copy.Path, "/"+archiveFile(a), &bk.CopyInfo{
		FollowSymlinks: true, Mode: &bk.ChmodOpt{Mode: op.Mode(0o644)}, ChownOpt: op.Owner(0, 0), CreatedTime: new(op.FileTime()),
	}), f.ops.At(r), bk.WithCustomName(f.ops.Name("take "+words))), nil
}
