// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
	imageindex "github.com/strata-build/strata/internal/image/index"
	"github.com/strata-build/strata/internal/image/transfer"
)

// indexOptions are the words of the verbs below "strata index".
type indexOptions struct {
	registryOptions
	name        string
	words       []string
	tags        []string
	annotations []string
	dryRun      bool
}

func indexCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index COMMAND",
		Short: "Make and change indexes, which hold an image for several platforms",
		Long:  "Make and change indexes, which hold an image for several platforms.\n\n" + imageNotation,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError(errors.New("index needs a command: create, append, remove or inspect"), "see \"strata index --help\"")
		},
	}
	cmd.AddCommand(indexCreateCommand(t), indexAppendCommand(t), indexRemoveCommand(t), indexInspectCommand(t))
	return cmd
}

func (o *indexOptions) bindChange(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "further `NAME` for the index")
	flags.StringArrayVar(&o.annotations, "annotation", nil, "annotation: `[TYPE:]KEY=VALUE`, TYPE is index (default) or manifest-descriptor[PLATFORM]")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the index and change nothing")
	o.bind(flags)
}

// indexChange is a command that writes an index.
func indexChange(t terminal, use, short string, least int, run func(context.Context, terminal, indexOptions) error) *cobra.Command {
	o := &indexOptions{}
	cmd := &cobra.Command{
		Use: use, Short: short, Long: short + ".\n\n" + imageNotation, Args: cobra.MinimumNArgs(least),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name, o.words = args[0], args[1:]
			return run(cmd.Context(), t, *o)
		},
	}
	o.bindChange(cmd.Flags())
	return cmd
}

func indexCreateCommand(t terminal) *cobra.Command {
	return indexChange(t, "create [flags] NEW IMAGE...", "Make an index of images that are there", 2,
		func(ctx context.Context, t terminal, o indexOptions) error {
			return runIndex(ctx, t, o, func(e *indexEdit) error { return e.addAll(ctx, o.words, false) })
		})
}

func indexAppendCommand(t terminal) *cobra.Command {
	return indexChange(t, "append [flags] INDEX IMAGE...", "Add images to an index; one of the same platform is replaced", 2,
		func(ctx context.Context, t terminal, o indexOptions) error {
			return runIndex(ctx, t, o, func(e *indexEdit) error {
				if err := e.open(ctx); err != nil {
					return err
				}
				return e.addAll(ctx, o.words, true)
			})
		})
}

func indexRemoveCommand(t terminal) *cobra.Command {
	return indexChange(t, "remove [flags] INDEX PLATFORM|DIGEST...", "Remove images from an index, with their attestations", 2,
		func(ctx context.Context, t terminal, o indexOptions) error {
			return runIndex(ctx, t, o, func(e *indexEdit) error {
				if err := e.open(ctx); err != nil {
					return err
				}
				for _, word := range o.words {
					if err := e.Remove(word); err != nil {
						return err
					}
				}
				return nil
			})
		})
}

// indexEdit is an index that is being put together, and what it is made of.
type indexEdit struct {
	imageindex.Builder
	name    image.Name
	options transfer.Options
	sources []*image.Source
}

// runIndex makes an index and writes it under all its names.
func runIndex(ctx context.Context, t terminal, o indexOptions, edit func(*indexEdit) error) (err error) {
	names, err := indexNames(o)
	if err != nil {
		return err
	}
	e := &indexEdit{name: names[0]}
	if e.options.Options, err = o.image(t); err != nil {
		return err
	}
	defer func() {
		for _, s := range e.sources {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := edit(e); err != nil {
		return err
	}
	if err := annotate(&e.Builder, o.annotations); err != nil {
		return err
	}
	index, err := e.Index(names[0])
	if err != nil {
		return err
	}
	for _, d := range e.Replaced {
		fmt.Fprintf(t.err, "replaced %s, %s\n", platformWord(d.Platform), d.Digest)
	}
	if o.dryRun {
		return printRaw(ctx, t.out, index)
	}
	for _, n := range names {
		if _, err := transfer.Write(ctx, index, n, e.options); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(t.out, index.Root.Digest)
	return err
}

// indexNames are the places to write to.
func indexNames(o indexOptions) ([]image.Name, error) {
	names, err := parseImages(append([]string{o.name}, o.tags...))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if n.Transport == image.DockerArchive || n.Transport == image.DockerDaemon {
			return nil, usageError(fmt.Errorf("%s: docker holds no index there; write to a registry, an OCI layout or an OCI archive", n), "")
		}
	}
	return names, nil
}

// open begins with the index that has the name.
func (e *indexEdit) open(ctx context.Context) error {
	if e.name.Transport == image.LayoutArchive {
		return usageError(fmt.Errorf("%s: an archive is not changed; copy it to a layout", e.name), "")
	}
	s, err := e.source(ctx, e.name)
	if err != nil {
		return err
	}
	return e.Open(ctx, s)
}

func (e *indexEdit) source(ctx context.Context, n image.Name) (*image.Source, error) {
	s, err := image.Open(ctx, n, e.options.Options)
	if err == nil {
		e.sources = append(e.sources, s)
	}
	return s, err
}

func (e *indexEdit) addAll(ctx context.Context, words []string, replace bool) error {
	names, err := parseImages(words)
	if err != nil {
		return err
	}
	sources, err := e.openAll(ctx, names)
	if err != nil {
		return err
	}
	for _, s := range sources {
		if s.Made { // docker's archives have no manifest; see image.Source.Compressed
			if s, err = s.Compressed(ctx, e.options.Temp); err != nil {
				return err
			}
			e.sources = append(e.sources, s)
		}
		if err := e.Add(ctx, s, replace); err != nil {
			return err
		}
	}
	return nil
}

// openAll opens the images side by side, and reads their manifests and
// configurations.
func (e *indexEdit) openAll(ctx context.Context, names []image.Name) ([]*image.Source, error) {
	sources := make([]*image.Source, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, n := range names {
		group.Go(func() (err error) {
			if sources[i], err = image.Open(ctx, n, e.options.Options); err == nil {
				_, err = sources[i].Images(ctx)
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

func printRaw(ctx context.Context, w io.Writer, s *image.Source) error {
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return err
	}
	_, err = w.Write(append(raw, '\n'))
	return err
}

func platformWord(p *v1.Platform) string {
	if p == nil {
		return "-"
	}
	return p.String()
}
