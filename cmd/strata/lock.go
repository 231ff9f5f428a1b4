// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/llb/strategy"
)

// lockOptions are the words of "strata lock".
type lockOptions struct {
	buildOptions
	check  bool
	update bool
	names  []string
	sbom   bool
	output string
}

func lockCommand(t terminal) *cobra.Command {
	o := &lockOptions{}
	cmd := &cobra.Command{
		Use:   "lock [flags] [PATH | URL] [--update [NAME...]]",
		Short: "Write down what packages and store paths resolve to",
		Long: `Resolve the packages and store paths of all targets, and write strata.lock
beside the build file. What the lock has and the build file still asks for stays
as it is; --update resolves these names anew, or everything.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.arguments(args); err != nil {
				return usageError(err, "see \"strata lock --help\"")
			}
			return runLock(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.update, "update", false, "resolve anew: the packages named, or all of them")
	flags.BoolVar(&o.check, "check", false, "exit with status 3 if the lock is not what the build file asks for; write nothing")
	flags.BoolVar(&o.sbom, "sbom", false, "print what the lock has as an SPDX document; resolve and write nothing")
	flags.StringVarP(&o.output, "output", "o", "", "`FILE` to write (default the build file's name with .lock; - is the standard output)")
	o.bindInput(flags, t)
	o.bindCache(flags)
	flags.StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, tty, plain, quiet or rawjson")
	o.connection.bind(flags)
	return cmd
}

// arguments tells names of packages from the context: a context is a folder or
// an address.
func (o *lockOptions) arguments(args []string) error {
	o.context = "."
	if len(args) > 0 && isContext(args[0]) {
		o.context, args = args[0], args[1:]
	}
	o.names = args
	switch {
	case o.check && o.update:
		return errors.New("--check and --update do not go together")
	case len(args) > 0 && !o.update:
		return fmt.Errorf("the context %s is neither a folder nor an address; packages are named after --update", args[0])
	}
	return nil
}

func isContext(word string) bool {
	fi, err := os.Stat(word)
	return err == nil && fi.IsDir() || strings.Contains(word, "://") || strings.HasPrefix(word, "git@")
}

// place is the file that the lock is written to.
func (o *lockOptions) place() (string, error) {
	if o.output != "" {
		return o.output, nil
	}
	if strings.Contains(o.context, "://") || strings.HasPrefix(o.context, "git@") || o.file == "-" {
		return "", errors.New("the build file is not in a folder of this machine: say with --output where the lock goes")
	}
	file := o.file
	if file == "" {
		file = filepath.Join(o.context, frontend.DefaultFile)
	}
	return frontend.LockName(file), nil
}

// runLock asks the frontend for the lock and writes it.
func runLock(ctx context.Context, t terminal, o lockOptions) (err error) {
	place, err := o.place()
	if err != nil {
		return usageError(err, "")
	}
	if o.sbom {
		return printSBOM(t, o, place)
	}
	o.call = "strata.lock"
	conn, err := o.connection.resolve(t)
	if err != nil {
		return err
	}
	j, err := newJob(ctx, t, o.buildOptions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	o.ask(j.solveOpt.FrontendAttrs)
	bkc, err := conn.dial(ctx)
	if err != nil {
		return err
	}
	defer bkc.Close()
	j.warn(t)
	res, err := j.solve(ctx, bkc)
	if err != nil {
		return stale(err, o.check)
	}
	if o.check {
		return nil
	}
	return writeLock(t.out, place, res.answer[answerText])
}

// ask adds what is asked of the lock.
func (o *lockOptions) ask(attrs map[string]string) {
	switch {
	case o.check:
		attrs[frontend.OptCheck] = "true"
	case o.update && len(o.names) == 0:
		attrs[frontend.OptUpdate] = "*"
	case o.update:
		attrs[frontend.OptUpdate] = strings.Join(o.names, ",")
	}
}

// stale gives the error of a check its own exit status.
func stale(err error, check bool) error {
	if check && errors.Is(err, strategy.ErrStaleLock) {
		return &differs{err}
	}
	return err
}

// writeLock puts the lock in its place at once, or leaves the file alone that has
// it already.
func writeLock(stdout io.Writer, place string, data []byte) error {
	if place == "-" {
		_, err := stdout.Write(data)
		return err
	}
	if old, err := os.ReadFile(place); err == nil && string(old) == string(data) {
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
