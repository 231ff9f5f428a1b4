// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/internal/heap"
	"github.com/strata-build/strata/frontend"
)

// product is how BuildKit's errors name the client.
const product = "strata"

func buildCommand(t terminal) *cobra.Command {
	o := &buildOptions{table: true}
	cmd := &cobra.Command{
		Use:   "build [flags] [PATH | URL | -]",
		Short: "Build an image",
		Long: `Build an image from the strata.yaml in PATH (the current folder by default),
in the repository or archive at URL, or in a tar archive on the standard input.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.context = "."
			if len(args) == 1 {
				o.context = args[0]
			}
			return runBuild(cmd.Context(), t, *o)
		},
	}
	o.bind(cmd.Flags(), t)
	return cmd
}

// runBuild builds, or asks the frontend a question when --call says so. What
// the user got wrong is said before anything is started.
func runBuild(ctx context.Context, t terminal, o buildOptions) (err error) {
	heap.CollectFrom(heap.Enough)
	conn, err := o.connection.resolve(t)
	if err != nil {
		return err
	}
	if o.all || strings.Contains(o.target, ",") {
		return runTargets(ctx, t, conn, o)
	}
	j, err := newJob(ctx, t, o.forTarget(o.target))
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
	res, err := j.solve(ctx, bkc)
	if err != nil {
		return err
	}
	return j.finish(ctx, bkc, res)
}

// outcome is what a build gives.
type outcome struct {
	// exporter is what the exporters say of the result.
	exporter map[string]string
	// answer is the frontend's, for a --call.
	answer map[string][]byte
}

// solve runs the frontend in this process against BuildKit.
func (j *job) solve(ctx context.Context, bkc *client.Client) (*outcome, error) {
	show, err := newProgress(j.terminal.err, j.progress)
	if err != nil {
		return nil, usageError(fmt.Errorf("--progress %s: %w", j.progress, err), "")
	}
	out, err := j.run(ctx, bkc, j.solveOpt, show.start())
	show.wait()
	return out, err
}

// run solves, and tells the status to a channel, which it closes.
func (j *job) run(ctx context.Context, bkc *client.Client, opt client.SolveOpt, status chan *client.SolveStatus) (*outcome, error) {
	out := &outcome{}
	var fault error
	build := func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		if err := j.supported(c.BuildOpts().LLBCaps); err != nil {
			return nil, err
		}
		res, err := frontend.Options{Built: j.reporting.tell}.Build(ctx, j.reporting.listen(c))
		if err != nil {
			fault = err
			return nil, err
		}
		if j.call.Request != "" {
			out.answer = res.Metadata
			return gateway.NewResult(), nil
		}
		return res, nil
	}
	status, noted := j.reporting.watch(status)
	resp, err := bkc.Build(ctx, opt, product, build, status)
	<-noted
	if err != nil {
		return nil, j.roomless(j.logins.pushed(cause(err, fault)))
	}
	out.exporter = resp.ExporterResponse
	return out, nil
}

// supported refuses what an old daemon would leave out without a word.
func (j *job) supported(caps apicaps.CapSet) error {
	if len(j.solveOpt.Exports) < 2 {
		return nil
	}
	if err := caps.Supports(pb.CapMultipleExporters); err != nil {
		return fmt.Errorf("this BuildKit daemon writes one output at a time: upgrade it to 0.13 or later, or give one --output: %w", err)
	}
	return nil
}

// cause prefers the frontend's own error when it points at the build file: on
// its way through the daemon it has lost its type.
func cause(err, fault error) error {
	if len(faults(fault)) > 0 {
		return fault
	}
	return err
}
