// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/cmd/internal/heap"
	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
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
	nodes := o.Connect.Nodes(ctx)
	defer func() { err = errors.Join(err, nodes.Close()) }()
	if o.Input.All || strings.Contains(o.Input.Target, ",") {
		return buildTargets(ctx, t, nodes, o)
	}
	if err := o.declare(ctx, &t, nodes); err != nil {
		return err
	}
	j, err := newJob(ctx, t, o.forTarget(o.Input.Target))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	if err := j.open(ctx, nodes); err != nil {
		return err
	}
	j.warn()
	out, err := j.solve(ctx)
	if err != nil {
		return err
	}
	return j.finish(ctx, out)
}

// Ask asks the frontend the question o.Report.Call, with attributes of its own,
// and returns the answer as text.
func Ask(ctx context.Context, t cli.Terminal, o Options, attrs map[string]string) (text []byte, err error) {
	if o.Connect, err = o.Connect.Resolve(t.Env); err != nil {
		return nil, err
	}
	nodes := o.Connect.Nodes(ctx)
	defer func() { err = errors.Join(err, nodes.Close()) }()
	answer, err := ask(ctx, t, nodes, o, attrs)
	return answer[answerText], err
}

// ask asks on nodes that may be connected to already.
func ask(ctx context.Context, t cli.Terminal, nodes *connect.Nodes, o Options, attrs map[string]string) (answer map[string][]byte, err error) {
	j, err := newJob(ctx, t, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	maps.Copy(j.solveOpt.FrontendAttrs, attrs)
	if err := j.open(ctx, nodes); err != nil {
		return nil, err
	}
	j.warn()
	out, err := j.solve(ctx)
	if err != nil {
		return nil, err
	}
	return out.answer, nil
}

// outcome is the result of a build.
type outcome struct {
	// exporter is what the exporters report.
	exporter map[string]string
	// answer is the frontend's, to a question.
	answer map[string][]byte
	// parts are what the exporters of each node report.
	parts []map[string]string
}

// solve runs the frontend in this process against BuildKit, and shows the
// progress.
func (j *job) solve(ctx context.Context) (*outcome, error) {
	p, err := j.newProgress()
	if err != nil {
		return nil, err
	}
	out, err := j.run(ctx, asItIs, p.start())
	p.wait(err)
	return out, err
}

// asItIs is the only round of a build.
func asItIs(opt client.SolveOpt) client.SolveOpt { return opt }

// run solves on every node, and sends the status to a channel, which it closes.
func (j *job) run(ctx context.Context, round func(client.SolveOpt) client.SolveOpt, shown chan *client.SolveStatus) (*outcome, error) {
	shown, recorded := j.recorder.watch(shown)
	outs := make([]*outcome, len(j.parts))
	each, forwarded := share(shown, len(j.parts))
	group, running := errgroup.WithContext(ctx)
	for i, p := range j.parts {
		group.Go(func() (err error) {
			outs[i], err = j.runPart(running, p.node.Client, round(p.opt), each[i])
			return err
		})
	}
	err := group.Wait()
	forwarded()
	<-recorded
	if err != nil {
		return nil, err
	}
	out := outs[0]
	for _, part := range outs {
		out.parts = append(out.parts, maps.Clone(part.exporter))
	}
	return out, nil
}

// share gives each of several builds a channel for its status, all of which go to one.
// That is closed when forwarded is called, which waits for them.
func share(shown chan *client.SolveStatus, builds int) (each []chan *client.SolveStatus, forwarded func()) {
	var forwarding sync.WaitGroup
	for range builds {
		status := make(chan *client.SolveStatus)
		each = append(each, status)
		forwarding.Go(func() {
			for s := range status {
				shown <- s
			}
		})
	}
	return each, func() {
		forwarding.Wait()
		close(shown)
	}
}

// runPart solves on one node, and closes the channel of its status.
func (j *job) runPart(ctx context.Context, bkc *client.Client, opt client.SolveOpt, status chan *client.SolveStatus) (out *outcome, err error) {
	own, err := openSession(ctx, bkc, &opt)
	if err != nil {
		close(status)
		return nil, err
	}
	defer func() { err = errors.Join(err, own.close()) }()
	out = &outcome{}
	var fault error
	build := func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		if err := supported(len(opt.Exports), c.BuildOpts().LLBCaps); err != nil {
			return nil, err
		}
		res, err := j.frontend(ctx, c)
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
	resp, err := bkc.Build(ctx, opt, product, build, status)
	if err != nil {
		return nil, j.failure(err, fault)
	}
	out.exporter = resp.ExporterResponse
	return out, own.finish(out.exporter)
}

// frontend runs the frontend through a client of the gateway.
func (j *job) frontend(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
	return frontend.Options{Built: j.recorder.addPlan}.Build(ctx, j.recorder.listen(c))
}

// supported refuses what an old daemon would silently leave out.
func supported(exports int, caps apicaps.CapSet) error {
	if exports < 2 {
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
// its way through the daemon it has lost its type. That the daemon is gone is no fault of
// the build file.
func cause(err, fault error) error {
	if cli.IsFault(fault) && !connect.Lost(err) {
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
