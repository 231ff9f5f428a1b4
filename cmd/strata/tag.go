// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/transfer"
)

// tagOptions are the flags and arguments of "strata tag".
type tagOptions struct {
	registries images.Registries
	source     string
	names      []string
}

func tagCommand(t cli.Terminal) *cobra.Command {
	o := &tagOptions{}
	cmd := &cobra.Command{
		Use:   "tag [flags] IMAGE NEW...",
		Short: "Give an image further names",
		Long: "Give an image further names. NEW is a tag in the place where the image is, or an image's name.\n" +
			"What is there already is not sent again.\n\n" + images.Notation,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source, o.names = args[0], args[1:]
			return runTag(cmd.Context(), t, *o)
		},
	}
	o.registries.Bind(cmd.Flags())
	return cmd
}

func runTag(ctx context.Context, t cli.Terminal, o tagOptions) error {
	src, err := image.Parse(o.source)
	if err != nil {
		return cli.Usage(err, "")
	}
	var names []image.Name
	for _, word := range o.names {
		n, err := newName(src, word)
		if err != nil {
			return cli.Usage(err, "")
		}
		names = append(names, n)
	}
	if src.Transport == image.DockerDaemon && !slices.ContainsFunc(names, isElsewhere) {
		return dockerTag(ctx, t, src, names)
	}
	opt := transfer.Options{}
	if opt.Options, err = o.registries.Options(t.Env); err != nil {
		return err
	}
	for _, n := range names {
		transfer.WillWrite(n, opt)
	}
	s, err := image.Open(ctx, src, opt.Options)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, n := range names {
		if _, err := transfer.Write(ctx, s, n, opt); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(t.Text(), n); err != nil {
			return err
		}
	}
	return nil
}

func isElsewhere(n image.Name) bool { return n.Transport != image.DockerDaemon }

// dockerTag leaves it to docker, which moves no data.
func dockerTag(ctx context.Context, t cli.Terminal, src image.Name, names []image.Name) error {
	for _, n := range names {
		if out, err := exec.CommandContext(ctx, "docker", "tag", dockerName(src), dockerName(n)).CombinedOutput(); err != nil {
			return fmt.Errorf("docker tag: %w", cli.FailedCommand(out, err))
		}
		if _, err := fmt.Fprintln(t.Text(), n); err != nil {
			return err
		}
	}
	return nil
}

// dockerName is the name that docker knows an image by.
func dockerName(n image.Name) string { return strings.TrimPrefix(n.String(), "docker-daemon:") }

// newName reads a new name: a tag alone is one in the place of the source.
func newName(src image.Name, word string) (image.Name, error) {
	if strings.ContainsAny(word, "/:@") {
		n, err := image.Parse(word)
		if err == nil && n.Path != "" && n.Path == src.Path && n.Transport != image.Layout {
			err = fmt.Errorf("%s cannot get a name: an archive is not changed; copy it", src)
		}
		return n, err
	}
	switch src.Transport {
	case image.Registry, image.DockerDaemon:
		if src.Ref == nil {
			return image.Name{}, fmt.Errorf("%s has no name that a tag could be added to", src)
		}
		ref, err := reference.WithTag(reference.TrimNamed(src.Ref), word)
		if err != nil {
			return image.Name{}, fmt.Errorf("tag %q: %w", word, err)
		}
		return image.Name{Transport: src.Transport, Ref: ref}, nil
	case image.Layout:
		return image.Parse(string(image.Layout) + ":" + src.Path + ":" + word)
	}
	return image.Name{}, fmt.Errorf("%s cannot get a tag: an archive is not changed; copy it", src)
}
