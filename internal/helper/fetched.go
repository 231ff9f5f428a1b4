// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/helper/download"
)

// runFetched gets files, runs another subcommand with them, and removes them.
func runFetched(args []string, warn func(string)) (status int, err error) {
	c, err := call.ParseFetched(args)
	if err != nil {
		return ownFault, err
	}
	// Other files may be mounted into the directory.
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return ownFault, fmt.Errorf("make the directory for what is fetched: %w", err)
	}
	defer func() {
		if left := removeFetched(c); left != nil {
			status, err = ownFault, errors.Join(err, left)
		}
	}()
	if err := download.All(context.Background(), c.Dir, c.Files); err != nil {
		return ownFault, err
	}
	return subcommand(c.Then, warn)
}

// removeFetched removes the files, which the step's own layer would have otherwise.
func removeFetched(c call.Fetched) error {
	var errs []error
	for _, f := range c.Files {
		if err := os.Remove(filepath.Join(c.Dir, f.Name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
