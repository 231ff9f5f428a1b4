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

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/reason"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/diff"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
)

// bindCheck adds --check and the flags of its builds.
func (o *initOptions) bindCheck(flags *pflag.FlagSet, t cli.Terminal) {
	flags.BoolVar(&o.check, "check", false, "build the Dockerfile and what it became, and show how the images differ and why they may; the other flags are for these builds")
	o.build.Input.BindGiven(flags)
	o.build.Step.Bind(flags)
	o.build.Report.BindProgress(flags, t)
	o.build.Connect.Bind(flags)
}

// checkable refuses what can't be compared before anything is written.
func (o initOptions) checkable() error {
	switch {
	case !o.check:
		return nil
	case o.template != "":
		return cli.Usage(errors.New("--check compares with a Dockerfile, and --template uses none"), "leave one of them out")
	case o.output == "-":
		return cli.Usage(errors.New("--check builds the build file, which the standard output isn't"), "write it to a file by --output")
	}
	return nil
}

// compare builds the Dockerfile and the build file, and shows what differs.
func (o initOptions) compare(ctx context.Context, t cli.Terminal, c converted) (err error) {
	dir, err := os.MkdirTemp("", "strata-init-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	before, err := o.asItIs(dir, c.file)
	if err != nil {
		return err
	}
	var names []image.Name
	for i, file := range []string{before, o.output} {
		fmt.Fprintf(t.Messages(), "building %s\n", printable.Line([]string{c.file, o.output}[i]))
		b := o.build
		path := filepath.Join(dir, fmt.Sprint("image", i))
		b.Report = b.Report.WithoutDigest()
		b.Input.File, b.Output.Outputs = file, []string{"type=oci,tar=false,dest=" + path}
		if err := job.Build(ctx, t, b); err != nil {
			return err
		}
		names = append(names, image.Name{Transport: image.Layout, Path: path})
	}
	r, err := images.Compare(ctx, names[0], names[1], image.Options{}, diff.Options{Ignore: []string{"time"}})
	if err != nil {
		return err
	}
	reason.Drop(r)
	return printReasons(t.Text(), r, reason.Of(r, c.made))
}

// inContext is a Dockerfile's path in the build context, as a build file names it.
func (o initOptions) inContext(file string) (string, error) {
	context, err := filepath.Abs(o.dir)
	if err != nil {
		return "", fmt.Errorf("look at directory: %w", err)
	}
	full, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("look at file: %w", err)
	}
	rel, err := filepath.Rel(context, full)
	if err != nil || !filepath.IsLocal(rel) || strings.Contains(rel, "#") {
		return "", cli.Usage(fmt.Errorf("--check: %s can't be built as a Dockerfile of the context %s", file, o.dir), "give a directory that has it as PATH")
	}
	return filepath.ToSlash(rel), nil
}

// asItIs writes a build file whose image is the Dockerfile's own, made by the Dockerfile
// frontend.
func (o initOptions) asItIs(dir, file string) (string, error) {
	path, err := o.inContext(file)
	if err != nil {
		return "", err
	}
	f := draft.File{Main: draft.Target{From: "dockerfile:" + strings.ReplaceAll(path, "$", "$$")}}
	text, err := f.Bytes()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "Dockerfile.strata.yaml")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return "", fmt.Errorf("write a build file: %w", err)
	}
	return name, nil
}

// printReasons prints how two images differ and why they may. What has no reason is a
// status.
func printReasons(w io.Writer, r *diff.Result, all []reason.Reason) error {
	if err := r.Print(w); err != nil {
		return err
	}
	var err error
	if len(all) > 0 {
		fmt.Fprintln(w, "why it may (- is the Dockerfile, + the build file; layers, history and times always differ)")
	}
	for _, one := range all {
		text := one.Text
		if text == "" {
			text, err = "no reason is known, so look at it", cli.Status(cli.StatusDiffers)
		}
		const shown = 5
		what := strings.Join(one.What[:min(len(one.What), shown)], ", ")
		if more := len(one.What) - shown; more > 0 {
			what += " and " + spell.Count(more, "other")
		}
		fmt.Fprintf(w, "  %s: %s\n", printable.Line(text), printable.Line(what))
	}
	return err
}
