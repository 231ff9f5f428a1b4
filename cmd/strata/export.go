// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/internal/atomicfile"
	solveopt "github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/rootfs"
)

// exportOptions are the words of "strata export".
type exportOptions struct {
	registryOptions
	source   string
	platform string
	outputs  []string
}

func exportCommand(t terminal) *cobra.Command {
	o := &exportOptions{}
	cmd := &cobra.Command{
		Use:   "export [flags] IMAGE",
		Short: "Write an image's root file system",
		Long: `Write an image's root file system, its layers flattened, as a folder, an archive,
or an image that a kernel mounts.

` + imageNotation,
		Example: `  strata export alpine:3 -o root
  strata export alpine:3 | tar t
  strata export oci:layout -o type=erofs,dest=root.erofs -o type=cpio,dest=initramfs.gz,compression=gzip`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			return runExport(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.outputs, "output", "o", nil,
		"where it goes: `type=dir|tar|cpio|squashfs|erofs[,dest=PATH][,KEY=VALUE...]`, a folder, or - for a tar (default -)")
	flags.StringVar(&o.platform, "platform", "", "`PLATFORM` of the image, if there are several")
	o.bind(flags)
	return cmd
}

// export is a root file system on its way to its places.
type export struct {
	terminal terminal
	tree     *rootfs.Tree
	stage    atomicfile.Stage
	// folders are those that get the root's own mode, owner and times when they
	// are in place.
	folders []string
}

func runExport(ctx context.Context, t terminal, o exportOptions) (err error) {
	name, err := image.Parse(o.source)
	if err != nil {
		return usageError(err, "")
	}
	platform, err := parsePlatform(o.platform)
	if err != nil {
		return err
	}
	e := &export{terminal: t}
	defer func() { err = errors.Join(err, e.stage.Discard()) }()
	places, err := e.places(o.outputs)
	if err != nil {
		return err
	}
	opt, err := o.image(t)
	if err != nil {
		return err
	}
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

// writeAll writes the root file system to all places. A single folder needs no
// other place for the bodies of files.
func (e *export) writeAll(ctx context.Context, layers []rootfs.Layer, places []rootPlace) (err error) {
	if len(places) == 1 && places[0].folder != nil {
		var lost rootfs.Lost
		if e.tree, lost, err = rootfs.Unpack(ctx, layers, places[0].folder.Path()); err == nil {
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
	solveopt.RootOutput
	folder *atomicfile.Folder
	file   *atomicfile.File // nil for the standard output
}

// places reads the outputs and makes a place for each.
func (e *export) places(words []string) ([]rootPlace, error) {
	if len(words) == 0 {
		words = []string{"-"}
	}
	streams := 0
	var places []rootPlace
	for _, word := range words {
		out, err := solveopt.ParseRootOutput(word)
		if err != nil {
			return nil, usageError(err, `see "strata export --help"`)
		}
		p := rootPlace{RootOutput: out}
		switch {
		case out.Dest == "-":
			if streams++; streams > 1 {
				return nil, usageError(errors.New("--output: the standard output takes one of them"), "give dest=FILE")
			}
			err = pipeable(e.terminal.out, out.Type)
		case out.Type == solveopt.RootDir:
			p.folder, err = e.folder(out)
		default:
			p.file, err = e.stage.File(out.Dest)
		}
		if err != nil {
			return nil, usageError(fmt.Errorf("--output: %w", err), "")
		}
		places = append(places, p)
	}
	return places, nil
}

// folder stages a folder. One with something in it would be a mixture of two
// root file systems.
func (e *export) folder(out solveopt.RootOutput) (*atomicfile.Folder, error) {
	entries, err := os.ReadDir(out.Dest)
	if err == nil && len(entries) > 0 && !out.Replace {
		return nil, fmt.Errorf("the folder %s is not empty: give another one, or mode=delete", out.Dest)
	}
	e.folders = append(e.folders, out.Dest)
	return e.stage.Folder(out.Dest, out.Replace)
}

// write writes the tree to one place.
func (e *export) write(ctx context.Context, p rootPlace) error {
	if p.folder != nil {
		lost, err := e.tree.WriteDir(ctx, p.folder.Path())
		if err == nil {
			e.warn(p, lost)
		}
		return err
	}
	w := io.WriteCloser(unclosed{e.terminal.out})
	if p.file != nil {
		var err error
		if w, err = p.file.Open(); err != nil {
			return err
		}
	}
	lost, err := e.tree.Write(ctx, w, rootfs.Form(p.Type), p.Compression)
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
		fmt.Fprintf(e.terminal.err, "WARNING: type=%s could not keep: %s\n", p.Type, lost)
	}
}

// commit puts everything in its place.
func (e *export) commit() error {
	if err := e.stage.Commit(); err != nil {
		return err
	}
	for _, dir := range e.folders {
		if err := e.tree.RestoreRoot(dir); err != nil {
			return err
		}
	}
	return nil
}
