// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/llb/spec"
)

// declarations are what a build file says of its targets' names and platforms.
type declarations []frontend.ListedTarget

// of is what it says of one target.
func (d declarations) of(name string) frontend.ListedTarget {
	for _, target := range d {
		if target.Name == name || name == "" && target.Default {
			return target
		}
	}
	return frontend.ListedTarget{}
}

// declare takes the tags and the platforms of the build file where the flags have none. A
// build file on the standard input is read for that, and can be read again.
func (o *Options) declare(ctx context.Context, t *cli.Terminal, nodes *connect.Nodes) error {
	if err := o.Input.keepText(ctx, t); err != nil {
		return err
	}
	if !o.usesDeclared() || !o.mayDeclare() {
		return nil
	}
	name := o.Input.Target
	if name == "" {
		name = spec.DefaultTarget
	}
	all, err := listTargets(ctx, *t, nodes, *o, name)
	if err != nil {
		return err
	}
	return o.take(ctx, declarations(all.Targets).of(o.Input.Target), nodes)
}

// usesDeclared reports whether tags and platforms of the build file matter, and the flags
// don't have both. The frontend knows of platforms by itself.
func (o *Options) usesDeclared() bool {
	switch o.Report.Call {
	case "build", "", "strata.plan", "strata.graph", "strata.llb", "strata.plan,format=explain", "strata.llb,format=raw":
		return len(o.Output.Tags) == 0 || !o.Input.hasPlatforms()
	}
	return false
}

// mayDeclare reports whether the build file may say something of tags and platforms: it
// does, or is elsewhere.
func (o *Options) mayDeclare() bool {
	s, elsewhere := o.parseHere()
	return elsewhere || s != nil && declares(s)
}

// declares reports whether a build file says something of tags and platforms.
func declares(s *spec.Spec) bool {
	return slices.ContainsFunc(s.Targets, func(t spec.Target) bool { return len(t.Tags)+len(t.Platforms) > 0 })
}

// parseHere parses a build file that this machine has. Of one that can't be read or parsed
// there is nothing: the build says why. elsewhere says that the daemon fetches it.
func (o *Options) parseHere() (s *spec.Spec, elsewhere bool) {
	data, here, err := o.Input.readHere()
	if !here {
		return nil, o.Input.Context != "-" && flags.IsRemote(o.Input.Context)
	}
	if err != nil || data == nil {
		return nil, false
	}
	s, err = spec.Parse(spec.DefaultTarget, data)
	if err != nil {
		return nil, false
	}
	return s, false
}

// readHere reads the build file if it is a file of this machine, or was on a stream: not if
// it is in an archive, or in what the daemon fetches.
func (o *Input) readHere() (data []byte, here bool, err error) {
	if o.text != nil {
		return o.text, true, nil
	}
	path := o.Path()
	if fi, err := os.Stat(o.Context); o.Context == "-" || err != nil || !fi.IsDir() {
		if !filepath.IsAbs(o.File) {
			return nil, false, nil
		}
		path = o.File
	}
	if plainfile.IsHanded(path) {
		return nil, true, nil // who reads it can't leave it to another
	}
	data, _, err = openBuildFile(path, nil)
	return data, true, err
}

// Path is where the build file is, if it is a file of this machine.
func (o *Input) Path() string {
	if o.File != "" {
		return o.File
	}
	return filepath.Join(o.Context, frontend.DefaultFile)
}

// keepText reads a build file that is on a stream, which can be read once. An archive stays
// there.
func (o *Input) keepText(ctx context.Context, t *cli.Terminal) (err error) {
	if plainfile.IsHanded(o.File) {
		o.text, _, err = openBuildFile(o.File, func(r io.Reader) io.Reader { return cli.Interruptible(ctx, r) })
		return err
	}
	if o.File != "-" && o.Context != "-" {
		return nil
	}
	r := bufio.NewReader(t.In)
	t.In = r
	if o.File != "-" {
		head, err := r.Peek(1024)
		if err != nil && !errors.Is(err, io.EOF) || isArchive(head) || o.File != "" {
			return nil //nolint:nilerr // who reads it says so
		}
	}
	data, err := readBuildFile("standard input", r)
	if err != nil {
		return err
	}
	o.text = data
	t.In = bytes.NewReader(data)
	return nil
}

// listTargets asks for the targets and what the build file says of them. known are those
// of which that must be known, with commas between them, or *.
func listTargets(ctx context.Context, t cli.Terminal, nodes *connect.Nodes, o Options, known string) (list frontend.TargetList, err error) {
	question, in, err := o.questionTargets(t.In)
	if err != nil {
		return list, err
	}
	t.In = in
	answer, err := ask(ctx, t, nodes, question, map[string]string{frontend.OptDeclared: known})
	if err != nil {
		return list, err
	}
	if err := json.Unmarshal(answer[answerJSON], &list); err != nil {
		return list, fmt.Errorf("read the list of targets: %w", err)
	}
	return list, nil
}

// questionTargets is the question for targets, and what is on the standard input for it. An
// archive there is left to the build if the build file isn't in it.
func (o Options) questionTargets(stdin io.Reader) (Options, io.Reader, error) {
	question := o.forTarget("")
	question.Output, question.Cache.To = Output{}, nil
	question.Report = Report{Call: "targets,format=json", Progress: "none"}
	data, here, err := o.Input.readHere()
	switch {
	case here && o.Input.Context == "-" && err != nil:
		return question, nil, err
	case here && o.Input.Context == "-":
		question.Input.File, question.Input.text = "", data
		return question, bytes.NewReader(data), nil
	case o.Input.File == "-":
		return question, bytes.NewReader(o.Input.text), nil
	}
	return question, stdin, nil
}

// take takes what is declared where the flags say nothing. What holds one platform is for
// the builder's, if it is among those declared, or else for the first of them.
func (o *Options) take(ctx context.Context, declared frontend.ListedTarget, nodes *connect.Nodes) error {
	if len(o.Output.Tags) == 0 {
		o.Output.Tags, o.Output.declared = declared.Tags, len(declared.Tags) > 0
	}
	if o.Input.hasPlatforms() || len(declared.Platforms) == 0 {
		return nil
	}
	o.Input.Platforms = declared.Platforms
	if len(declared.Platforms) == 1 || !o.holdsOnePlatform() {
		return nil
	}
	node, err := nodes.For(ctx, "")
	if err != nil {
		return err
	}
	native, err := node.Native(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(declared.Platforms, native) {
		native = declared.Platforms[0]
	}
	o.Input.Platforms = []string{native}
	return nil
}

// holdsOnePlatform reports whether what is asked for is about one platform: a question, a
// test, or what goes to docker.
func (o *Options) holdsOnePlatform() bool {
	isDocker := func(output string) bool {
		return strings.Contains(output, "type=docker") || strings.Contains(output, "docker=true")
	}
	return o.Report.Call != "build" || o.onePlatform || o.Output.Load || slices.ContainsFunc(o.Output.Outputs, isDocker)
}
