// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/convert/apko"
	"github.com/strata-build/strata/internal/convert/dhi"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/starter"
)

// startLimit is how many bytes a file to start from may have.
const startLimit = 8 << 20

// fromFile is a build file from the file that --file names: what it is its contents say.
func (o initOptions) fromFile(path string) (converted, error) {
	data, err := plainfile.Read(path, startLimit)
	if err != nil {
		return converted{}, cli.Usage(fmt.Errorf("look at file: %w", err), "")
	}
	isDHI, isAPKO := dhi.Is(data), apko.Is(data)
	if !isDHI && !isAPKO {
		made, err := o.fromDockerfile(path)
		if err != nil && isYAML(path) {
			return converted{}, noDefinition(path, apko.Refused(data))
		}
		return made, err
	}
	if o.check {
		return converted{}, cli.Usage(fmt.Errorf("--check compares with a Dockerfile, and %s is a definition, which only its own program builds", path), "leave --check out")
	}
	if isDHI {
		made, err := dhi.Convert(data)
		if err != nil {
			return converted{}, unreadable(path, err)
		}
		return written(path, made.File, made.Notes)
	}
	made, err := apko.Convert(data, apko.Options{Include: o.included(path)})
	if err != nil {
		return converted{}, unreadable(path, err)
	}
	return written(path, made.File, made.Notes)
}

// isYAML reports whether a file is called as definitions are.
func isYAML(path string) bool { return slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) }

// noDefinition says of a file that is no Dockerfile why it is no definition either.
func noDefinition(path string, err error) error {
	const what = "it is no definition of a hardened image, no apko file and no Dockerfile"
	var at *report.LineError
	if errors.As(err, &at) {
		return unreadable(path, &report.LineError{Line: at.Line, Err: fmt.Errorf("%s: %w", what, at.Err)})
	}
	return unreadable(path, fmt.Errorf("%s: %w", what, err))
}

// included reads what an apko file includes: from the build context, where apko is run, or
// beside the file.
func (o initOptions) included(path string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if !filepath.IsLocal(name) {
			return nil, errors.New("only files of the build context are included; convert what apko show-config prints, without its line include")
		}
		data, err := readIn(o.dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			data, err = readIn(filepath.Dir(path), name)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no such file in %s, nor beside %s", o.dir, path)
		}
		return data, err
	}
}

// readIn reads a plain file in a directory, which it doesn't leave.
func readIn(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("look at directory: %w", err)
	}
	defer root.Close()
	fi, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := plainfile.Check(name, fi); err != nil {
		return nil, err
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return plainfile.ReadAll(file, name, startLimit)
}

// unreadable is an error with the line of the file that can't be converted.
func unreadable(path string, err error) error {
	var at *report.LineError
	if errors.As(err, &at) {
		return cli.Usage(fmt.Errorf("%s:%d: %w", path, at.Line, at.Err), "")
	}
	return cli.Usage(fmt.Errorf("%s: %w", path, err), "")
}

// written is a build file as text, with what is to be told of it.
func written(path string, file *draft.File, notes []report.Note) (converted, error) {
	text, err := file.Bytes()
	if err != nil {
		return converted{}, err
	}
	out := converted{Draft: starter.Draft{BuildFile: text}}
	for _, n := range notes {
		out.Notes = append(out.Notes, fmt.Sprintf("%s:%d: %s: %s", path, n.Line, n.Kind, n.Text))
	}
	return out, out.skipFindings(path, file)
}
