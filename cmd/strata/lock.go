// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/strategy"
)

// lockOptions are the flags and arguments of "strata lock".
type lockOptions struct {
	build  job.Options
	check  bool
	update bool
	names  []string
	sbom   bool
	output string
	// outdated lists what is newer, as JSON if json says so.
	outdated, json bool
}

func lockCommand(t cli.Terminal) *cobra.Command {
	o := &lockOptions{build: job.Options{Report: job.Report{Call: "strata.lock"}}}
	cmd := &cobra.Command{
		Use:   "lock [flags] [PATH | URL] [--update [NAME...]]",
		Short: "Write down what everything from outside is today",
		Long: `Resolve the images, urls, git references, packages and store paths of all
targets, and write strata.lock beside the build file. What the lock has and the
build file still asks for stays as it is; --update looks these names up again, or
all images, urls, git references, packages or closures, or everything.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.arguments(args); err != nil {
				return cli.Usage(err, "see \"strata lock --help\"")
			}
			return runLock(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.update, "update", false, "look up again: what is named (a package, an image, a url, a git address, a store path, or images, urls, git, packages, closures), or everything")
	flags.BoolVar(&o.check, "check", false, "exit with status 3 if the lock is not what the build file asks for, or something moved since; write nothing")
	flags.BoolVar(&o.outdated, "outdated", false, "list what is newer: tags of images and git repositories that are versions, packages, commits, and what moved; write nothing")
	flags.BoolVar(&o.json, "json", false, "list what --outdated finds as JSON")
	flags.BoolVar(&o.sbom, "sbom", false, "print what the lock has as an SPDX document; resolve and write nothing")
	flags.StringVarP(&o.output, "output", "o", "", "`FILE` to write (default the build file's name with .lock; - is the standard output)")
	o.build.Cache.Bind(flags)
	o.build.BindQuestion(flags, t)
	return cmd
}

// arguments separates names of packages from the context, which is a directory or
// an address.
func (o *lockOptions) arguments(args []string) error {
	o.build.Input.SetContext(nil)
	if len(args) > 0 && o.isContext(args[0]) {
		o.build.Input.Context, args = args[0], args[1:]
	}
	o.names = args
	switch {
	case o.check && o.update:
		return errors.New("--check and --update do not go together")
	case o.outdated && (o.check || o.update || o.sbom):
		return errors.New("--outdated does not go together with --check, --update and --sbom")
	case o.sbom && (o.check || o.update):
		return errors.New("--sbom does not go together with --check and --update")
	case o.json && !o.outdated:
		return errors.New("--json goes with --outdated")
	case len(args) > 0 && !o.update:
		return fmt.Errorf("the context %s is neither a directory nor an address; packages are named after --update", printable.Address(args[0]))
	}
	return nil
}

// isContext reports whether a word is the context and not the name of something to
// update. The lock of a context that is an address goes where --output says.
func (o *lockOptions) isContext(word string) bool {
	if o.update && (slices.Contains(strategy.Kinds(), word) || isAddress(word) && o.output == "") {
		return false
	}
	fi, err := os.Stat(word)
	return err == nil && fi.IsDir() || isAddress(word)
}

func isAddress(context string) bool {
	return strings.Contains(context, "://") || strings.HasPrefix(context, "git@")
}

// place is the file that the lock is written to.
func (o *lockOptions) place() (string, error) {
	if o.output != "" {
		return o.output, nil
	}
	in := o.build.Input
	if isAddress(in.Context) || in.File == "-" || plainfile.IsHanded(in.File) {
		return "", errors.New("the build file is not in a directory of this machine: say with --output where the lock goes")
	}
	return frontend.LockName(in.Path()), nil
}

// runLock asks the frontend for the lock and writes it.
func runLock(ctx context.Context, t cli.Terminal, o lockOptions) error {
	place, err := o.place()
	if err != nil {
		return cli.Usage(err, "")
	}
	if o.sbom {
		return printSBOM(t, o.build.Input, place)
	}
	if o.outdated {
		return printOutdated(ctx, t, o, place)
	}
	text, err := job.Ask(ctx, t, o.build, o.attrs())
	if o.check && errors.Is(err, strategy.ErrStaleLock) {
		return cli.Differs(err)
	}
	if err != nil {
		return err
	}
	if o.check {
		return moved(t.Text(), place, text)
	}
	return writeLock(t.Exact(), place, text)
}

// moved prints what the lock doesn't have as it is now, if there is anything.
func moved(w io.Writer, place string, changes []byte) error {
	if len(changes) == 0 {
		return nil
	}
	if _, err := w.Write(changes); err != nil {
		return err
	}
	return cli.Differs(fmt.Errorf("%s is not what is there today: take that with \"strata lock --update\"", filepath.Base(place)))
}

// attrs are the frontend's attributes for the question.
func (o *lockOptions) attrs() map[string]string {
	attrs := map[string]string{}
	switch {
	case o.check:
		attrs[frontend.OptCheck] = "true"
	case o.update && len(o.names) == 0:
		attrs[frontend.OptUpdate] = "*"
	case o.update:
		var line strings.Builder
		w := csv.NewWriter(&line)
		_ = w.Write(o.names) // a strings.Builder takes everything
		w.Flush()
		attrs[frontend.OptUpdate] = strings.TrimSuffix(line.String(), "\n")
	}
	return attrs
}

// writeLock replaces the lock atomically, and does not touch one that is the same
// already.
func writeLock(stdout io.Writer, place string, data []byte) error {
	if place == "-" {
		_, err := stdout.Write(data)
		return err
	}
	if old, err := plainfile.Read(place, lock.MaxSize); err == nil && string(old) == string(data) {
		return nil
	}
	var s atomicfile.Stage
	file, err := s.File(place)
	if err != nil {
		return err
	}
	if err := file.Write(data); err != nil {
		return errors.Join(err, s.Discard())
	}
	return s.Commit()
}
