// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
)

// Test builds an image, runs the tests of its build file in it, and returns their
// results. Nothing is exported.
func Test(ctx context.Context, t cli.Terminal, o Options) (results []frontend.TestResult, err error) {
	o.Output.Outputs, o.onePlatform = []string{"type=cacheonly"}, true
	if o.Connect, err = o.Connect.Resolve(t.Env); err != nil {
		return nil, err
	}
	nodes := o.Connect.Nodes(ctx)
	defer func() { err = errors.Join(err, nodes.Close()) }()
	if err := o.declare(ctx, &t, nodes); err != nil {
		return nil, err
	}
	j, err := newJob(ctx, t, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	if err := j.open(ctx, nodes); err != nil {
		return nil, err
	}
	j.warn()
	return j.test(ctx, j.parts[0])
}

// test runs the tests on a daemon.
func (j *job) test(ctx context.Context, on part) ([]frontend.TestResult, error) {
	p, err := j.newProgress()
	if err != nil {
		return nil, err
	}
	var results []frontend.TestResult
	var fault error
	run := func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		connected, stop := whileConnected(ctx, on.node.Client)
		defer stop()
		fault = frontend.Test(connected, c, func(r frontend.TestResult) { results = append(results, r) })
		if gone := context.Cause(connected); gone != nil {
			return nil, gone
		}
		if fault != nil {
			return nil, fault
		}
		return gateway.NewResult(), nil
	}
	_, err = on.node.Client.Build(ctx, on.opt, product, run, p.start())
	if err != nil {
		err = j.failure(err, fault)
	}
	p.wait(err)
	if err != nil {
		return nil, err
	}
	return results, nil
}
