// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/ociindex"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/util/contentutil"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
)

// layout writes the index, and what it has, where an output of type=oci goes: to a layout
// in a directory, or to an archive, as BuildKit writes them.
func (n *join) layout(ctx context.Context, e client.ExportEntry, out *outcome) error {
	joined, err := n.index(ctx, out, image.Name{Transport: image.Layout, Path: e.OutputDir}, func(i int) (image.Name, error) {
		return image.Name{Transport: image.Layout, Path: n.job.parts[i].layout, Digest: out.parts[i][exptypes.ExporterImageDigestKey]}, nil
	}, image.Options{})
	if err != nil {
		return err
	}
	raw, err := joined.Manifest(ctx, joined.Root)
	if err != nil {
		return err
	}
	root := ocispecs.Descriptor{MediaType: string(joined.Root.MediaType), Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	blobs, err := n.blobs(ctx, root, raw)
	if err != nil {
		return err
	}
	var names []string
	if list := out.exporter[exptypes.ExporterImageNameKey]; list != "" {
		names = strings.Split(list, ",")
	}
	if e.OutputDir != "" {
		return writeLayout(ctx, e.OutputDir, blobs, root, names)
	}
	w, err := e.Output(out.exporter)
	if err != nil {
		return err
	}
	err = archive.Export(ctx, blobs, w, archive.WithManifest(root, names...), archive.WithAllPlatforms(), archive.WithSkipDockerManifest())
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

// blobs are the index and what the nodes wrote.
func (n *join) blobs(ctx context.Context, root ocispecs.Descriptor, raw []byte) (*contentutil.MultiProvider, error) {
	made := contentutil.NewBuffer()
	if err := content.WriteBlob(ctx, made, root.Digest.String(), bytes.NewReader(raw), root); err != nil {
		return nil, fmt.Errorf("keep the index: %w", err)
	}
	all := contentutil.NewMultiProvider(nil)
	all.Add(root.Digest, made)
	for _, p := range n.job.parts {
		store, err := local.NewStore(p.layout)
		if err != nil {
			return nil, fmt.Errorf("open what a node wrote: %w", err)
		}
		err = store.Walk(ctx, func(info content.Info) error {
			all.Add(info.Digest, store)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list what a node wrote: %w", err)
		}
	}
	return all, nil
}

// writeLayout adds an image to a layout, which need not be there.
func writeLayout(ctx context.Context, dir string, blobs content.Provider, root ocispecs.Descriptor, names []string) error {
	store, err := local.NewStore(dir)
	if err != nil {
		return fmt.Errorf("open layout: %w", err)
	}
	if err := contentutil.CopyChain(ctx, store, blobs, root); err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	tags := []ociindex.NameOrTag{ociindex.Tag("latest")}
	if len(names) > 0 {
		tags = nil
	}
	for _, name := range names {
		tags = append(tags, ociindex.Name(name))
	}
	if err := ociindex.NewStoreIndex(dir).Put(root, tags...); err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	return nil
}

// tar writes the archives of files that the nodes wrote as one. Each has directories named
// after its platforms, which are sorted as one node sorts them.
func (n *join) tar(output int, e client.ExportEntry) (err error) {
	w, err := e.Output(nil)
	if err != nil {
		return err
	}
	var from []*entries
	defer func() {
		for _, f := range from {
			err = errors.Join(err, f.file.Close())
		}
	}()
	for _, p := range n.job.parts {
		f, err := openEntries(p.tars[output])
		if err != nil {
			return errors.Join(err, w.Close())
		}
		from = append(from, f)
	}
	to := tar.NewWriter(w)
	for {
		next := first(from)
		if next == nil {
			break
		}
		if err := next.copyTop(to); err != nil {
			return errors.Join(fmt.Errorf("join archives: %w", err), w.Close())
		}
	}
	if err := errors.Join(to.Close(), w.Close()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

// entries are those of an archive that aren't copied yet.
type entries struct {
	file *os.File
	from *tar.Reader
	// header is that of the next one; nil at the end.
	header *tar.Header
}

func openEntries(path string) (*entries, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open what a node wrote: %w", err)
	}
	f := &entries{file: file, from: tar.NewReader(file)}
	if err := f.next(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

func (f *entries) next() (err error) {
	f.header, err = f.from.Next()
	if errors.Is(err, io.EOF) {
		f.header, err = nil, nil
	}
	return err
}

// top is the first directory of the next entry's path.
func (f *entries) top() string {
	name, _, _ := strings.Cut(f.header.Name, "/")
	return name
}

// first is the archive whose next entry comes first; nil when none has one.
func first(all []*entries) *entries {
	var best *entries
	for _, f := range all {
		if f.header != nil && (best == nil || f.top() < best.top()) {
			best = f
		}
	}
	return best
}

// copyTop copies the entries of one directory.
func (f *entries) copyTop(to *tar.Writer) error {
	for top := f.top(); f.header != nil && f.top() == top; {
		if err := to.WriteHeader(f.header); err != nil {
			return err
		}
		if _, err := io.Copy(to, f.from); err != nil {
			return err
		}
		if err := f.next(); err != nil {
			return err
		}
	}
	return nil
}

// create is an output that goes to a file.
func create(path string) func(map[string]string) (io.WriteCloser, error) {
	return func(map[string]string) (io.WriteCloser, error) { return os.Create(path) }
}
