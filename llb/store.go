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

	"github.com/strata-build/strata/llb/plan"
)

// archiveName is the name of an archive, the same for all: it is part of the cache's
// key, and an archive is known by its digest alone.
const archiveName = "nar"

// store lowers a group of store paths to a tree of its own: the archives, fetched
// by BuildKit, and one offline step that unpacks them. The step's arguments have
// the hashes that a key vouches for, so its cache key depends on what is
// trusted, and not on where it came from.
func (img *image) store(ctx context.Context, layer *plan.Layer, a *plan.Store, name string) (bk.State, error) {
	st, err := img.storeStep(ctx, layer, a, name)
	img.stores[a] = st
	return st, err
}

func (img *image) storeStep(ctx context.Context, layer *plan.Layer, a *plan.Store, name string, flags ...string) (bk.State, error) {
	s := &storeLayer{image: img, layer: layer, store: a}
	if a.From != nil {
		var err error
		if s.from, err = img.storeSource(ctx, a.From); err != nil {
			return bk.State{}, &Fault{Range: layer.Range, Err: err}
		}
	}
	args := append([]string{"store", "--dir", a.Dir}, flags...)
	opts := []bk.RunOption{img.at(layer.Range)}
	if img.noCache(layer.Name, img.plan.Target) {
		opts = append(opts, bk.IgnoreCache)
	}
	for i := range a.Items {
		arg, mount, err := s.input(ctx, i)
		if err != nil {
			return bk.State{}, &Fault{Range: layer.Range, Err: err}
		}
		args = append(args, arg)
		opts = append(opts, mount)
	}
	st, err := img.helperStep(name, append(args, "/out"), opts...)
	if err != nil {
		return bk.State{}, &Fault{Range: layer.Range, Err: err}
	}
	return st, nil
}

// storeLayer is a group of store paths while it is lowered.
type storeLayer struct {
	*image
	layer *plan.Layer
	store *plan.Store
	from  bk.State
}

// input is the argument and the mount of a path.
func (s *storeLayer) input(ctx context.Context, i int) (string, bk.RunOption, error) {
	item := &s.store.Items[i]
	at := "/in/" + strconv.Itoa(i)
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
		st := bk.Scratch().File(bk.Copy(s.from, item.File, "/"+archiveName), s.at(s.layer.Range),
			bk.WithCustomName(s.prefix("take the link "+item.Name)))
		return arg(path.Join(at, archiveName)), bk.AddMount(at, st, bk.Readonly), nil
	}
	return arg(at), bk.AddMount(at, s.from, bk.SourcePath(item.File), bk.Readonly), nil
}

// fetch is an archive of a binary cache.
func (s *storeLayer) fetch(item *plan.StorePath) bk.State {
	opts := []bk.HTTPOption{
		bk.Filename(attemptName(archiveName, item.Attempt)),
		bk.WithCustomName(s.prefix("fetch " + item.Name)),
		s.at(s.layer.Range),
	}
	if item.Digest != "" {
		opts = append(opts, bk.Checksum(digest.Digest(item.Digest)))
	}
	return bk.HTTP(item.URL, opts...)
}
