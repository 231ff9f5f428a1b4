// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/atomicfile"
	buildreport "github.com/strata-build/strata/internal/image/report"
)

// targetWord is what stands for a target's name in the flags that name a result.
const targetWord = "{target}"

// forTarget are the options for one target.
func (o buildOptions) forTarget(target string) buildOptions {
	name := target
	if name == "" {
		name = "default"
	}
	fill := func(word string) string { return strings.ReplaceAll(word, targetWord, name) }
	all := func(words []string) []string {
		out := make([]string, len(words))
		for i, word := range words {
			out[i] = fill(word)
		}
		return out
	}
	o.target, o.all = target, false
	o.tags, o.outputs, o.cacheTo = all(o.tags), all(o.outputs), all(o.cacheTo)
	o.metadataFile, o.iidFile, o.report = fill(o.metadataFile), fill(o.iidFile), fill(o.report)
	return o
}

// checkTargets refuses what would give the results of several targets one name.
func (o buildOptions) checkTargets() error {
	if o.context == "-" || o.file == "-" {
		return errors.New("several targets are read side by side, so the standard input won't do")
	}
	if o.call != "build" {
		return fmt.Errorf("--call %s asks about one target", o.call)
	}
	words := map[string][]string{"--tag": o.tags, "--output": o.outputs}
	if o.iidFile != "" {
		words["--iidfile"] = []string{o.iidFile}
	}
	for _, flag := range slices.Sorted(maps.Keys(words)) {
		for _, word := range words[flag] {
			placed := flag != "--output" || strings.Contains(word, "dest=") || !strings.Contains(word, "=")
			if placed && !strings.Contains(word, targetWord) {
				return fmt.Errorf("%s %s: with several targets it needs %s where their names go", flag, word, targetWord)
			}
		}
	}
	return nil
}

// batch are the builds of several targets.
type batch struct {
	names    []string
	jobs     []*job
	metadata *atomicfile.File
	// report is what one --report for all targets is written to, else nil.
	report io.WriteCloser
	images []*buildreport.Image
	stage  atomicfile.Stage
}

// runTargets builds several targets side by side on one daemon, which does once
// what they share. Only when all are built is anything exported or pushed.
func runTargets(ctx context.Context, t terminal, conn connection, o buildOptions) (err error) {
	if err := o.checkTargets(); err != nil {
		return usageError(err, `such as -t example.org/app:{target}; see "strata build --help"`)
	}
	bkc, err := conn.dial(ctx)
	if err != nil {
		return err
	}
	defer bkc.Close()
	b := &batch{}
	defer func() { err = errors.Join(err, b.close()) }()
	if b.names, err = targetNames(ctx, t, bkc, o); err != nil {
		return err
	}
	if err := b.prepare(ctx, t, bkc, o); err != nil {
		return err
	}
	b.jobs[0].warn(t)
	if _, err := b.solve(ctx, bkc, (*job).withoutExports); err != nil {
		return err
	}
	results, err := b.solve(ctx, bkc, (*job).afterwards)
	if err != nil {
		return err
	}
	return b.finish(ctx, bkc, results)
}

// targetNames are the targets to build; of all of them the frontend knows the
// names.
func targetNames(ctx context.Context, t terminal, bkc *client.Client, o buildOptions) (names []string, err error) {
	if !o.all {
		for name := range strings.SplitSeq(o.target, ",") {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return nil, usageError(fmt.Errorf("--target %q names no target", o.target), "")
		}
		return names, nil
	}
	if o.target != "" {
		return nil, usageError(errors.New("--all and --target do not go together"), "")
	}
	ask := o.forTarget("")
	ask.call, ask.progress, ask.quiet, ask.metadataFile, ask.iidFile, ask.report = "targets,format=json", "none", false, "", "", ""
	j, err := newJob(ctx, t, ask)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	res, err := j.solve(ctx, bkc)
	if err != nil {
		return nil, err
	}
	var list targets.List
	if err := json.Unmarshal(res.answer[answerJSON], &list); err != nil {
		return nil, fmt.Errorf("read the list of targets: %w", err)
	}
	for _, target := range list.Targets {
		names = append(names, target.Name)
	}
	return names, nil
}

// prepare makes a job for each target.
func (b *batch) prepare(ctx context.Context, t terminal, bkc *client.Client, o buildOptions) (err error) {
	if o.metadataFile != "" && !strings.Contains(o.metadataFile, targetWord) {
		if b.metadata, err = b.stage.File(o.metadataFile); err != nil {
			return usageError(fmt.Errorf("--metadata-file: %w", err), "")
		}
		o.metadataFile = ""
	}
	if o.report != "" && !strings.Contains(o.report, targetWord) {
		if b.report, err = openReport(&b.stage, o.report); err != nil {
			return err
		}
		o.report = ""
	}
	for _, name := range b.names {
		j, err := newJob(ctx, t, o.forTarget(name))
		if err != nil {
			return err
		}
		b.jobs = append(b.jobs, j)
		j.reporting.full = j.reporting.full || b.report != nil
		if err := j.ask(ctx, bkc); err != nil {
			return err
		}
	}
	return nil
}

// withoutExports is the first round: everything is built, and stays in the
// cache.
func (j *job) withoutExports() client.SolveOpt {
	opt := j.solveOpt
	opt.Exports, opt.CacheExports = nil, nil
	return opt
}

// afterwards is the second round, which finds all in the cache.
func (j *job) afterwards() client.SolveOpt {
	opt := j.solveOpt
	opt.FrontendAttrs = maps.Clone(opt.FrontendAttrs)
	delete(opt.FrontendAttrs, "no-cache")
	return opt
}

// solve runs all jobs side by side and shows them as one.
func (b *batch) solve(ctx context.Context, bkc *client.Client, round func(*job) client.SolveOpt) ([]*outcome, error) {
	first := b.jobs[0]
	show, err := newProgress(first.terminal.err, first.progress)
	if err != nil {
		return nil, usageError(fmt.Errorf("--progress %s: %w", first.progress, err), "")
	}
	shown := show.start()
	results := make([]*outcome, len(b.jobs))
	g, ctx := errgroup.WithContext(ctx)
	for i, j := range b.jobs {
		status := make(chan *client.SolveStatus)
		passed := make(chan struct{})
		go func() {
			defer close(passed)
			for s := range status {
				shown <- s
			}
		}()
		g.Go(func() (err error) {
			results[i], err = j.run(ctx, bkc, round(j), status)
			<-passed
			if err != nil {
				return fmt.Errorf("target %s: %w", b.names[i], err)
			}
			return nil
		})
	}
	err = g.Wait()
	close(shown)
	show.wait()
	return results, err
}

// finish puts the outputs of all targets in their places.
func (b *batch) finish(ctx context.Context, bkc *client.Client, results []*outcome) error {
	all := map[string]any{}
	for i, name := range b.names {
		all[name] = metadata(results[i].exporter)
	}
	if b.metadata != nil {
		if err := writeMetadata(b.metadata, all); err != nil {
			return err
		}
	}
	for i, j := range b.jobs {
		if err := j.finish(ctx, bkc, results[i]); err != nil {
			return err
		}
		b.images = append(b.images, j.made...)
	}
	if b.report != nil {
		if err := writeReport(b.report, b.images); err != nil {
			return err
		}
	}
	return b.stage.Commit()
}

func (b *batch) close() error {
	var errs []error
	if b.report != nil {
		errs = append(errs, b.report.Close())
	}
	errs = append(errs, b.stage.Discard())
	for _, j := range b.jobs {
		errs = append(errs, j.close())
	}
	return errors.Join(errs...)
}
