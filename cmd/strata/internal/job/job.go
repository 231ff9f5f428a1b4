// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/helper/bundle"
	"github.com/strata-build/strata/internal/image/report"
	"github.com/strata-build/strata/internal/printable"
)

// job is a build that is ready to run: the whole command line, checked, and
// nothing started.
type job struct {
	terminal cli.Terminal
	connect  connect.Options
	solveOpt client.SolveOpt
	// platforms are those that are asked for.
	platforms []string
	// onePlatform says that only the first of them is built.
	onePlatform bool
	// noOutput says that none is asked for, not even to have none.
	noOutput bool
	// names are the image's, with commas between them.
	names string
	// parts are what each node builds, one or several.
	parts []part
	// join makes one result of several parts; nil for one part.
	join     *join
	input    input
	call     flags.Call
	progress progressui.DisplayMode
	addHosts []string
	logins   *logins
	// warnings are for the user, before the build.
	warnings []string

	// stage holds every file and directory that the build writes.
	stage    atomicfile.Stage
	exports  exports
	metadata *atomicfile.File
	imageID  *atomicfile.File
	// recorder is nil for a question.
	recorder *recorder
	// images are those that were built, if they are to be reported.
	images []*report.Image
	// printID says to print the image's digest.
	printID bool
}

// newJob reads the options. Its errors are usage errors, except for those of
// the machine.
func newJob(ctx context.Context, t cli.Terminal, o Options) (*job, error) {
	j := &job{terminal: t, connect: o.Connect, addHosts: o.Step.AddHosts, onePlatform: o.onePlatform}
	if err := j.fill(ctx, o); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

func (j *job) fill(ctx context.Context, o Options) error {
	outputs, err := j.readFlags(o)
	if err != nil {
		return cli.Usage(err, "see \"strata build --help\"")
	}
	if err := j.attachSession(o); err != nil {
		return err
	}
	j.exports = exports{terminal: j.terminal, stage: &j.stage}
	if j.solveOpt.Exports, err = j.exports.add(ctx, outputs); err != nil {
		return err
	}
	if err := j.addReports(o.Report, o.Connect.Config); err != nil {
		return err
	}
	return j.addInput(ctx, o.Input)
}

// readFlags does what needs only the command line, and returns the outputs.
func (j *job) readFlags(o Options) (outputs []flags.Output, err error) {
	env := j.terminal.Env
	if j.call, err = flags.ParseCall(o.Report.Call); err != nil {
		return nil, err
	}
	if j.progress, j.printID, err = displayMode(o.Report.Progress, o.Report.Quiet); err != nil {
		return nil, err
	}
	if j.solveOpt.FrontendAttrs, err = frontendAttrs(o, env); err != nil {
		return nil, err
	}
	if err = checkHosts(o.Step.AddHosts); err != nil {
		return nil, err
	}
	if j.solveOpt.AllowedEntitlements, err = entitlements(o.Step); err != nil {
		return nil, err
	}
	if j.solveOpt.SourcePolicy, err = flags.SourcePolicy(o.Input.Policies, env); err != nil {
		return nil, err
	}
	if j.solveOpt.SourcePolicy != nil { // which holds for sources alone
		j.solveOpt.FrontendAttrs["build-arg:"+frontend.ArgFetch] = "source"
	}
	if outputs, err = j.readOutputs(o); err != nil {
		return nil, err
	}
	if j.solveOpt.CacheImports, err = flags.CacheFrom(o.Cache.From, env); err != nil {
		return nil, err
	}
	if j.call.Request != "" {
		j.solveOpt.FrontendAttrs["requestid"] = j.call.Request
		j.solveOpt.Internal = true
		return nil, nil
	}
	if j.solveOpt.CacheExports, err = flags.CacheTo(o.Cache.To, env); err != nil {
		return nil, err
	}
	if wantsInlineCache(j.solveOpt) {
		j.solveOpt.CacheExports = append(j.solveOpt.CacheExports, client.CacheOptionsEntry{Type: "inline", Attrs: map[string]string{}})
	}
	return outputs, nil
}

// wantsInlineCache reports whether a build argument asks for the cache in the image, as it does
// with buildx, and no flag does.
func wantsInlineCache(opt client.SolveOpt) bool {
	wants, err := strconv.ParseBool(opt.FrontendAttrs["build-arg:BUILDKIT_INLINE_CACHE"])
	return err == nil && wants && !slices.ContainsFunc(opt.CacheExports, func(c client.CacheOptionsEntry) bool { return c.Type == "inline" })
}

// readOutputs reads where the result goes; a question has no result.
func (j *job) readOutputs(o Options) ([]flags.Output, error) {
	platforms, err := flags.Platforms(o.Input.Wanted())
	if err != nil {
		return nil, err
	}
	j.platforms = platforms
	set(j.solveOpt.FrontendAttrs, "platform", strings.Join(platforms, ","))
	attests, err := flags.Attests(o.Output.Attests, o.Output.SBOM, o.Output.Provenance)
	if err != nil {
		return nil, err
	}
	outputs, err := flags.Outputs(flags.OutputFlags{
		Outputs:     o.Output.Outputs,
		Tags:        o.Output.Tags,
		Annotations: o.Output.Annotations,
		Push:        o.Output.Push,
		Load:        o.Output.Load,
		Platforms:   len(platforms),
		Attests:     len(attests) > 0,
	})
	if err != nil || j.call.Request != "" {
		return nil, err
	}
	j.noOutput, j.names = len(o.Output.Outputs) == 0 && len(outputs) == 0, strings.Join(o.Output.Tags, ",")
	j.warnings = append(j.warnings, outputWarnings(o.Output, outputs)...)
	return outputs, checkImageID(o.Report, outputs)
}

// addInput mounts the contexts, the build file and the step helper.
func (j *job) addInput(ctx context.Context, o Input) error {
	j.solveOpt.LocalMounts = map[string]fsutil.FS{}
	j.solveOpt.OCIStores = map[string]content.Store{}
	contexts, err := flags.NamedContexts(o.Contexts)
	if err != nil {
		return cli.Usage(err, "")
	}
	helper, err := bundle.Mount()
	if err != nil {
		return fmt.Errorf("find step helper: %w", err)
	}
	j.solveOpt.LocalMounts[bundle.Source] = helper
	j.input.opt = &j.solveOpt
	j.input.interruptible = func(r io.Reader) io.Reader { return cli.Interruptible(ctx, r) }
	j.input.exclude, j.input.text = j.exports.inContext, o.text
	if err := j.input.add(o.Context, o.File, j.terminal.In); err != nil {
		return err
	}
	return j.input.addNamed(ctx, contexts)
}

// isShown reports whether progress and warnings are printed for people.
func (j *job) isShown() bool {
	return j.progress != progressui.QuietMode && j.progress != progressui.RawJSONMode
}

// warn prints what the user may not expect, before the build.
func (j *job) warn() {
	if !j.isShown() {
		return
	}
	for _, w := range append(j.warnings, j.input.warnings...) {
		fmt.Fprintf(j.terminal.Messages(), "WARNING: %s\n", printable.Line(w))
	}
}

// close undoes what was not committed.
func (j *job) close() error {
	return errors.Join(j.join.close(), j.recorder.close(), j.stage.Discard(), j.input.close())
}
