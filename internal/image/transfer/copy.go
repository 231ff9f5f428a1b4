// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"
	"io"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
)

// Options say how to copy. The zero value copies everything.
type Options struct {
	image.Options
	// Platform is the only one to copy, or nil for all there are. What is copied
	// is then that image alone, without an index around it.
	Platform *v1.Platform
	// Referrers takes along what is about the image: signatures, lists of contents,
	// attestations.
	Referrers bool
	// Parallel is how many blobs are on their way at once, 0 for 6.
	Parallel int
	// Report hears how it goes; nil for no one.
	Report Report
}

// How says what became of a blob.
type How string

// What can become of a blob.
const (
	Sent    How = "copied"
	Present How = "there already"
	Mounted How = "mounted from another repository"
	Foreign How = "left at the address that its licence names"
)

// Report hears how a copy goes. It is called from several goroutines.
type Report interface {
	// Begin tells how many blobs there are, and the bytes of those to copy.
	Begin(blobs int, bytes int64)
	// Progress tells of bytes that have been read.
	Progress(bytes int)
	// End tells that a blob is done.
	End(d v1.Descriptor, how How)
}

// place is where images can be written to.
type place interface {
	// has reports whether an image is there with all that it needs, or an index, which
	// may be there without what it lists.
	has(ctx context.Context, d v1.Descriptor) (bool, error)
	// hasRoot is has for what gets the name.
	hasRoot(ctx context.Context, d v1.Descriptor) (bool, error)
	// begin prepares for what is to come.
	begin(ctx context.Context, p *plan) error
	// blob writes a blob unless it is there. Several may run at once.
	blob(ctx context.Context, d v1.Descriptor, from *reading) (How, error)
	// manifest writes a manifest or an index. What it names is there.
	manifest(ctx context.Context, d v1.Descriptor, raw []byte) error
	// finish gives the image its name.
	finish(ctx context.Context, p *plan) error
	// close takes back what was not finished.
	close() error
}

// Copy copies an image or an index of images, and returns what it copied.
func Copy(ctx context.Context, src, dst image.Name, o Options) (v1.Descriptor, error) {
	o.Options.Platform = o.Platform
	WillWrite(dst, o)
	s, err := image.Open(ctx, src, o.Options)
	if err != nil {
		return v1.Descriptor{}, err
	}
	defer s.Close()
	return Write(ctx, s, dst, o)
}

// WillWrite says, before sources are opened, that a place is going to be written to, so
// that a registry that is both is logged in to for both at once.
func WillWrite(dst image.Name, o Options) {
	if dst.Transport == image.Registry && o.Registries != nil {
		o.Registries.WillPush(dst.Ref)
	}
}

// Write copies an open image to a place.
func Write(ctx context.Context, s *image.Source, dst image.Name, o Options) (v1.Descriptor, error) {
	if o.Referrers && !keepsManifests(dst.Transport) {
		return v1.Descriptor{}, fmt.Errorf("write %s: docker keeps no signatures and attestations of images there; copy without referrers", dst)
	}
	s, root, done, err := prepare(ctx, s, dst, o)
	if err != nil {
		return v1.Descriptor{}, err
	}
	defer done()
	if err := checkDigest(ctx, s, root, dst); err != nil {
		return v1.Descriptor{}, fmt.Errorf("write %s: %w", dst, err)
	}
	to, err := openPlace(dst, o)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("write %s: %w", dst, err)
	}
	err = run(ctx, &lister{source: s, dst: dst, to: to}, root, o)
	if closed := to.close(); err == nil {
		err = closed
	}
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("copy %s to %s: %w", s.Name, dst, err)
	}
	return root, nil
}

// prepare gives what is to be copied to a kind of place: an image for one platform, with
// layers that are compressed as the place wants them. done ends its use.
func prepare(ctx context.Context, s *image.Source, dst image.Name, o Options) (_ *image.Source, root v1.Descriptor, done func(), err error) {
	done, root = func() {}, s.Root
	keeps := keepsManifests(dst.Transport)
	if o.Platform != nil || !keeps {
		if root, err = s.Select(ctx, o.Platform); err != nil {
			return nil, root, nil, err
		}
	}
	made := s
	switch {
	case keeps && s.Plain:
		made, err = s.Compressed(ctx, o.Temp)
	case !keeps:
		if _, err = s.ImageOf(ctx, root); err == nil { // docker takes whole images only
			made, err = s.WithoutZstd(ctx, o.Temp, root)
		}
	}
	if err != nil {
		return nil, root, nil, err
	}
	if made != s {
		root, done = made.Root, func() { _ = made.Close() } // what is left is in a temporary directory
	}
	return made, root, done, nil
}

// checkDigest refuses an image that does not have the digest that a name demands.
func checkDigest(ctx context.Context, s *image.Source, root v1.Descriptor, dst image.Name) error {
	want, err := digest.Parse(digestOf(dst))
	if err != nil {
		return nil //nolint:nilerr // it demands none
	}
	raw, err := s.Manifest(ctx, root)
	if err != nil {
		return err
	}
	if got := want.Algorithm().FromBytes(raw); got != want {
		return fmt.Errorf("the digest of %s is %s", s.Name, got)
	}
	return nil
}

// digestOf is the digest that a name demands, empty if it demands none.
func digestOf(n image.Name) string {
	if d, ok := n.Ref.(reference.Digested); ok {
		return d.Digest().String()
	}
	return n.Digest
}

// keepsManifests tells the places that keep manifests, and any number of
// platforms, from docker's own.
func keepsManifests(t image.Transport) bool {
	return t != image.DockerArchive && t != image.DockerDaemon
}

func openPlace(n image.Name, o Options) (place, error) {
	switch n.Transport {
	case image.Registry:
		return openRegistry(n, o)
	case image.Layout:
		return openLayout(n)
	case image.LayoutArchive, image.DockerArchive:
		return openArchive(n)
	case image.DockerDaemon:
		return openDaemon(n, o)
	}
	return nil, fmt.Errorf("no image can be written to %q", n.Transport)
}

// run copies what root needs, then root.
func run(ctx context.Context, l *lister, root v1.Descriptor, o Options) error {
	s, to := l.source, l.to
	p, err := makePlan(ctx, l, root, o.Referrers)
	if err != nil {
		return err
	}
	if err := to.begin(ctx, p); err != nil {
		return err
	}
	if o.Report != nil {
		o.Report.Begin(len(p.blobs)+len(p.foreign), p.bytes())
		for _, d := range p.foreign {
			o.Report.End(d, Foreign)
		}
	}
	if err := copyBlobs(ctx, s, p, to, o); err != nil {
		return err
	}
	if err := copyManifests(ctx, p, to); err != nil {
		return err
	}
	return to.finish(ctx, p)
}

// copyManifests writes the images concurrently, and then the indexes, each after
// those that it has.
func copyManifests(ctx context.Context, p *plan, to place) error {
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(manifestsAtOnce)
	for _, m := range p.manifests {
		if m.MediaType.IsImage() {
			group.Go(func() error { return to.manifest(inGroup, m.Descriptor, m.raw) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, m := range p.manifests {
		if m.MediaType.IsImage() {
			continue
		}
		if err := to.manifest(ctx, m.Descriptor, m.raw); err != nil {
			return err
		}
	}
	return nil
}

func copyBlobs(ctx context.Context, s *image.Source, p *plan, to place, o Options) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.parallel())
	for _, d := range p.blobs {
		group.Go(func() error {
			how, err := to.blob(ctx, d, &reading{source: s, d: d, report: o.Report})
			if err == nil && o.Report != nil {
				o.Report.End(d, how)
			}
			return err
		})
	}
	return group.Wait()
}

func (o Options) parallel() int {
	if o.Parallel > 0 {
		return o.Parallel
	}
	return 6
}

// reading is a blob that can be read.
type reading struct {
	source *image.Source
	d      v1.Descriptor
	report Report
}

// open streams the blob and checks it.
func (r *reading) open(ctx context.Context) (io.ReadCloser, error) {
	rc, err := r.source.Blob(ctx, r.d)
	if err != nil || r.report == nil {
		return rc, err
	}
	return &counted{ReadCloser: rc, report: r.report}, nil
}

// openAt streams the rest of the blob, for a place that checks what it gets.
func (r *reading) openAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	rc, err := r.source.BlobAt(ctx, r.d, offset)
	if err != nil || r.report == nil {
		return rc, err
	}
	return &counted{ReadCloser: rc, report: r.report}, nil
}

// repository is the source's repository if it is one of a registry.
func (r *reading) repository() reference.Named {
	n := r.source.Origin(r.d)
	if n.Transport != image.Registry {
		return nil
	}
	return n.Ref
}

// counted tells of what is read.
type counted struct {
	io.ReadCloser
	report Report
}

// Read reads and tells.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.report.Progress(n)
	return n, err
}
