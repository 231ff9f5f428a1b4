// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/llb/spec"
)

const (
	// syntaxMajor is the version of the frontend that this command line is.
	syntaxMajor = "1"
	// syntaxName is the frontend's repository.
	syntaxName = "strata-build/strata"
)

// readBuildFile reads a build file, up to the size that a build file may
// have: the size is checked before anything else.
func readBuildFile(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, spec.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read build file %s: %w", name, err)
	}
	return data, checkBuildFile(name, data, int64(len(data)))
}

// checkBuildFile refuses what cannot be a build file.
func checkBuildFile(name string, data []byte, size int64) error {
	if size > spec.MaxSize {
		return cli.Usage(fmt.Errorf("%s: a build file has at most %d bytes", name, spec.MaxSize), "")
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		line := bytes.Count(data[:i], []byte("\n")) + 1
		return cli.Usage(fmt.Errorf("%s:%d: a build file is text, and this has a NUL byte", name, line), "")
	}
	return nil
}

// openBuildFile reads the build file at path. regular reports whether it is a
// plain file, which the daemon can read by itself: it can't by the name of a stream.
func openBuildFile(path string, interruptible func(io.Reader) io.Reader) (data []byte, regular bool, err error) {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, cli.Usage(fmt.Errorf("there is no build file %s", path), missingHint(path))
	}
	if err != nil {
		return nil, false, cli.Usage(fmt.Errorf("look at build file: %w", err), "")
	}
	if fi.IsDir() {
		return nil, false, cli.Usage(fmt.Errorf("the build file %s is a directory", path), "")
	}
	if plainfile.IsHanded(path) {
		return readHanded(path, interruptible)
	}
	if err := plainfile.Check("the build file "+path, fi); err != nil {
		return nil, false, cli.Usage(err, "")
	}
	if fi.Mode().IsRegular() && fi.Size() > spec.MaxSize {
		return nil, true, checkBuildFile(path, nil, fi.Size())
	}
	f, err := plainfile.Open(path)
	if err != nil {
		return nil, false, cli.Usage(fmt.Errorf("open build file: %w", err), "")
	}
	defer f.Close()
	data, err = readBuildFile(path, f)
	return data, fi.Mode().IsRegular(), err
}

// readHanded reads the build file from a stream that this process was started with.
func readHanded(path string, interruptible func(io.Reader) io.Reader) (data []byte, regular bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, cli.Usage(fmt.Errorf("open build file: %w", err), "")
	}
	defer f.Close()
	data, err = readBuildFile(path, interruptible(f))
	return data, false, err
}

// checkBeside refuses what can't be read of the files that the daemon reads beside a
// build file, or that a context has.
func checkBeside(path string, limit int64) error {
	fi, err := os.Stat(path)
	if err != nil {
		return nil //nolint:nilerr // there need not be one, and who reads it says what is wrong
	}
	if err := plainfile.Check(path, fi); err != nil {
		return cli.Usage(err, "")
	}
	if fi.Size() > limit {
		return cli.Usage(plainfile.TooLarge(path, limit), "")
	}
	return nil
}

// missingHint names what the user may have meant.
func missingHint(path string) string {
	for _, name := range []string{"strata.yml", "Strata.yaml"} {
		near := filepath.Join(filepath.Dir(path), name)
		if _, err := os.Stat(near); err == nil {
			return "did you mean --file " + near + "?"
		}
	}
	return "name the build file with --file"
}

// syntaxWarning is for a build file that asks for another major version of Strata
// than this one. Otherwise its "# syntax=" line has no effect here.
func syntaxWarning(data []byte) string {
	syntax, _, _, ok := parser.DetectSyntax(data)
	if !ok {
		return ""
	}
	ref, err := reference.ParseNormalizedNamed(syntax)
	if err != nil || !strings.HasSuffix(ref.Name(), "/"+syntaxName) {
		return ""
	}
	tagged, ok := ref.(reference.Tagged)
	if !ok {
		return ""
	}
	major, _, _ := strings.Cut(tagged.Tag(), ".")
	if major == syntaxMajor || major == "" || strings.Trim(major, "0123456789") != "" {
		return ""
	}
	return fmt.Sprintf("the build file asks for version %s of Strata (# syntax=%s), and this is version %s", major, syntax, syntaxMajor)
}
