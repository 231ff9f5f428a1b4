// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package atomicfile keeps the outputs of a command out of sight until the command
// has succeeded.
//
// A [Stage] hands out places to write to: a file or a directory with a hidden name
// close to where the output belongs. Commit moves them there; Discard removes
// them. So a command that fails, or is interrupted, leaves what was there
// before. What cannot be replaced by a rename (a device, a pipe) is written
// directly.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stage is a set of outputs that appear together. The zero Stage is ready to
// use; it is not safe for concurrent use, the writers it hands out are.
type Stage struct {
	outputs []output
}

// output is one staged output.
type output interface {
	commit() error
	discard() error
	// place is where it waits, empty if it waits nowhere.
	place() string
}

// Commit moves every output to its place, in the order they were asked for.
func (s *Stage) Commit() error {
	for i, out := range s.outputs {
		if err := out.commit(); err != nil {
			s.outputs = s.outputs[i:]
			return err
		}
	}
	s.outputs = nil
	return nil
}

// Discard removes what was not committed. It does nothing after a Commit that
// succeeded.
func (s *Stage) Discard() error {
	var errs []error
	for _, out := range s.outputs {
		errs = append(errs, out.discard())
	}
	s.outputs = nil
	return errors.Join(errs...)
}

// hidden is a new name in dir for something that will become base, which may be as long
// as a name can be.
func hidden(dir, base string) string {
	if len(base) > shown {
		base = strings.ToValidUTF8(base[:shown], "")
	}
	return filepath.Join(dir, "."+base+mark+rand.Text()[:10])
}

// shown is how many bytes of an output's name are in its hidden one.
const shown = 200

// mark is in all hidden names.
const mark = ".strata-"

// IsHidden reports whether an entry of a directory is an output that waits.
func IsHidden(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, mark)
}

// DirectoryOf is the directory in which an output waits that a path belongs to, or just
// the path's directory. No one but a Stage knows the names in between.
func DirectoryOf(path string) string {
	parts := strings.Split(path, string(filepath.Separator))
	for i, part := range parts {
		if IsHidden(part) {
			return strings.Join(parts[:i], string(filepath.Separator))
		}
	}
	return filepath.Dir(path)
}

// resolve follows the links of an existing path; a new one stays as it is.
func resolve(path string) (string, fs.FileInfo, error) {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("look at output: %w", err)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil { // such as /proc/self/fd/3, which leads to no path
		return path, fi, nil
	}
	return target, fi, nil
}
