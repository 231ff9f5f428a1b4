// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
)

// Targets prints the targets of a build file with their tags and platforms, as a table.
func Targets(ctx context.Context, t cli.Terminal, o Options) error {
	list, err := askTargets(ctx, t, o, "")
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(t.Text(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "TARGET\tTAGS\tPLATFORMS")
	for _, target := range list.Targets {
		name := target.Name
		if target.Default {
			name += " (default)"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", printable.Line(name), listed(target.Tags), listed(target.Platforms))
	}
	return tw.Flush()
}

// listed are words of a table's cell.
func listed(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return printable.Line(strings.Join(words, ", "))
}

// askTargets connects and asks for the targets.
func askTargets(ctx context.Context, t cli.Terminal, o Options, known string) (list frontend.TargetList, err error) {
	if o.Connect, err = o.Connect.Resolve(t.Env); err != nil {
		return list, err
	}
	nodes := o.Connect.Nodes(ctx)
	defer func() { err = errors.Join(err, nodes.Close()) }()
	if err := o.Input.keepText(ctx, &t); err != nil {
		return list, err
	}
	return listTargets(ctx, t, nodes, o, known)
}

// bakeFile is a file for docker buildx bake.
type bakeFile struct {
	Group  map[string]bakeGroup  `json:"group"`
	Target map[string]bakeTarget `json:"target"`
}

type bakeGroup struct {
	Targets []string `json:"targets"`
}

type bakeTarget struct {
	Context    string            `json:"context,omitempty"`
	Dockerfile string            `json:"dockerfile,omitempty"`
	Target     string            `json:"target,omitempty"`
	Tags       []string          `json:"tags,omitempty"`
	Platforms  []string          `json:"platforms,omitempty"`
	Args       map[string]string `json:"args,omitempty"`
	Contexts   map[string]string `json:"contexts,omitempty"`
}

// Bake prints a file for docker buildx bake, with a target for each of the build file's.
func Bake(ctx context.Context, t cli.Terminal, o Options) error {
	if o.Input.IsStream() {
		return cli.Usage(errors.New("--bake names the build file, and a stream has no name that bake could read"), "give a directory or an address")
	}
	list, err := askTargets(ctx, t, o, "*")
	if err != nil {
		return err
	}
	base, err := o.bakeBase(t.Env, list)
	if err != nil {
		return err
	}
	file := bakeFile{Group: map[string]bakeGroup{}, Target: map[string]bakeTarget{}}
	var all bakeGroup
	for _, target := range list.Targets {
		name := strings.ReplaceAll(target.Name, ".", "_")
		if _, ok := file.Target[name]; ok {
			return cli.Usage(fmt.Errorf("%s: for bake, which has no dots in names, two targets are called %s", target.Name, name), "call one of them otherwise")
		}
		b := base
		if !target.Default {
			b.Target = target.Name
		}
		b.Tags, b.Platforms = target.Tags, target.Platforms
		if o.Input.hasPlatforms() {
			if b.Platforms, err = flags.Platforms(o.Input.Platforms); err != nil {
				return cli.Usage(err, "")
			}
		}
		file.Target[name] = b
		all.Targets = append(all.Targets, name)
	}
	// A target called default is what bake builds by itself, so the group of all is one
	// that has it: bake lets a group and a target share a name.
	file.Group["default"] = all
	enc := json.NewEncoder(t.Text())
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(file)
}

// bakeBase is what all targets have: the context, the build file, its arguments and the
// contexts. bake reads texts as templates.
func (o *Options) bakeBase(env flags.Lookup, list frontend.TargetList) (bakeTarget, error) {
	in := o.Input
	b := bakeTarget{Context: asIs(in.Context), Args: map[string]string{}, Contexts: map[string]string{}}
	file := in.File
	switch {
	case file == "":
		file = frontend.DefaultFile
	case !filepath.IsAbs(file) && !flags.IsRemote(in.Context): // bake's is relative to the context
		var err error
		if file, err = relative(in.Context, file); err != nil {
			return b, cli.Usage(fmt.Errorf("--file %s: %w", file, err), "")
		}
	}
	b.Dockerfile = asIs(filepath.ToSlash(file))
	if err := o.bakeArgs(&b, env, list); err != nil {
		return b, err
	}
	contexts, err := flags.NamedContexts(in.Contexts)
	if err != nil {
		return b, cli.Usage(err, "")
	}
	for _, c := range contexts {
		if isPlace(c.Value) {
			return b, cli.Usage(fmt.Errorf("--build-context %s=%s: bake takes no such image", c.Name, c.Value), "give oci-layout://DIRECTORY or docker-image://NAME")
		}
		b.Contexts[c.Name] = asIs(c.Value)
	}
	return b, nil
}

// relative is a file's path from a directory. Both may be named in any way.
func relative(dir, file string) (string, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return file, err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return file, err
	}
	return filepath.Rel(from, to)
}

// bakeArgs adds the arguments that are given, the defaults of others where they are plain
// texts, and the frontend where the build file names none.
func (o *Options) bakeArgs(b *bakeTarget, env flags.Lookup, list frontend.TargetList) error {
	if len(list.Sources) > 0 {
		data := list.Sources[0]
		if _, _, _, ok := parser.DetectSyntax(data); !ok {
			b.Args["BUILDKIT_SYNTAX"] = syntaxName + ":" + syntaxMajor
		}
		s, err := spec.Parse(frontend.DefaultFile, data)
		if err != nil {
			return err
		}
		for _, arg := range s.Args {
			if d := arg.Default; d.IsSet() && d.Platforms == nil && spec.Literal(d.Value) {
				b.Args[arg.Name] = asIs(d.Value)
			}
		}
	}
	given, err := flags.BuildArgs(o.Input.BuildArgs, env)
	if err != nil {
		return cli.Usage(err, "")
	}
	for name, value := range given {
		b.Args[name] = asIs(value)
	}
	return nil
}

// asIs is a text that bake, which expands templates, takes for what it is.
func asIs(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}
