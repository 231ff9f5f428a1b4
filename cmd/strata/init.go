// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/starter"
)

// initOptions are the flags and the argument of "strata init".
type initOptions struct {
	dir    string // the build context
	file   string // what to convert, or empty
	output string // where the build file goes, or empty, or - for the standard output
	force  bool
	// template is the name of the kind of project, or empty for what is found.
	template string
	// faithful converts a Dockerfile one to one.
	faithful bool
	// check builds the Dockerfile and what it became, and compares them.
	check bool
	build job.Options
}

func initCommand(t cli.Terminal) *cobra.Command {
	o := initOptions{build: job.Options{Report: job.Report{Call: "build"}}}
	cmd := &cobra.Command{
		Use:   "init [flags] [PATH]",
		Short: "Write a first build file",
		Long: `Write a first build file for the directory PATH, the current one if left out.

What was seen there, what was decided, and why goes to the standard error.

With --check, the Dockerfile and what it became are both built, and what differs is
shown with the reason why it may. The exit status is 3 when something has none.`,
		Example: `  strata init
  strata init -f docker/app.Dockerfile -o deploy/strata.yaml
  strata init -f image/nginx.yaml
  strata init --faithful
  strata init --check
  strata init -o -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.build.Input.SetContext(args)
			o.dir = o.build.Input.Context
			return runInit(cmd.Context(), t, o)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "the `FILE` to start from: a Dockerfile, the definition of a Docker hardened image, or an apko file (default: the Dockerfile in PATH)")
	cmd.Flags().StringVar(&o.template, "template", "", "the `NAME` of the kind of project, where several fit: "+strings.Join(templateNames(), ", "))
	cmd.MarkFlagsMutuallyExclusive("file", "template")
	cmd.Flags().BoolVar(&o.faithful, "faithful", false, "convert a Dockerfile one to one, without what a build file does better")
	cmd.MarkFlagsMutuallyExclusive("faithful", "template")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write the build file to `FILE`, or to the standard output with - (default PATH/strata.yaml)")
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite a build file that is there")
	o.bindCheck(cmd.Flags(), t)
	return cmd
}

func runInit(ctx context.Context, t cli.Terminal, o initOptions) error {
	if o.output == "" {
		o.output = filepath.Join(o.dir, frontend.DefaultFile)
	}
	if err := o.checkable(); err != nil {
		return err
	}
	if err := o.checkDir(); err != nil {
		return err
	}
	if err := o.checkOutput(); err != nil {
		return err
	}
	made, err := o.draft()
	if err != nil {
		return err
	}
	d := made.Draft
	messages := t.Messages()
	for _, note := range d.Notes {
		fmt.Fprintln(messages, printable.Line(note))
	}
	if o.output == "-" {
		_, err := t.Text().Write(d.BuildFile)
		return err
	}
	if err := writeOutput(o.output, d.BuildFile); err != nil {
		return fmt.Errorf("write %s: %w", o.output, err)
	}
	fmt.Fprintf(messages, "wrote %s\n", o.output)
	if o.check {
		return o.compare(ctx, t, made)
	}
	return nil
}

func (o initOptions) checkDir() error {
	fi, err := os.Stat(o.dir)
	if err != nil {
		return cli.Usage(fmt.Errorf("look at directory: %w", err), "")
	}
	if !fi.IsDir() {
		return cli.Usage(fmt.Errorf("%s is not a directory", o.dir), "a file to start from is for --file")
	}
	return nil
}

// checkOutput refuses to replace a file that nobody said may be replaced.
func (o initOptions) checkOutput() error {
	if o.output == "-" || o.force {
		return nil
	}
	_, err := os.Lstat(o.output)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return cli.Usage(fmt.Errorf("look at output: %w", err), "")
	}
	return cli.Usage(fmt.Errorf("%s is there already", o.output), "--force overwrites it, --output writes another file")
}

// draft looks at the file to start from, or at the directory, and picks who writes.
func (o initOptions) draft() (converted, error) {
	switch {
	case o.template != "":
		t, ok := starter.Named(o.template)
		if !ok {
			return converted{}, cli.Usage(fmt.Errorf("--template: there is no %q", o.template), "there are "+strings.Join(templateNames(), ", "))
		}
		d, err := o.fromTemplate(t)
		return converted{Draft: d}, err
	case o.file != "":
		return o.fromFile(o.file)
	}
	for _, name := range dockerfileNames() {
		path := filepath.Join(o.dir, name)
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			return o.fromDockerfile(path)
		}
	}
	if o.check {
		return converted{}, cli.Usage(fmt.Errorf("--check compares with a Dockerfile, and there is none in %s", o.dir), "--file names one")
	}
	d, err := o.fromDirectory()
	return converted{Draft: d}, err
}

// fromDirectory is a build file for the kind of project that a directory shows.
func (o initOptions) fromDirectory() (starter.Draft, error) {
	root, err := os.OpenRoot(o.dir)
	if err != nil {
		return starter.Draft{}, cli.Usage(fmt.Errorf("look at directory: %w", err), "")
	}
	defer root.Close()
	found, err := starter.Find(root.FS())
	if err != nil {
		return starter.Draft{}, err
	}
	if len(found) == 0 {
		return starter.Draft{}, cli.Usage(fmt.Errorf("nothing in %s to start from", o.dir), "init looks for\n"+lookedFor())
	}
	d, err := o.fromTemplate(found[0].Template)
	if len(found) > 1 {
		var others []string
		for _, f := range found[1:] {
			others = append(others, fmt.Sprintf("%s (%s)", f.Template.Name, f.Mark))
		}
		note := fmt.Sprintf("%s: template %s; others that fit: %s: choose with --template", found[0].Mark, found[0].Template.Name, strings.Join(others, ", "))
		d.Notes = append([]string{note}, d.Notes...)
	}
	return d, err
}

// lookedFor are the files that show what is in a directory.
func lookedFor() string {
	var text strings.Builder
	fmt.Fprintf(&text, "  %s", strings.Join(dockerfileNames(), ", "))
	for _, t := range starter.Templates() {
		fmt.Fprintf(&text, "\n  %s: %s", t.Name, strings.Join(t.Marks, ", "))
	}
	return text.String()
}

func templateNames() []string {
	var names []string
	for _, t := range starter.Templates() {
		names = append(names, t.Name)
	}
	return names
}

// fromTemplate is the build file of a kind of project.
func (o initOptions) fromTemplate(t starter.Template) (starter.Draft, error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return starter.Draft{}, fmt.Errorf("look at directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return starter.Draft{}, cli.Usage(fmt.Errorf("look at directory: %w", err), "")
	}
	defer root.Close()
	d, err := t.Write(root.FS(), filepath.Base(dir))
	if err != nil {
		return starter.Draft{}, cli.Usage(fmt.Errorf("template %s: %w", t.Name, err), "")
	}
	return d, nil
}

// dockerfileNames are the names that a Dockerfile has by itself.
func dockerfileNames() []string { return []string{"Dockerfile", "dockerfile", "Containerfile"} }

// writeOutput writes a file at once.
func writeOutput(path string, data []byte) (err error) {
	var stage atomicfile.Stage
	defer func() { err = errors.Join(err, stage.Discard()) }()
	file, err := stage.File(path)
	if err != nil {
		return err
	}
	if err := file.Write(data); err != nil {
		return err
	}
	return stage.Commit()
}
