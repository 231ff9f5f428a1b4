// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/convert/apko"
	"github.com/strata-build/strata/internal/convert/dhi"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/internal/starter"
)

// fromFile is a build file from the file that --file names: what it is its contents say.
func (o initOptions) fromFile(path string) (converted, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return converted{}, cli.Usage(fmt.Errorf("look at file: %w", err), "")
	}
	isDHI, isAPKO := dhi.Is(data), apko.Is(data)
	if !isDHI && !isAPKO {
		return o.fromDockerfile(path)
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
	made, err := apko.Convert(data)
	if err != nil {
		return converted{}, unreadable(path, err)
	}
	return written(path, made.File, made.Notes)
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
	return out, nil
}
