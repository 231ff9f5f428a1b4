// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image/report"
	"github.com/strata-build/strata/llb/spec"
)

// targetWord stands for a target's name in the flags that name a result.
const targetWord = "{target}"

// forTarget are the options for one target.
func (o Options) forTarget(target string) Options {
	name := target
	if name == "" {
		name = "default"
	}
	o.Input.Target, o.Input.All = target, false
	o.Output.Tags, o.Output.Outputs = fillAll(o.Output.Tags, name), fillAll(o.Output.Outputs, name)
	o.Cache.To = fillAll(o.Cache.To, name)
	r := &o.Report
	r.MetadataFile, r.IIDFile, r.File = fill(r.MetadataFile, name), fill(r.IIDFile, name), fill(r.File, name)
	return o
}

// fill puts a target's name into the value of a flag.
func fill(value, name string) string { return strings.ReplaceAll(value, targetWord, name) }

func fillAll(values []string, name string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = fill(value, name)
	}
	return out
}

// checkTargets refuses what would give the results of several targets one name.
func (o Options) checkTargets() error {
	if o.Input.Context == "-" || o.Input.File == "-" {
		return errors.New("several targets are read concurrently, which the standard input does not allow")
	}
	if o.Report.Call != "build" {
		return fmt.Errorf("--call %s asks about one target", o.Report.Call)
	}
	values := map[string][]string{"--tag": o.Output.Tags, "--output": o.Output.Outputs}
	if o.Report.IIDFile != "" {
		values["--iidfile"] = []string{o.Report.IIDFile}
	}
	for _, flag := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[flag] {
			placed := flag != "--output" || strings.Contains(value, "dest=") || !strings.Contains(value, "=") ||
				len(o.Output.Tags) == 0 && namesImage(value)
			if placed && !strings.Contains(value, targetWord) {
				return fmt.Errorf("%s %s: with several targets it needs %s where their names go", flag, value, targetWord)
			}
		}
	}
	return nil
}

// namesImage reports whether a value of --output has the image's name.
func namesImage(output string) bool {
	return strings.Contains(","+strings.ReplaceAll(output, `"`, ""), ",name=")
}

// batch are the builds of several targets.
type batch struct {
	names    []string
	jobs     []*job
	metadata *atomicfile.File
	// reportFile is that of one --report for all targets, or nil.
	reportFile io.WriteCloser
	images     []*report.Image
	stage      atomicfile.Stage
}

// buildTargets builds several targets concurrently on one builder, which does once
// what they share. Only when all are built is anything exported or pushed.
func buildTargets(ctx context.Context, t cli.Terminal, nodes *connect.Nodes, o Options) (err error) {
	if err := o.checkTargets(); err != nil {
		return cli.Usage(err, `such as -t example.org/app:{target}; see "strata build --help"`)
	}
	if err := o.Input.keepText(ctx, &t); err != nil {
		return err
	}
	b := &batch{}
	defer func() { err = errors.Join(err, b.close()) }()
	var declared declarations
	if b.names, declared, err = targetNames(ctx, t, nodes, o); err != nil {
		return err
	}
	if err := b.prepare(ctx, t, nodes, o, declared); err != nil {
		return err
	}
	b.jobs[0].warn()
	if !b.writesInContexts() {
		if err := b.together(ctx); err != nil {
			return err
		}
	} else if _, err := b.solve(ctx, withoutExports); err != nil {
		return err
	}
	results := b.withoutOutputs()
	if b.exports() {
		if results, err = b.export(ctx); err != nil {
			return err
		}
	}
	return b.finish(ctx, results)
}

// withoutOutputs are the results of builds that nothing leaves.
func (b *batch) withoutOutputs() []*outcome {
	var results []*outcome
	for _, j := range b.jobs {
		none := &outcome{exporter: map[string]string{}}
		for range j.parts {
			none.parts = append(none.parts, map[string]string{})
		}
		results = append(results, none)
	}
	return results
}

// writesInContexts reports whether outputs of one lie in its context, which must not be
// sent then.
func (b *batch) writesInContexts() bool {
	return slices.ContainsFunc(b.jobs, func(j *job) bool { return len(j.input.exclude) > 0 })
}

// export solves each target for its outputs.
func (b *batch) export(ctx context.Context) (results []*outcome, err error) {
	files, err := b.share(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, files.close()) }()
	return b.solve(ctx, again)
}

// exports reports whether anything leaves the builders.
func (b *batch) exports() bool {
	return slices.ContainsFunc(b.jobs, func(j *job) bool {
		return slices.ContainsFunc(j.parts, func(p part) bool { return len(p.opt.Exports)+len(p.opt.CacheExports) > 0 })
	})
}

// targetNames are the targets to build, and what the build file says of them; of all of
// them the frontend knows the names.
func targetNames(ctx context.Context, t cli.Terminal, nodes *connect.Nodes, o Options) (names []string, declared declarations, err error) {
	if o.Input.All && o.Input.Target != "" {
		return nil, nil, cli.Usage(errors.New("--all and --target do not go together"), "")
	}
	for name := range strings.SplitSeq(o.Input.Target, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 && !o.Input.All {
		return nil, nil, cli.Usage(fmt.Errorf("--target %q names no target", o.Input.Target), "")
	}
	here, elsewhere := o.parseHere()
	mayDeclare := elsewhere || here != nil && declares(here)
	if !mayDeclare && !o.Input.All {
		return names, nil, nil
	}
	if !mayDeclare && here != nil {
		return allTargets(here), nil, nil
	}
	known := strings.Join(names, ",")
	if o.Input.All {
		known = "*"
	}
	list, err := listTargets(ctx, t, nodes, o, known)
	if err != nil {
		return nil, nil, err
	}
	declared = list.Targets
	if o.Input.All {
		for _, target := range declared {
			names = append(names, target.Name)
		}
	}
	return names, declared, nil
}

// allTargets are the names of all targets, in the order of the build file.
func allTargets(s *spec.Spec) []string {
	var names []string
	for i := range s.Targets {
		names = append(names, s.Targets[i].Name)
	}
	return names
}

// prepare makes a job for each target.
func (b *batch) prepare(ctx context.Context, t cli.Terminal, nodes *connect.Nodes, o Options, declared declarations) (err error) {
	if o.Report.MetadataFile != "" && !strings.Contains(o.Report.MetadataFile, targetWord) {
		if b.metadata, err = b.stage.File(o.Report.MetadataFile); err != nil {
			return cli.Usage(fmt.Errorf("--metadata-file: %w", err), "")
		}
		o.Report.MetadataFile = ""
	}
	if o.Report.File != "" && !strings.Contains(o.Report.File, targetWord) {
		if b.reportFile, err = openReport(&b.stage, o.Report.File); err != nil {
			return err
		}
		o.Report.File = ""
	}
	o.Input.streams = new(flags.Streams)
	for _, name := range b.names {
		of := o.forTarget(name)
		if err := of.take(ctx, declared.of(name), nodes); err != nil {
			return err
		}
		j, err := newJob(ctx, t, of)
		if err != nil {
			return err
		}
		b.jobs = append(b.jobs, j)
		j.recorder.full = j.recorder.full || b.reportFile != nil
		if err := j.open(ctx, nodes); err != nil {
			return err
		}
	}
	return nil
}

// withoutExports is the first round of several targets: everything is built, and stays in
// the cache.
func withoutExports(opt client.SolveOpt) client.SolveOpt {
	opt.Exports, opt.CacheExports = nil, nil
	return opt
}

// again is the second round, which finds everything in the cache.
func again(opt client.SolveOpt) client.SolveOpt {
	opt.FrontendAttrs = maps.Clone(opt.FrontendAttrs)
	delete(opt.FrontendAttrs, "no-cache")
	return opt
}

// solve runs all jobs concurrently and shows them as one.
func (b *batch) solve(ctx context.Context, round func(client.SolveOpt) client.SolveOpt) ([]*outcome, error) {
	p, err := b.jobs[0].newProgress()
	if err != nil {
		return nil, err
	}
	results := make([]*outcome, len(b.jobs))
	each, forwarded := share(p.start(), len(b.jobs))
	g, ctx := errgroup.WithContext(ctx)
	for i, j := range b.jobs {
		g.Go(func() (err error) {
			if results[i], err = j.run(ctx, round, each[i]); err != nil {
				return fmt.Errorf("target %s: %w", b.names[i], err)
			}
			return nil
		})
	}
	err = g.Wait()
	forwarded()
	p.wait(err)
	return results, err
}

// finish puts the outputs of all targets in their places.
func (b *batch) finish(ctx context.Context, results []*outcome) error {
	for i, j := range b.jobs {
		if err := j.finish(ctx, results[i]); err != nil {
			return err
		}
		b.images = append(b.images, j.images...)
	}
	if b.metadata != nil {
		all := map[string]any{}
		for i, name := range b.names {
			all[name] = metadata(results[i].exporter)
		}
		if err := writeMetadata(b.metadata, all); err != nil {
			return err
		}
	}
	if b.reportFile != nil {
		if err := writeReport(b.reportFile, b.images); err != nil {
			return err
		}
	}
	return b.stage.Commit()
}

func (b *batch) close() error {
	var errs []error
	if b.reportFile != nil {
		errs = append(errs, b.reportFile.Close())
	}
	errs = append(errs, b.stage.Discard())
	for _, j := range b.jobs {
		errs = append(errs, j.close())
	}
	return errors.Join(errs...)
}
