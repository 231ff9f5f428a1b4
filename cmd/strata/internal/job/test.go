// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
)

// Test builds an image, runs the tests of its build file in it, and returns their
// results. Nothing is exported.
func Test(ctx context.Context, t cli.Terminal, o Options) (results []frontend.TestResult, err error) {
	o.Output.Outputs = []string{"type=cacheonly"}
	if o.Connect, err = o.Connect.Resolve(t.Env); err != nil {
		return nil, err
	}
	j, err := newJob(ctx, t, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	bkc, err := o.Connect.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer bkc.Close()
	if err := j.addGateway(ctx, bkc); err != nil {
		return nil, err
	}
	j.warn()
	return j.test(ctx, bkc)
}

// test runs the tests on a daemon.
func (j *job) test(ctx context.Context, bkc *client.Client) ([]frontend.TestResult, error) {
	p, err := j.newProgress()
	if err != nil {
		return nil, err
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
	_, err = bkc.Build(ctx, j.solveOpt, product, run, p.start())
	err = cause(err, fault)
	p.wait(err)
	if err != nil {
		return nil, err
	}
	return results, nil
}
