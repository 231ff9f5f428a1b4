// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/convert/dockerfile"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/starter"
)

// converted is a build file, and the Dockerfile that it was made of.
type converted struct {
	starter.Draft
	// file is the Dockerfile's path, and made what it became; empty and nil for none.
	file string
	made *draft.File
}

// fromDockerfile is a build file that makes the image of a Dockerfile.
func (o initOptions) fromDockerfile(path string) (converted, error) {
	data, err := plainfile.Read(path, startLimit)
	if err != nil {
		return converted{}, cli.Usage(fmt.Errorf("look at file: %w", err), "")
	}
	if o.check {
		if _, err := o.inContext(path); err != nil {
			return converted{}, err
		}
	}
	root, err := os.OpenRoot(o.dir)
	if err != nil {
		return converted{}, cli.Usage(fmt.Errorf("look at directory: %w", err), "")
	}
	defer root.Close()
	made, err := dockerfile.Convert(data, dockerfile.Options{Faithful: o.faithful, Context: root.FS()})
	if err != nil {
		return converted{}, unreadable(path, err)
	}
	out := converted{Draft: starter.Draft{BuildFile: made.BuildFile}, file: path, made: made.File}
	for _, n := range made.Notes {
		out.Notes = append(out.Notes, fmt.Sprintf("%s:%d: %s: %s", path, n.Line, n.Kind, n.Text))
	}
	if err := out.skipFindings(path, made.File); err != nil {
		return converted{}, err
	}
	return out, o.ignoreFile(path, &out.Draft)
}

// ignoreFile writes what a Dockerfile of that name leaves out of the context beside the
// build file: a file called as the Dockerfile counts for no other.
func (o initOptions) ignoreFile(path string, d *starter.Draft) error {
	const suffix = ".dockerignore"
	data, err := plainfile.Read(path+suffix, startLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", path+suffix, err)
	}
	to := filepath.Join(o.dir, frontend.DefaultFile) + suffix
	if o.output != "-" {
		to = o.output + suffix
	}
	if _, err := os.Lstat(to); err == nil && o.output != "-" && !o.force {
		d.Notes = append(d.Notes, fmt.Sprintf("%s is for this Dockerfile alone; %s, which is for the build file, is there already and stays", path+suffix, to))
		return nil
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s is for this Dockerfile alone; the same for the build file is %s", path+suffix, to))
	if o.output == "-" {
		return nil
	}
	if err := writeOutput(to, data); err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	return nil
}
