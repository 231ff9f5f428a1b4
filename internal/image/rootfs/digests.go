// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Digests flattens several images into trees whose files have a Digest and no
// body. A layer that several images have is read once.
func Digests(ctx context.Context, images ...[]Layer) ([]*Tree, error) {
	scanned := map[string]*[]record{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(min(runtime.GOMAXPROCS(0), maxLayers))
	for _, layers := range images {
		for _, l := range layers {
			if scanned[l.DiffID] != nil {
				continue
			}
			into := new([]record)
			scanned[l.DiffID] = into
			g.Go(func() (err error) {
				if *into, err = scan(ctx, l, digester{}); err != nil {
					return fmt.Errorf("read layer %s: %w", l.Name, err)
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	trees := make([]*Tree, 0, len(images))
	for _, layers := range images {
		m := newMerge()
		for _, l := range layers {
			if err := m.apply(copied(*scanned[l.DiffID])); err != nil {
				return nil, fmt.Errorf("apply layer %s: %w", l.Name, err)
			}
		}
		t := &Tree{root: m.root}
		t.finish(t.root)
		trees = append(trees, t)
	}
	return trees, nil
}

// copied gives records with inodes of their own: a tree changes its inodes.
func copied(records []record) []record {
	out := make([]record, len(records))
	for i, r := range records {
		if r.inode != nil {
			in := *r.inode
			r.inode = &in
		}
		out[i] = r
	}
	return out
}

// digester keeps nothing of a body but its digest.
type digester struct{}

func (digester) store(in *Inode, body io.Reader) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	sum.Sum(in.Digest[:0])
	return nil
}

func (digester) flush() error { return nil }
