// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/extract"
)

func runExtract(args []string, _ func(string)) error {
	c, err := call.ParseExtract(args)
	if err != nil {
		return err
	}
	err = extractAll(c.Source, filepath.Join(c.Out, call.Extracted), extract.Options{
		Include: c.Include, Exclude: c.Exclude, Strip: c.Strip, Name: c.Name, Into: c.Into,
	})
	if err == nil || c.Report == "" {
		return err
	}
	return os.WriteFile(filepath.Join(c.Out, c.Report), []byte(err.Error()), 0o644)
}

// extractAll unpacks each archive of a directory to dst, in the order of their names. A
// pattern may have matched nothing: that is a directory with nothing in it.
func extractAll(src, dst string, opt extract.Options) error {
	entries, err := os.ReadDir(src)
	if err != nil {
		return fmt.Errorf("list archives: %w", err)
	}
	if len(entries) == 0 {
		return os.MkdirAll(dst, 0o755)
	}
	for _, e := range entries {
		err := extract.File(filepath.Join(src, e.Name()), dst, opt)
		if err != nil && len(entries) > 1 {
			return fmt.Errorf("%s: %w", show(e.Name()), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
