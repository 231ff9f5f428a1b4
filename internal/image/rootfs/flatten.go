// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Options say how layers are read. The zero value is ready to use.
type Options struct {
	// TempDir is the directory for the bodies of files, until the tree is closed.
	// It needs room for all layers, decompressed. If empty, it is $TMPDIR or
	// /var/tmp.
	TempDir string
}

func (o Options) tempDir() string {
	if o.TempDir != "" || os.Getenv("TMPDIR") != "" || runtime.GOOS == "windows" {
		return o.TempDir // empty is the system's
	}
	if fi, err := os.Stat("/var/tmp"); err == nil && fi.IsDir() {
		return "/var/tmp" // /tmp is often memory
	}
	return ""
}

// Tree is a flattened root file system. It is safe for concurrent use; close it
// when no body is read any more.
type Tree struct {
	root   *node
	inodes int
	spools []*spool
	id     [sha256.Size]byte
}

// maxLayers is how many layers are read side by side at most: more do not make
// it faster, but take memory.
const maxLayers = 8

// Flatten applies the layers, the lowest first.
func Flatten(ctx context.Context, layers []Layer, o Options) (*Tree, error) {
	t := &Tree{}
	id := sha256.New()
	into := make([]bodies, 0, len(layers))
	for _, l := range layers {
		fmt.Fprintln(id, l.DiffID)
		s, err := newSpool(o.tempDir())
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		t.spools, into = append(t.spools, s), append(into, s)
	}
	id.Sum(t.id[:0])
	if err := t.read(ctx, layers, into); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// read makes the tree of the layers, whose bodies go into as many places.
func (t *Tree) read(ctx context.Context, layers []Layer, into []bodies) error {
	m := newMerge()
	if err := m.read(ctx, layers, into); err != nil {
		return err
	}
	t.root = m.root
	t.finish(t.root)
	return nil
}

// read reads the layers side by side and applies each when it is there.
func (m *merge) read(ctx context.Context, layers []Layer, into []bodies) error {
	g, applying := errgroup.WithContext(ctx)
	scanned := make([]chan []record, len(layers))
	for i := range scanned {
		scanned[i] = make(chan []record, 1)
	}
	g.Go(func() error {
		for i, l := range layers {
			select {
			case records := <-scanned[i]:
				if err := m.apply(records); err != nil {
					return fmt.Errorf("apply layer %s: %w", l.Name, err)
				}
			case <-applying.Done():
				return applying.Err()
			}
		}
		return nil
	})
	scans, scanning := errgroup.WithContext(applying)
	scans.SetLimit(min(runtime.GOMAXPROCS(0), maxLayers))
	for i, l := range layers {
		scans.Go(func() error {
			records, err := scan(scanning, l, into[i])
			if err != nil {
				return fmt.Errorf("read layer %s: %w", l.Name, err)
			}
			scanned[i] <- records
			return nil
		})
	}
	g.Go(scans.Wait)
	return g.Wait()
}

// finish sorts the directories and numbers the inodes.
func (t *Tree) finish(n *node) {
	in := n.inode
	if in.first == nil {
		t.inodes++
		in.Number, in.first = t.inodes, n
		if in.Kind == Dir {
			in.Links = 1
		}
	}
	in.Links++
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		c := n.children[name]
		n.sorted = append(n.sorted, c)
		t.finish(c)
		if c.isDir() {
			in.Links++
		}
	}
	n.children = nil
}

// All goes through the entries, sorted by path part by part, the root first.
func (t *Tree) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) { each(t.root, "", yield) }
}

func each(n *node, path string, yield func(Entry) bool) bool {
	e := Entry{Path: path, Inode: n.inode}
	if n.inode.first != n {
		e.Hardlink = n.inode.first.path()
	}
	if !yield(e) {
		return false
	}
	if path != "" {
		path += "/"
	}
	for _, c := range n.sorted {
		if !each(c, path+c.name, yield) {
			return false
		}
	}
	return true
}

// Body reads the body of a file.
func (t *Tree) Body(in *Inode) *io.SectionReader {
	if in.spool == nil {
		return io.NewSectionReader(noBody{}, 0, 0)
	}
	return io.NewSectionReader(in.spool.file, in.offset, in.Size)
}

// noBody is the body of what has none.
type noBody struct{}

func (noBody) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// Close removes the temporary files.
func (t *Tree) Close() error {
	var errs []error
	for _, s := range t.spools {
		errs = append(errs, s.close())
	}
	t.spools = nil
	return errors.Join(errs...)
}
