// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/rootfs"
	"github.com/strata-build/strata/internal/printable"
)

// exportOptions are the flags and arguments of "strata export".
type exportOptions struct {
	registries images.Registries
	source     string
	platform   string
	outputs    []string
}

func exportCommand(t cli.Terminal) *cobra.Command {
	o := &exportOptions{}
	cmd := &cobra.Command{
		Use:   "export [flags] IMAGE",
		Short: "Write an image's root file system",
		Long: `Write an image's root file system, its layers flattened, as a directory, an archive,
or an image that a kernel mounts.

` + images.Notation,
		Example: `  strata export alpine:3 -o root
  strata export alpine:3 | tar t
  strata export oci:layout -o type=erofs,dest=root.erofs -o type=cpio,dest=initramfs.gz,compression=gzip`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			return runExport(cmd.Context(), t, *o)
		},
	}
	cmd.Flags().StringArrayVarP(&o.outputs, "output", "o", nil,
		"where it goes: `type=dir|tar|cpio|squashfs|erofs[,dest=PATH][,KEY=VALUE...]`, a directory, or - for a tar (default -)")
	cmd.Flags().StringVar(&o.platform, "platform", "", "`PLATFORM` of the image, if there are several")
	o.registries.Bind(cmd.Flags())
	return cmd
}

// export is a root file system on its way to its places.
type export struct {
	terminal cli.Terminal
	tree     *rootfs.Tree
	stage    atomicfile.Stage
	// dirs are those that get the root's own mode, owner and times when they are in
	// place.
	dirs []string
}

func runExport(ctx context.Context, t cli.Terminal, o exportOptions) (err error) {
	name, err := image.Parse(o.source)
	if err != nil {
		return cli.Usage(err, "")
	}
	platform, err := images.ParsePlatform(o.platform)
	if err != nil {
		return err
	}
	e := &export{terminal: t}
	defer func() { err = errors.Join(err, e.stage.Discard()) }()
	places, err := e.places(o.outputs)
	if err != nil {
		return err
	}
	opt, err := o.registries.Options(t.Env)
	if err != nil {
		return err
	}
	opt.Platform = platform
	source, err := image.Open(ctx, name, opt)
	if err != nil {
		return err
	}
	defer source.Close()
	from, err := source.Image(ctx, platform)
	if err != nil {
		return err
	}
	layers, err := rootfs.Layers(from)
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	if err := e.writeAll(ctx, layers, places); err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return e.commit()
}

// writeAll writes the root file system to all places. A single directory gets the
// bodies of files at once.
func (e *export) writeAll(ctx context.Context, layers []rootfs.Layer, places []rootPlace) (err error) {
	if len(places) == 1 && places[0].dir != nil {
		var lost rootfs.Lost
		if e.tree, lost, err = rootfs.Unpack(ctx, layers, places[0].dir.Path()); err == nil {
			e.warn(places[0], lost)
		}
		return err
	}
	if e.tree, err = rootfs.Flatten(ctx, layers, rootfs.Options{}); err != nil {
		return err
	}
	defer e.tree.Close()
	for _, p := range places {
		if err := e.write(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// rootPlace is an output with the place that is made for it.
type rootPlace struct {
	output flags.RootOutput
	dir    *atomicfile.Directory
	file   *atomicfile.File // both are nil for the standard output
}

// places reads the outputs and makes a place for each.
func (e *export) places(values []string) ([]rootPlace, error) {
	if len(values) == 0 {
		values = []string{"-"}
	}
	streams := 0
	var places []rootPlace
	for _, value := range values {
		out, err := flags.ParseRootOutput(value)
		if err != nil {
			return nil, cli.Usage(err, `see "strata export --help"`)
		}
		p := rootPlace{output: out}
		switch {
		case out.Dest == "-":
			if streams++; streams > 1 {
				return nil, cli.Usage(errors.New("--output: the standard output takes only one of them"), "give dest=FILE")
			}
			err = e.terminal.CheckPipe(out.Type)
		case out.Type == flags.RootDir:
			p.dir, err = e.stageDir(out)
		default:
			p.file, err = e.stage.File(out.Dest)
		}
		if err != nil {
			return nil, cli.Usage(fmt.Errorf("--output: %w", err), "")
		}
		places = append(places, p)
	}
	return places, nil
}

// stageDir stages a directory. One that is not empty would become a mixture of two
// root file systems.
func (e *export) stageDir(out flags.RootOutput) (*atomicfile.Directory, error) {
	entries, err := os.ReadDir(out.Dest)
	if err == nil && len(entries) > 0 && !out.Replace {
		return nil, fmt.Errorf("the directory %s is not empty: give another one, or mode=delete", out.Dest)
	}
	e.dirs = append(e.dirs, out.Dest)
	return e.stage.Directory(out.Dest, out.Replace)
}

// write writes the tree to one place.
func (e *export) write(ctx context.Context, p rootPlace) error {
	if p.dir != nil {
		lost, err := e.tree.WriteDir(ctx, p.dir.Path())
		if err == nil {
			e.warn(p, lost)
		}
		return err
	}
	w := e.terminal.Pipe()
	if p.file != nil {
		var err error
		if w, err = p.file.Open(); err != nil {
			return err
		}
	}
	lost, err := e.tree.Write(ctx, w, rootfs.Form(p.output.Type), p.output.Compression)
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err == nil {
		e.warn(p, lost)
	}
	return err
}

func (e *export) warn(p rootPlace, lost rootfs.Lost) {
	if lost != (rootfs.Lost{}) {
		fmt.Fprintf(e.terminal.Messages(), "WARNING: type=%s could not keep: %s\n", p.output.Type, printable.Line(fmt.Sprint(lost)))
	}
}

// commit puts everything in its place.
func (e *export) commit() error {
	if err := e.stage.Commit(); err != nil {
		return err
	}
	for _, dir := range e.dirs {
		if err := e.tree.RestoreRoot(dir); err != nil {
			return err
		}
	}
	return nil
}
