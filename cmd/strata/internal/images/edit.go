// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/index"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/printable"
)

// IndexOptions are the flags of a command that writes an index.
type IndexOptions struct {
	// Registries are those that the index and its images are in.
	Registries Registries
	// Name is the index; Tags are further names for it.
	Name string
	Tags []string
	// Annotations are [TYPE:]KEY=VALUE.
	Annotations []string
	// DryRun prints the index and writes nothing.
	DryRun bool
}

// Bind adds the flags.
func (o *IndexOptions) Bind(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&o.Tags, "tag", "t", nil, "further `NAME` for the index")
	flags.StringArrayVar(&o.Annotations, "annotation", nil, "annotation: `[TYPE:]KEY=VALUE`, TYPE is index (default) or manifest-descriptor[PLATFORM]")
	flags.BoolVar(&o.DryRun, "dry-run", false, "print the index and change nothing")
	o.Registries.Bind(flags)
}

// names are the places to write to, that of the index first.
func (o IndexOptions) names() ([]image.Name, error) {
	names, err := ParseNames(append([]string{o.Name}, o.Tags...))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if n.Transport == image.DockerArchive || n.Transport == image.DockerDaemon {
			return nil, cli.Usage(fmt.Errorf("%s: docker holds no index there; write to a registry, an OCI layout or an OCI archive", n), "")
		}
	}
	return names, nil
}

// Edit is an index that is being put together. Start it empty, or with
// [Edit.Load]; [Edit.Write] stores it under all its names.
type Edit struct {
	options  IndexOptions
	names    []image.Name
	builder  index.Builder
	transfer transfer.Options
	// sources are what the index is made of.
	sources []*image.Source
}

// NewEdit checks the options. Close the Edit.
func NewEdit(t cli.Terminal, o IndexOptions) (*Edit, error) {
	names, err := o.names()
	if err != nil {
		return nil, err
	}
	e := &Edit{options: o, names: names}
	if e.transfer.Options, err = o.Registries.Options(t.Env); err != nil {
		return nil, err
	}
	if o.DryRun {
		return e, nil
	}
	for _, n := range names {
		transfer.WillWrite(n, e.transfer)
	}
	return e, nil
}

// Close closes the images that the index is made of.
func (e *Edit) Close() error {
	var errs []error
	for _, s := range e.sources {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Load starts with the index that has the name already.
func (e *Edit) Load(ctx context.Context) error {
	name := e.names[0]
	if name.Transport == image.LayoutArchive {
		return cli.Usage(fmt.Errorf("%s: an archive is not changed; copy it to a layout", name), "")
	}
	s, err := image.Open(ctx, name, e.transfer.Options)
	if err != nil {
		return err
	}
	e.sources = append(e.sources, s)
	return e.builder.Open(ctx, s)
}

// Add adds images. One for a platform that the index has is an error, or with
// replace takes the place of the old one.
func (e *Edit) Add(ctx context.Context, images []string, replace bool) error {
	names, err := ParseNames(images)
	if err != nil {
		return err
	}
	sources, err := e.openAll(ctx, names)
	if err != nil {
		return err
	}
	for _, s := range sources {
		if s.Plain {
			if s, err = s.Compressed(ctx, e.transfer.Temp); err != nil {
				return err
			}
			e.sources = append(e.sources, s)
		}
		if err := e.builder.Add(ctx, s, replace); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes the image of a platform, or with a digest.
func (e *Edit) Remove(entry string) error { return e.builder.Remove(entry) }

// openAll opens the images concurrently, and reads their manifests and
// configurations.
func (e *Edit) openAll(ctx context.Context, names []image.Name) ([]*image.Source, error) {
	sources := make([]*image.Source, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, n := range names {
		group.Go(func() (err error) {
			if sources[i], err = image.Open(ctx, n, e.transfer.Options); err == nil {
				_, _ = sources[i].Images(ctx) // only read here: what is not an image may be listed, too
			}
			return err
		})
	}
	err := group.Wait()
	for _, s := range sources {
		if s != nil {
			e.sources = append(e.sources, s)
		}
	}
	return sources, err
}

// Write annotates the index, and writes it under all its names.
func (e *Edit) Write(ctx context.Context, t cli.Terminal) error {
	if err := annotate(&e.builder, e.options.Annotations); err != nil {
		return err
	}
	built, err := e.builder.Index(e.names[0])
	if err != nil {
		return err
	}
	for _, d := range e.builder.Replaced {
		fmt.Fprintf(t.Messages(), "replaced %s, %s\n", printable.Line(PlatformName(d.Platform)), d.Digest)
	}
	if e.options.DryRun {
		return printManifest(ctx, t.Exact(), built)
	}
	for _, n := range e.names {
		if _, err := transfer.Write(ctx, built, n, e.transfer); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(t.Text(), built.Root.Digest)
	return err
}

func printManifest(ctx context.Context, w io.Writer, s *image.Source) error {
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return err
	}
	_, err = w.Write(append(raw, '\n'))
	return err
}
