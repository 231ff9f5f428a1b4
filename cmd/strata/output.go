// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/console"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image/transfer"
)

// addExports gives each output a place to write to: a hidden one, a program, or
// the standard output.
func (j *job) addExports(ctx context.Context) error {
	for _, out := range j.outputs {
		entry := client.ExportEntry{Type: out.Type, Attrs: maps.Clone(out.Attrs)}
		var err error
		switch {
		case out.IsLoad():
			err = j.exportLoad(ctx, &entry)
		case out.IsFolder():
			err = j.exportFolder(out, &entry)
		case out.IsStream():
			err = j.exportStream(out, &entry)
		}
		if err != nil {
			return err
		}
		j.solveOpt.Exports = append(j.solveOpt.Exports, entry)
	}
	return nil
}

// exportStream writes a tar to a file or the standard output.
func (j *job) exportStream(out flags.Output, entry *client.ExportEntry) error {
	if out.Dest == "-" {
		return j.exportStdout(out, entry)
	}
	file, err := j.stage.File(out.Dest)
	if err != nil {
		return usageError(fmt.Errorf("--output: %w", err), "")
	}
	entry.Output = func(map[string]string) (io.WriteCloser, error) { return file.Open() }
	return nil
}

func (j *job) exportStdout(out flags.Output, entry *client.ExportEntry) error {
	if err := pipeable(j.terminal.out, out.Type); err != nil {
		return usageError(fmt.Errorf("--output: %w", err), "")
	}
	j.printID = false // it would end up in the tar
	entry.Output = func(map[string]string) (io.WriteCloser, error) {
		return unclosed{j.terminal.out}, nil
	}
	return nil
}

// pipeable refuses to write what nobody can read to a terminal.
func pipeable(w io.Writer, form string) error {
	if f, ok := w.(*os.File); ok {
		if _, err := console.ConsoleFromFile(f); err == nil {
			return fmt.Errorf("type=%s: a terminal does not take that: give dest=FILE, or pipe it", form)
		}
	}
	return nil
}

// unclosed keeps a stream open that is not ours to close.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// exportFolder writes to a folder that appears in the end. An OCI layout that
// is there gets the new image in place: blobs are added whole, and the index,
// which makes them part of it, is written last.
func (j *job) exportFolder(out flags.Output, entry *client.ExportEntry) error {
	if out.Type != client.ExporterLocal && isLayout(out.Dest) {
		entry.OutputDir = out.Dest
		j.addLoadable(out, out.Dest)
		return nil
	}
	mode, err := client.ParseLocalExporterMode(out.Attrs["mode"])
	if err != nil && out.Type == client.ExporterLocal {
		return usageError(fmt.Errorf("--output type=local: %w", err), "")
	}
	folder, err := j.stage.Folder(out.Dest, mode == client.LocalExporterModeDelete)
	if err != nil {
		return usageError(fmt.Errorf("--output: %w", err), "")
	}
	if out.Type == client.ExporterLocal {
		delete(entry.Attrs, "mode") // what is there is removed by the stage
	} else if abs, err := filepath.Abs(folder.Path()); err == nil {
		j.input.exclude = append(j.input.exclude, abs) // it is made when the build starts
	}
	entry.OutputDir = folder.Path()
	j.layouts = append(j.layouts, folder.Path())
	j.addLoadable(out, folder.Path())
	return nil
}

// addLoadable notes a folder that docker load is to take.
func (j *job) addLoadable(out flags.Output, dir string) {
	if out.IsForDocker() {
		j.loadable = append(j.loadable, dir)
	}
}

// finishLoadable adds what docker load looks for.
func (j *job) finishLoadable(ctx context.Context, exporter map[string]string) error {
	var tags []string
	if names := exporter[exptypes.ExporterImageNameKey]; names != "" {
		tags = strings.Split(names, ",")
	}
	for _, dir := range j.loadable {
		if err := transfer.LoadableByDocker(ctx, dir, tags); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	return nil
}

// tidyLayouts removes from new OCI layouts the empty folder that blobs arrived
// in.
func (j *job) tidyLayouts() {
	for _, dir := range j.layouts {
		_ = os.Remove(filepath.Join(dir, "ingest")) // it stays when something is in it
	}
}

// isLayout reports whether an OCI layout is at path.
func isLayout(path string) bool {
	_, err := os.Stat(filepath.Join(path, ocispecs.ImageIndexFile))
	return err == nil
}

// exportLoad pipes a docker archive into docker or podman.
func (j *job) exportLoad(ctx context.Context, entry *client.ExportEntry) error {
	loader, err := findLoader(ctx, entry.Attrs["context"])
	if err != nil {
		return err
	}
	delete(entry.Attrs, "context")
	j.loader = loader
	entry.Output = func(map[string]string) (io.WriteCloser, error) { return loader.open(ctx) }
	return nil
}
