// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/helper/bundle"
	"github.com/strata-build/strata/internal/image/report"
)

// job is a build that is ready to run: all that the command line says, checked,
// and nothing started.
type job struct {
	terminal terminal
	solveOpt client.SolveOpt
	input    input
	call     flags.Call
	progress progressui.DisplayMode
	addHosts []string
	logins   *logins

	outputs []flags.Output
	// warnings are for the user, before the build.
	warnings []string

	stage  atomicfile.Stage
	loader *loader
	// layouts are the folders of new OCI layouts.
	layouts []string
	// loadable are the folders that docker load is to take, too.
	loadable []string
	metadata *atomicfile.File
	imageID  *atomicfile.File
	// reporting is nil when a question is asked.
	reporting *reporting
	// made are the images that were built, as far as somebody wants to know.
	made []*report.Image
	// printID says to print the image's digest.
	printID bool
}

// newJob reads the options. Its errors are the user's to mend, but for those
// of the machine.
func newJob(ctx context.Context, t terminal, o buildOptions) (*job, error) {
	j := &job{terminal: t, addHosts: o.addHosts}
	if err := j.fill(ctx, o); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

func (j *job) fill(ctx context.Context, o buildOptions) error {
	if err := j.readFlags(o); err != nil {
		return usageError(err, "see \"strata build --help\"")
	}
	if err := j.attachSession(o); err != nil {
		return err
	}
	if err := j.addExports(ctx); err != nil {
		return err
	}
	if err := j.addReports(o); err != nil {
		return err
	}
	return j.addInput(ctx, o)
}

// readFlags does what needs only the words of the command line.
func (j *job) readFlags(o buildOptions) (err error) {
	env := j.terminal.env
	if j.call, err = flags.ParseCall(o.call); err != nil {
		return err
	}
	if j.progress, j.printID, err = displayMode(o.progress, o.quiet); err != nil {
		return err
	}
	if j.solveOpt.FrontendAttrs, err = frontendAttrs(o, env); err != nil {
		return err
	}
	if _, err = flags.ExtraHosts(o.addHosts, func() (string, error) { return "", nil }); err != nil {
		return err
	}
	if j.solveOpt.AllowedEntitlements, err = entitlements(o); err != nil {
		return err
	}
	if err = j.readOutputs(o); err != nil {
		return err
	}
	if j.solveOpt.CacheImports, err = flags.CacheFrom(o.cacheFrom, env); err != nil {
		return err
	}
	if j.call.Request != "" {
		j.solveOpt.FrontendAttrs["requestid"] = j.call.Request
		j.solveOpt.Internal = true
		return nil
	}
	j.solveOpt.CacheExports, err = flags.CacheTo(o.cacheTo, env)
	return err
}

// readOutputs reads where the result goes; a question has no result.
func (j *job) readOutputs(o buildOptions) error {
	platforms, err := flags.Platforms(o.platforms)
	if err != nil {
		return err
	}
	set(j.solveOpt.FrontendAttrs, "platform", strings.Join(platforms, ","))
	attests, err := flags.Attests(o.attests, o.sbom, o.provenance)
	if err != nil {
		return err
	}
	outputs, err := flags.Outputs(flags.OutputFlags{
		Outputs:     o.outputs,
		Tags:        o.tags,
		Annotations: o.annotations,
		Push:        o.push,
		Load:        o.load,
		Platforms:   len(platforms),
		Attests:     len(attests) > 0,
	})
	if err != nil || j.call.Request != "" {
		return err
	}
	j.outputs = outputs
	j.warnings = append(j.warnings, outputWarnings(o, outputs)...)
	return checkReports(o, outputs)
}

// entitlements are the permissions that --allow and --network ask for.
func entitlements(o buildOptions) ([]string, error) {
	allowed, err := flags.Allow(o.allow)
	if err != nil {
		return nil, err
	}
	_, needed, err := flags.Network(o.network)
	if err != nil || needed == "" {
		return allowed, err
	}
	return append(allowed[:len(allowed):len(allowed)], needed), nil
}

// addInput mounts the contexts, the build file and the step helper.
func (j *job) addInput(ctx context.Context, o buildOptions) error {
	j.solveOpt.LocalMounts = map[string]fsutil.FS{}
	j.solveOpt.OCIStores = map[string]content.Store{}
	named, err := flags.NamedContexts(o.contexts)
	if err != nil {
		return usageError(err, "")
	}
	helper, err := bundle.Mount()
	if err != nil {
		return fmt.Errorf("find step helper: %w", err)
	}
	j.solveOpt.LocalMounts[bundle.Source] = helper
	j.input.opt = &j.solveOpt
	if err := j.input.add(o.context, o.file, j.terminal.in); err != nil {
		return err
	}
	return j.input.addNamed(ctx, named)
}

// ask settles what only the daemon knows.
func (j *job) ask(ctx context.Context, bkc *client.Client) error {
	hosts, err := flags.ExtraHosts(j.addHosts, func() (string, error) {
		return hostGateway(ctx, bkc)
	})
	if err != nil {
		return err
	}
	set(j.solveOpt.FrontendAttrs, "add-hosts", hosts)
	return nil
}

// warn says what the user may not expect, before the build.
func (j *job) warn(t terminal) {
	if j.progress == progressui.QuietMode || j.progress == progressui.RawJSONMode {
		return
	}
	for _, w := range append(j.warnings, j.input.warnings...) {
		fmt.Fprintf(t.err, "WARNING: %s\n", w)
	}
}

// close takes back what was not committed.
func (j *job) close() error {
	return errors.Join(j.reporting.close(), j.stage.Discard(), j.input.close())
}
