// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package store makes layers of paths of a Nix store: archives of binary caches, an
// exported store, or what a build of Nix makes; and links to what is in them.
package store

import (
	"context"
	"fmt"
	"path"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/exec"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// archiveName is the name of an archive, the same for all: it is part of the cache's
// key, and an archive is known by its digest alone.
const archiveName = "nar"

// Unpacker makes the layers of store paths.
type Unpacker struct {
	// Trees finds what an exported store lies in.
	Trees op.Trees
	// Prober looks into it.
	Prober place.Prober
	// Runner runs Nix.
	Runner *exec.Runner
	// Built returns the tree of a build of Nix that was made while planning; nil when
	// there are none.
	Built func(*plan.Exec) (bk.State, bool)
}

// Unpack makes a group of store paths a tree of its own: the archives, fetched by
// BuildKit, and one offline step that unpacks them. The step's arguments have
// the hashes that a key vouches for, so its cache key depends on what is
// trusted, and not on where it came from. With a report, the step succeeds and leaves
// what is wrong in that file of the tree.
func (u *Unpacker) Unpack(ctx context.Context, ops *op.Maker, layer *plan.Layer, a *plan.Store, name, report string) (bk.State, error) {
	in := &inputs{ops: ops, prober: u.Prober, at: ops.At(layer.Range)}
	if a.From != nil {
		var err error
		if in.from, err = u.source(ctx, ops, a.From); err != nil {
			return bk.State{}, err
		}
	}
	c := call.Store{Dir: a.Dir, Report: report, Out: "/out"}
	opts := []bk.RunOption{in.at}
	if ops.IgnoresCache(layer.Name) {
		opts = append(opts, bk.IgnoreCache)
	}
	var fetched []call.FetchedFile
	for i := range a.Items {
		item := &a.Items[i]
		if a.InStep && item.URL != "" && item.Digest != "" {
			file := strconv.Itoa(i)
			made, err := described(item, path.Join(op.FetchedDir, file))
			if err != nil {
				return bk.State{}, err
			}
			c.Items = append(c.Items, made)
			fetched = append(fetched, call.FetchedFile{Name: file, Digest: digest.Digest(item.Digest), Limit: limit(item), URLs: []string{item.URL}})
			continue
		}
		made, mount, err := in.path(ctx, "/in/"+strconv.Itoa(i), item)
		if err != nil {
			return bk.State{}, err
		}
		c.Items = append(c.Items, made)
		opts = append(opts, mount)
	}
	run, err := ops.Fetched(name, fetched, c.Args(), opts...)
	if err != nil {
		return bk.State{}, err
	}
	return op.Restart(run.AddMount(c.Out, bk.Scratch())), nil
}

// inputs makes what the step that unpacks store paths is given.
type inputs struct {
	ops    *op.Maker
	prober place.Prober
	at     bk.ConstraintsOpt
	// from is the exported store, if there is one.
	from bk.State
}

// path is what the step is told of a store path, and the mount that gives it at a
// directory.
func (in *inputs) path(ctx context.Context, at string, item *plan.StorePath) (call.Item, bk.RunOption, error) {
	made, err := described(item, at)
	if err != nil {
		return made, nil, err
	}
	if item.URL != "" {
		made.Input = at + "/" + op.AttemptName(archiveName, item.Attempt)
		return made, bk.AddMount(at, in.fetch(item), bk.Readonly), nil
	}
	link, err := in.isLink(ctx, item.File)
	if err != nil {
		return made, nil, err
	}
	if link {
		// A mount would follow it.
		st := bk.Scratch().File(bk.Copy(in.from, item.File, "/"+archiveName), in.at,
			bk.WithCustomName(in.ops.Name("take the link "+item.Name)))
		made.Input = at + "/" + archiveName
		return made, bk.AddMount(at, st, bk.Readonly), nil
	}
	return made, bk.AddMount(at, in.from, bk.SourcePath(item.File), bk.Readonly), nil
}

// described is what the step is told of a store path that it finds at input.
func described(item *plan.StorePath, input string) (call.Item, error) {
	made := call.Item{Name: item.Name, Format: item.Format, Input: input}
	if item.NarHash == "" {
		return made, nil
	}
	d, err := digest.Parse(item.NarHash)
	if err != nil {
		return made, fmt.Errorf("read the hash of %s: %w", item.Name, err)
	}
	made.Hash, made.Size = d.Encoded(), item.NarSize
	return made, nil
}

// limit is the most that is taken of an archive, in bytes; 0 where its size isn't known.
// What compression adds to what it can't make smaller is far less.
func limit(item *plan.StorePath) int64 {
	if item.NarSize == 0 {
		return 0
	}
	return item.NarSize + item.NarSize/16 + 1<<20
}

// fetch is an archive of a binary cache.
func (in *inputs) fetch(item *plan.StorePath) bk.State {
	opts := []bk.HTTPOption{
		bk.Filename(op.AttemptName(archiveName, item.Attempt)),
		bk.WithCustomName(in.ops.Name("fetch " + item.Name)),
		in.at,
	}
	if item.Digest != "" {
		opts = append(opts, bk.Checksum(digest.Digest(item.Digest)))
	}
	if most := limit(item); most > 0 {
		opts = append(opts, op.Limit(most))
	}
	return bk.HTTP(item.URL, opts...)
}
