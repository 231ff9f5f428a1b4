// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/verbs"
)

// packageVerb finds a subcommand about packages by its name.
func packageVerb(name string) (command.Verb, bool) {
	for _, v := range verbs.All() {
		if v.Name() == name {
			return v, true
		}
	}
	return command.Verb{}, false
}

// packageUsage says how the subcommands about packages are called.
func packageUsage() string {
	var lines strings.Builder
	for _, v := range verbs.All() {
		fmt.Fprintf(&lines, "\n  strata-step %s", v.Usage)
	}
	return lines.String()
}

// runPackageVerb runs a subcommand about packages and returns the exit status, which
// is that of a program of the image if one failed.
func runPackageVerb(v command.Verb, args []string, warn func(string)) (int, error) {
	err := v.Run(context.Background(), args, image{warn: warn})
	var exit *command.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return exit.Status, err
	default:
		return ownFault, err
	}
}

// image is the image at / while packages are installed in it.
type image struct{ warn func(string) }

var _ command.Host = image{}

// Change runs what changes the image, ends the programs that it left, and gives what
// it made a time that is the same in every run.
func (i image) Change(c command.Change) error {
	if c.Programs {
		if err := adoptOrphans(); err != nil {
			return err
		}
	}
	since, err := startTimes()
	if err != nil {
		return err
	}
	if c.ReadAhead && runtime.NumCPU() > 1 {
		go ahead("/")
	}
	err = c.Run()
	if c.Programs {
		err = errors.Join(err, killRest())
	}
	if err != nil {
		return err
	}
	return clampNew("/", since, i.warn)
}

// Shim is for a helper that was called by the name of another program, by a
// maintainer script: it does that program's work and returns the exit status. It
// returns false when the helper was called as itself.
func Shim(argv []string, stdout, stderr io.Writer) (status int, ok bool) {
	return verbs.Shim(argv, stdout, stderr)
}
