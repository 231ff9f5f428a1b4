// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image/transfer"
)

// exports are the places that the outputs of a build are written to: hidden ones,
// a program, or the standard output.
type exports struct {
	terminal cli.Terminal
	stage    *atomicfile.Stage
	// loader is the program of --load, if it is given.
	loader *loader
	// load is which output that is.
	load int
	// stdout says that one of the outputs goes there.
	stdout bool
	// layouts are the directories of new OCI layouts.
	layouts []string
	// loadable are the directories that docker load is to accept, too.
	loadable []string
	// inContext are places that do not belong to the context, even if they are in
	// its directory.
	inContext []string
}

// add gives each output a place to write to.
func (e *exports) add(ctx context.Context, outputs []flags.Output) ([]client.ExportEntry, error) {
	var entries []client.ExportEntry
	for _, out := range outputs {
		entry := client.ExportEntry{Type: out.Type, Attrs: maps.Clone(out.Attrs)}
		var err error
		switch {
		case out.IsLoad():
			e.load = len(entries)
			err = e.addLoader(ctx, &entry)
		case out.IsDirectory():
			err = e.addDir(out, &entry)
		case out.IsStream() && out.Dest == "-":
			err = e.addStdout(out, &entry)
		case out.IsStream():
			err = e.addFile(out, &entry)
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// addLoader pipes a docker archive into docker or podman.
func (e *exports) addLoader(ctx context.Context, entry *client.ExportEntry) error {
	loader, err := findLoader(ctx, entry.Attrs["context"])
	if err != nil {
		return err
	}
	delete(entry.Attrs, "context")
	e.loader = loader
	entry.Output = func(map[string]string) (io.WriteCloser, error) { return loader.open(ctx) }
	return nil
}

// addFile writes a tar to a file.
func (e *exports) addFile(out flags.Output, entry *client.ExportEntry) error {
	file, err := e.stage.File(out.Dest)
	if err != nil {
		return cli.Usage(fmt.Errorf("--output: %w", err), "")
	}
	entry.Output = func(map[string]string) (io.WriteCloser, error) { return file.Open() }
	return nil
}

// addStdout writes a tar to the standard output.
func (e *exports) addStdout(out flags.Output, entry *client.ExportEntry) error {
	if err := e.terminal.CheckPipe(out.Type); err != nil {
		return cli.Usage(fmt.Errorf("--output: %w", err), "")
	}
	e.stdout = true
	entry.Output = func(map[string]string) (io.WriteCloser, error) { return e.terminal.Pipe(), nil }
	return nil
}

// addDir writes to a directory that appears in the end. An OCI layout that exists
// gets the new image in place: blobs are added whole, and the index, which makes
// them part of it, is written last.
func (e *exports) addDir(out flags.Output, entry *client.ExportEntry) error {
	if out.Type != client.ExporterLocal && isLayout(out.Dest) {
		entry.OutputDir = out.Dest
		e.addLoadable(out, out.Dest)
		return nil
	}
	mode, err := client.ParseLocalExporterMode(out.Attrs["mode"])
	if err != nil && out.Type == client.ExporterLocal {
		return cli.Usage(fmt.Errorf("--output type=local: %w", err), "")
	}
	dir, err := e.stage.Directory(out.Dest, mode == client.LocalExporterModeDelete)
	if err != nil {
		return cli.Usage(fmt.Errorf("--output: %w", err), "")
	}
	if out.Type == client.ExporterLocal {
		delete(entry.Attrs, "mode") // the stage removes what exists
	} else if abs, err := filepath.Abs(dir.Path()); err == nil {
		e.inContext = append(e.inContext, abs) // it is made when the build starts
	}
	entry.OutputDir = dir.Path()
	e.layouts = append(e.layouts, dir.Path())
	e.addLoadable(out, dir.Path())
	return nil
}

// addLoadable notes a directory that docker load is to accept.
func (e *exports) addLoadable(out flags.Output, dir string) {
	if out.IsForDocker() {
		e.loadable = append(e.loadable, dir)
	}
}

// finish completes the directories before they are committed: it adds what docker
// load looks for, and removes the empty directory that blobs arrived in.
func (e *exports) finish(ctx context.Context, exporter map[string]string) error {
	var tags []string
	if names := exporter[exptypes.ExporterImageNameKey]; names != "" {
		tags = strings.Split(names, ",")
	}
	for _, dir := range e.loadable {
		if err := transfer.LoadableByDocker(ctx, dir, tags); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	for _, dir := range e.layouts {
		_ = os.Remove(filepath.Join(dir, "ingest")) // it stays when something is in it
	}
	return nil
}

// isLayout reports whether an OCI layout is at path.
func isLayout(path string) bool {
	_, err := os.Stat(filepath.Join(path, ocispecs.ImageIndexFile))
	return err == nil
}
