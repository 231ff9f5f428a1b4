// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// resolve fills in what the user left open and makes paths absolute.
func (o Options) resolve() (Options, error) {
	var err error
	if o.Root == "" {
		if o.Root, err = defaultRoot(); err != nil {
			return o, err
		}
	}
	if o.Root, err = filepath.Abs(o.Root); err == nil {
		o.Root, err = withoutLinks(o.Root)
	}
	if err != nil {
		return o, fmt.Errorf("resolve the engine's directory: %w", err)
	}
	if o.Config != "" {
		if o.Config, err = filepath.Abs(o.Config); err != nil {
			return o, fmt.Errorf("resolve the engine's configuration: %w", err)
		}
	}
	if o.Executable == "" {
		if o.Executable, err = os.Executable(); err != nil {
			return o, fmt.Errorf("find the program's own file: %w", err)
		}
	}
	if o.Linger <= 0 {
		o.Linger = DefaultLinger
		if os.Getenv("CI") != "" {
			o.Linger = ciLinger
		}
	}
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	return o, nil
}

// withoutLinks is path with the symbolic links resolved in as much of it as exists. Steps
// mount parts of a state directory, and BuildKit refuses those that it reaches by a link.
func withoutLinks(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
		return resolved, err
	}
	parent, err := withoutLinks(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// defaultRoot is the user's data directory for this program.
func defaultRoot() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "strata"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a directory for the engine (or name one with --root): %w", err)
	}
	return filepath.Join(home, ".local", "share", "strata"), nil
}

// arguments are what [Main] gets to become the engine o describes.
func (o Options) arguments() []string {
	args := []string{"--root", o.Root, "--linger", o.Linger.String(), "--grace", o.Grace.String()}
	if o.Config != "" {
		args = append(args, "--config", o.Config)
	}
	return args
}

// parseArguments is the inverse of [Options.arguments].
func parseArguments(args []string) (Options, error) {
	var o Options
	flags := flag.NewFlagSet(Subcommand, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.Root, "root", "", "state directory")
	flags.StringVar(&o.Config, "config", "", "buildkitd.toml")
	flags.DurationVar(&o.Linger, "linger", DefaultLinger, "time to stay without clients")
	flags.DurationVar(&o.Grace, "grace", DefaultGrace, "time for running builds when told to stop")
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("read the engine's arguments: %w", err)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("read the engine's arguments: unexpected %q", flags.Arg(0))
	}
	return o.resolve()
}
