// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// RequestTest runs the tests of the build file. The report is in the result's
// "result.txt"; if a test fails it is the error.
const RequestTest = "frontend.strata.test"

// testAnswer runs the tests as the answer to a question.
func (r *request) testAnswer(ctx context.Context, s *spec.Spec) (*client.Result, error) {
	var results []TestResult
	if err := r.test(ctx, s, func(one TestResult) { results = append(results, one) }); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	failed, err := WriteTests(&text, results)
	if err != nil {
		return nil, err
	}
	if failed > 0 {
		return nil, failure(results, text.String())
	}
	res := client.NewResult()
	res.AddMeta("version", []byte(explainVersion))
	res.AddMeta("result.txt", text.Bytes())
	return res, nil
}

// failure is the report as an error, at the first test that failed. Each line is an
// error of its own, so that the breaks between them are kept.
func failure(results []TestResult, report string) error {
	var lines []error
	for line := range strings.Lines(report) {
		lines = append(lines, errors.New(strings.TrimSuffix(line, "\n")))
	}
	i := slices.IndexFunc(results, func(r TestResult) bool { return len(r.Faults) > 0 })
	return &plan.Fault{Range: results[i].Range, Err: errors.Join(lines...)}
}

// WriteTests writes the result of each test, and returns how many failed.
func WriteTests(w io.Writer, results []TestResult) (failed int, err error) {
	for i := range results {
		if writeTest(w, &results[i]) {
			failed++
		}
	}
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
	return failed, err
}

// writeTest writes the result of a test, and reports whether it failed.
func writeTest(w io.Writer, r *TestResult) bool {
	if len(r.Faults) == 0 {
		fmt.Fprintf(w, "ok    %s\n", printable.Line(r.Name))
		return false
	}
	fmt.Fprintf(w, "FAIL  %s (line %d)\n", printable.Line(r.Name), r.Range.Start.Line)
	for _, f := range r.Faults {
		fmt.Fprintf(w, "      %s\n", printable.Line(f))
	}
	writeStream(w, "standard output", r.Stdout)
	writeStream(w, "standard error", r.Stderr)
	writeLast(w, "output of the image's program", r.Service)
	return true
}

// mostLines are how many lines of a stream a report has.
const mostLines = 20

// writeLast writes the last lines of what a program printed: they say why it ended.
func writeLast(w io.Writer, what, text string) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if skipped := len(lines) - mostLines; skipped > 0 {
		what, text = what+", the end of it", strings.Join(lines[skipped:], "\n")
	}
	writeStream(w, what, text)
}

// writeStream writes the first lines of what a command printed.
func writeStream(w io.Writer, what, text string) {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return
	}
	fmt.Fprintf(w, "      %s:\n", what)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i == mostLines {
			fmt.Fprintf(w, "        … and %s\n", spell.Count(len(lines)-mostLines, "more line"))
			return
		}
		fmt.Fprintf(w, "        %s\n", printable.Line(strings.TrimSuffix(line, "\r")))
	}
}
