// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// fetcher gives steps the archives that they work with.
type fetcher struct {
	ops *op.Maker
	// trees gives the trees that have archives as files, or logins for their servers, and
	// on is the image that packages are put on, which may have some, too.
	trees op.Trees
	on    bk.State
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
	if a.Login != nil {
		return f.withLogin(ctx, a, "fetch "+words, r)
	}
	if a.Copy == nil {
		return bk.HTTP(a.URLs[0], bk.Checksum(digest.Digest(a.Digest)), bk.Filename(archiveFile(a)), bk.Chmod(0o644), bk.Chown(0, 0),
			f.ops.At(r), bk.WithCustomName("fetch "+words), op.Limit(a.Size)), nil
	}
	from, err := f.trees(ctx, a.Copy.From)
	if err != nil {
		return bk.State{}, err
	}
	return bk.Scratch().File(bk.Copy(op.Restart(from), a.Copy.Path, "/"+archiveFile(a), &bk.CopyInfo{
		FollowSymlinks: true, Mode: &bk.ChmodOpt{Mode: op.Mode(0o644)}, ChownOpt: op.Owner(0, 0), CreatedTime: new(op.FileTime()),
	}), f.ops.At(r), bk.WithCustomName(f.ops.Name("take "+words))), nil
}

// withLogin is the state of an archive whose server wants a login: the daemon has none,
// so that the step helper fetches it.
func (f fetcher) withLogin(ctx context.Context, a plan.Archive, words string, r spec.Range) (bk.State, error) {
	root := f.on
	if a.Login.Image != nil {
		var err error
		if root, err = f.trees(ctx, *a.Login.Image); err != nil {
			return bk.State{}, fmt.Errorf("find the login for %s: %w", a.URLs[0], err)
		}
	}
	ask := call.Fetch{Digest: digest.Digest(a.Digest), Size: a.Size, URLs: a.URLs}
	return fetchStep(f.ops, root, a.Login, ask, archiveFile(a), words, f.ops.At(r))
}

// Where a step that fetches finds its secret and puts what it gets. /dev is in memory
// there, and a mount leaves nothing in the image.
const (
	secretPath = "/dev/.strata/login"
	fetchedDir = "/dev/.strata/fetched"
)

// FetchReport is the file that tells why a file of [FetchOnce] could not be had.
const FetchReport = "failure"

// FetchOnce is the state of a file that is fetched now, with a login, or of the reason
// why it can't be, as the file [FetchReport].
func FetchOnce(o Options, root bk.State, login *plan.Login, ask call.Fetch, name, words string) (bk.State, error) {
	ask.Report = fetchedDir + "/" + FetchReport
	return fetchStep(o.ops(), root, login, ask, name, words, bk.IgnoreCache)
}

// fetchStep is the state of a file that the step helper fetches in a root that may have
// logins.
func fetchStep(ops *op.Maker, root bk.State, login *plan.Login, ask call.Fetch, name, words string, opts ...bk.RunOption) (bk.State, error) {
	ask.Image, ask.Out = login.InBase || login.Image != nil, fetchedDir+"/"+name
	if !ask.Image {
		root = bk.Scratch()
	}
	if login.Secret != "" {
		ask.Secret = secretPath
		opts = append(opts, bk.AddSecret(secretPath, bk.SecretID(login.Secret)))
	}
	run, err := ops.Online(words, root, ask.Args(), opts...)
	if err != nil {
		return bk.State{}, err
	}
	return op.Restart(run.AddMount(fetchedDir, bk.Scratch())), nil
}
