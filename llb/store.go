// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// archiveName is the name of an archive, the same for all: it is part of the cache's
// key, and an archive is known by its digest alone.
const archiveName = "nar"

// store puts on a group of store paths as a tree of its own: the archives, fetched
// by BuildKit, and one offline step that unpacks them. The step's arguments have
// the hashes that a key vouches for, so its cache key depends on what is
// trusted, and not on where it came from.
func (img *image) store(ctx context.Context, layer *plan.Layer, a *plan.Store, name string) error {
	st, err := img.of.storeTree(ctx, img.ops, layer, a, name)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.stores[a] = st
	img.stack.add(st, layer, name)
	return nil
}

// storeTree is the step that unpacks a group of store paths.
func (l *lowering) storeTree(ctx context.Context, ops *op.Maker, layer *plan.Layer, a *plan.Store, name string, flags ...string) (bk.State, error) {
	s := &storeInputs{ops: ops, prober: l.opt.Prober, at: ops.At(layer.Range)}
	if a.From != nil {
		var err error
		if s.from, err = l.storeSource(ctx, ops, a.From); err != nil {
			return bk.State{}, err
		}
	}
	args := append([]string{"store", "--dir", a.Dir}, flags...)
	opts := []bk.RunOption{s.at}
	if ops.IgnoresCache(layer.Name) {
		opts = append(opts, bk.IgnoreCache)
	}
	for i := range a.Items {
		arg, mount, err := s.input(ctx, "/in/"+strconv.Itoa(i), &a.Items[i])
		if err != nil {
			return bk.State{}, err
		}
		args = append(args, arg)
		opts = append(opts, mount)
	}
	return ops.Tree(name, append(args, "/out"), opts...)
}

// storeInputs makes what the step that unpacks store paths is given.
type storeInputs struct {
	ops    *op.Maker
	prober place.Prober
	at     bk.ConstraintsOpt
	// from is the exported store, if there is one.
	from bk.State
}

// input is the argument and the mount of a path, which is given at a directory.
func (s *storeInputs) input(ctx context.Context, at string, item *plan.StorePath) (string, bk.RunOption, error) {
	hash, size := "-", "-"
	if item.NarHash != "" {
		d, err := digest.Parse(item.NarHash)
		if err != nil {
			return "", nil, fmt.Errorf("read the hash of %s: %w", item.Name, err)
		}
		hash, size = d.Encoded(), strconv.FormatInt(item.NarSize, 10)
	}
	arg := func(file string) string {
		return strings.Join([]string{item.Name, hash, size, item.Format, file}, ",")
	}
	if item.URL != "" {
		return arg(at), bk.AddMount(at, s.fetch(item), bk.SourcePath("/"+attemptName(archiveName, item.Attempt)), bk.Readonly), nil
	}
	link, err := s.isLink(ctx, item.File)
	if err != nil {
		return "", nil, err
	}
	if link {
		// A mount would follow it.
		st := bk.Scratch().File(bk.Copy(s.from, item.File, "/"+archiveName), s.at,
			bk.WithCustomName(s.ops.Name("take the link "+item.Name)))
		return arg(path.Join(at, archiveName)), bk.AddMount(at, st, bk.Readonly), nil
	}
	return arg(at), bk.AddMount(at, s.from, bk.SourcePath(item.File), bk.Readonly), nil
}

// fetch is an archive of a binary cache.
func (s *storeInputs) fetch(item *plan.StorePath) bk.State {
	opts := []bk.HTTPOption{
		bk.Filename(attemptName(archiveName, item.Attempt)),
		bk.WithCustomName(s.ops.Name("fetch " + item.Name)),
		s.at,
	}
	if item.Digest != "" {
		opts = append(opts, bk.Checksum(digest.Digest(item.Digest)))
	}
	return bk.HTTP(item.URL, opts...)
}
