// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"github.com/strata-build/strata/cmd/internal/heap"
	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
)

// product is how BuildKit's errors name the client.
const product = "strata"

// Build builds, and puts the outputs in their places; or, when o.Report.Call is a
// question, prints the frontend's answer. Several targets are built together.
func Build(ctx context.Context, t cli.Terminal, o Options) (err error) {
	heap.CollectFrom(heap.Enough)
	if o.Connect, err = o.Connect.Resolve(t.Env); err != nil {
		return err
	}
	if o.Input.All || strings.Contains(o.Input.Target, ",") {
		return buildTargets(ctx, t, o)
	}
	j, err := newJob(ctx, t, o.forTarget(o.Input.Target))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()

	bkc, err := o.Connect.Dial(ctx)
	if err != nil {
		return err
	}
	defer bkc.Close()
	if err := j.addGateway(ctx, bkc); err != nil {
		return err
	}
	j.warn()
	out, err := j.solve(ctx, bkc)
	if err != nil {
		return err
	}
	return j.finish(ctx, bkc, out)
}

// Ask asks the frontend the question o.Report.Call, with attributes of its own,
// and returns the answer as text.
func Ask(ctx context.Context, t cli.Terminal, o Options, attrs map[string]string) (text []byte, err error) {
	if o.Connect, err = o.Connect.Resolve(t.Env); err != nil {
		return nil, err
	}
	j, err := newJob(ctx, t, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	maps.Copy(j.solveOpt.FrontendAttrs, attrs)
	bkc, err := o.Connect.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer bkc.Close()
	j.warn()
	out, err := j.solve(ctx, bkc)
	if err != nil {
		return nil, err
	}
	return out.answer[answerText], nil
}

// outcome is the result of a build.
type outcome struct {
	// exporter is what the exporters report.
	exporter map[string]string
	// answer is the frontend's, to a question.
	answer map[string][]byte
}

// solve runs the frontend in this process against BuildKit, and shows the
// progress.
func (j *job) solve(ctx context.Context, bkc *client.Client) (*outcome, error) {
	p, err := j.newProgress()
	if err != nil {
		return nil, err
	}
	out, err := j.run(ctx, bkc, j.solveOpt, p.start())
	p.wait(err)
	return out, err
}

// run solves, and sends the status to a channel, which it closes.
func (j *job) run(ctx context.Context, bkc *client.Client, opt client.SolveOpt, status chan *client.SolveStatus) (*outcome, error) {
	out := &outcome{}
	var fault error
	build := func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		if err := j.supported(c.BuildOpts().LLBCaps); err != nil {
			return nil, err
		}
		res, err := frontend.Options{Built: j.recorder.addPlan}.Build(ctx, j.recorder.listen(c))
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
	status, recorded := j.recorder.watch(status)
	resp, err := bkc.Build(ctx, opt, product, build, status)
	<-recorded
	if err != nil {
		return nil, j.failure(err, fault)
	}
	out.exporter = resp.ExporterResponse
	return out, nil
}

// supported refuses what an old daemon would silently leave out.
func (j *job) supported(caps apicaps.CapSet) error {
	if len(j.solveOpt.Exports) < 2 {
		return nil
	}
	if err := caps.Supports(pb.CapMultipleExporters); err != nil {
		return fmt.Errorf("this BuildKit daemon writes one output at a time: upgrade it to 0.13 or later, or give one --output: %w", err)
	}
	return nil
}

// failure is the error of a build, from the one that the daemon returned and the
// frontend's own.
func (j *job) failure(err, fault error) error {
	return j.connect.Explain(j.diskFailure(j.logins.pushFailure(cause(err, fault))))
}

// cause prefers the frontend's own error when it points at the build file: on
// its way through the daemon it has lost its type.
func cause(err, fault error) error {
	if cli.IsFault(fault) {
		return fault
	}
	return err
}

// diskFailure finds a full disk behind the error of a build: that of an output,
// where it can be seen even if the connection broke that the error would have come
// by, or the daemon's.
func (j *job) diskFailure(err error) error {
	if cli.IsFault(err) {
		return err
	}
	if dir, full := j.stage.Full(); full {
		return fmt.Errorf("failed to solve: %w", &cli.FullDisk{Dir: dir, Err: err})
	}
	return cli.ReadFullDisk(err)
}
