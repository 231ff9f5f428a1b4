// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
)

func testCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "build"}}
	cmd := &cobra.Command{
		Use:   "test [flags] [PATH | URL | -]",
		Short: "Build an image and run the tests of its build file in it",
		Long: `Build an image and run the tests of its build file in it, each in a container of
its own, with the image's environment, user and working directory. The exit
status is 1 when one fails.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			results, err := job.Test(cmd.Context(), t, *o)
			if err != nil {
				return err
			}
			return printTests(t.Text(), results)
		},
	}
	flags := cmd.Flags()
	o.Input.Bind(flags, t)
	o.Cache.Bind(flags)
	o.Step.Bind(flags)
	o.Report.BindProgress(flags)
	o.Connect.Bind(flags)
	return cmd
}

// printTests prints the result of each test, and returns the status if one failed.
func printTests(w io.Writer, results []frontend.TestResult) error {
	failed := 0
	for _, r := range results {
		if len(r.Faults) == 0 {
			fmt.Fprintf(w, "ok    %s\n", printable.Line(r.Name))
			continue
		}
		failed++
		fmt.Fprintf(w, "FAIL  %s (line %d)\n", printable.Line(r.Name), r.Range.Start.Line)
		for _, f := range r.Faults {
			fmt.Fprintf(w, "      %s\n", printable.Line(f))
		}
		printStream(w, "standard output", r.Stdout)
		printStream(w, "standard error", r.Stderr)
	}
	var err error
	switch {
	case len(results) == 0:
		_, err = fmt.Fprintln(w, "The build file has no tests.")
	case failed > 0:
		_, err = fmt.Fprintf(w, "%d of %s failed.\n", failed, spell.Count(len(results), "test"))
	case len(results) == 1:
		_, err = fmt.Fprintln(w, "The test passed.")
	default:
		_, err = fmt.Fprintf(w, "All %d tests passed.\n", len(results))
	}
	if err == nil && failed > 0 {
		err = cli.Status(cli.StatusFailed)
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
			fmt.Fprintf(w, "        … and %s\n", spell.Count(len(lines)-most, "more line"))
			return
		}
		fmt.Fprintf(w, "        %s\n", strings.TrimSuffix(line, "\r"))
	}
}
