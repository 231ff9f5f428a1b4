// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/frontend"
)

func testCommand(t terminal) *cobra.Command {
	o := &buildOptions{call: "build"}
	cmd := &cobra.Command{
		Use:   "test [flags] [PATH | URL | -]",
		Short: "Build an image and run the tests of its build file in it",
		Long: `Build an image and run the tests of its build file in it, each in a container of
its own, with the image's environment, user and working directory. The exit
status is 1 when one fails.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.context = "."
			if len(args) == 1 {
				o.context = args[0]
			}
			return runTests(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	o.bindInput(flags, t)
	o.bindCache(flags)
	o.bindStep(flags)
	flags.StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, tty, plain, quiet or rawjson")
	o.connection.bind(flags)
	return cmd
}

func runTests(ctx context.Context, t terminal, o buildOptions) (err error) {
	o.outputs = []string{"type=cacheonly"}
	conn, err := o.connection.resolve(t)
	if err != nil {
		return err
	}
	j, err := newJob(ctx, t, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	bkc, err := conn.dial(ctx)
	if err != nil {
		return err
	}
	defer bkc.Close()
	if err := j.ask(ctx, bkc); err != nil {
		return err
	}
	j.warn(t)
	results, err := j.test(ctx, bkc)
	if err != nil {
		return err
	}
	return printTests(t.out, results)
}

// test runs the tests on a daemon.
func (j *job) test(ctx context.Context, bkc *client.Client) ([]frontend.TestResult, error) {
	show, err := newProgress(j.terminal.err, j.progress)
	if err != nil {
		return nil, usageError(fmt.Errorf("--progress %s: %w", j.progress, err), "")
	}
	var results []frontend.TestResult
	var fault error
	run := func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		fault = frontend.Test(ctx, c, func(r frontend.TestResult) { results = append(results, r) })
		if fault != nil {
			return nil, fault
		}
		return gateway.NewResult(), nil
	}
	_, err = bkc.Build(ctx, j.solveOpt, product, run, show.start())
	show.wait()
	if err != nil {
		return nil, cause(err, fault)
	}
	return results, nil
}

// printTests says what came of each test. That one failed is the status.
func printTests(w io.Writer, results []frontend.TestResult) error {
	failed := 0
	for _, r := range results {
		if len(r.Faults) == 0 {
			fmt.Fprintf(w, "ok    %s\n", r.Name)
			continue
		}
		failed++
		fmt.Fprintf(w, "FAIL  %s (line %d)\n", r.Name, r.Range.Start.Line)
		for _, f := range r.Faults {
			fmt.Fprintf(w, "      %s\n", f)
		}
		printStream(w, "standard output", r.Stdout)
		printStream(w, "standard error", r.Stderr)
	}
	var err error
	switch {
	case len(results) == 0:
		_, err = fmt.Fprintln(w, "The build file has no tests.")
	case failed > 0:
		_, err = fmt.Fprintf(w, "%d of %d tests failed.\n", failed, len(results))
	default:
		_, err = fmt.Fprintf(w, "All %d tests passed.\n", len(results))
	}
	if err == nil && failed > 0 {
		err = &findings{status: exitFailed}
	}
	return err
}

// printStream shows the first lines of what a command printed.
func printStream(w io.Writer, what, text string) {
	const most = 20
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return
	}
	fmt.Fprintf(w, "      %s:\n", what)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i == most {
			fmt.Fprintf(w, "        … and %d more lines\n", len(lines)-most)
			return
		}
		fmt.Fprintf(w, "        %s\n", strings.TrimSuffix(line, "\r"))
	}
}
