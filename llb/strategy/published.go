// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"runtime"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/spec"
)

// Platforms are the platforms that the wanted target says it is for, each once, in the
// order of the build file; none if it says nothing. r.BuildPlatform is what names expand
// for.
func Platforms(r Request) ([]ocispecs.Platform, error) {
	t, err := r.described()
	if err != nil || len(t.Platforms) == 0 {
		return nil, err
	}
	read := reader{file: r.Spec}
	if err := r.complete(t.Platforms); err != nil {
		return nil, err
	}
	if !allLiteral(t.Platforms) { // for these, no argument need be there
		if read, err = r.reader(r.BuildPlatform); err != nil {
			return nil, err
		}
	}
	var names []string
	var all []ocispecs.Platform
	for _, s := range t.Platforms {
		for _, name := range spec.Mentioned(s.Value) {
			if strings.HasPrefix(name, "TARGET") && isFixed(read, name) {
				return nil, read.errorf(s.Pos, "the platforms can't be made of %s, which is one of them", name)
			}
		}
		p, err := targetPlatform(read, s)
		if err != nil {
			return nil, err
		}
		if name := platforms.FormatAll(p); !slices.Contains(names, name) {
			names, all = append(names, name), append(all, p)
		}
	}
	return all, nil
}

func allLiteral(list []spec.String) bool {
	return !slices.ContainsFunc(list, func(s spec.String) bool { return !spec.Literal(s.Value) })
}

// isFixed reports whether a name is one that no build file declares.
func isFixed(r reader, name string) bool {
	return !slices.ContainsFunc(r.file.Args, func(a spec.Arg) bool { return a.Name == name })
}

// targetPlatform reads a platform, whose system is Linux when only its architecture is
// named: this program may run on another one, whose that would be.
func targetPlatform(r reader, s spec.String) (ocispecs.Platform, error) {
	name, err := r.expand(s)
	if err != nil {
		return ocispecs.Platform{}, err
	}
	p, err := platforms.Parse(name)
	if err != nil {
		return p, r.errorf(s.Pos, "%q is not a platform: %w", name, err)
	}
	if !strings.Contains(name, "/") && p.OS == runtime.GOOS {
		p.OS = "linux"
	}
	return platforms.Normalize(p), nil
}

// Tags are the names that the wanted target says its image has, for the platforms that
// are built; none if it says nothing. An image has the same names on all of them.
func Tags(r Request, built []ocispecs.Platform) ([]string, error) {
	t, err := r.described()
	if err != nil || len(t.Tags) == 0 {
		return nil, err
	}
	if err := r.complete(t.Tags); err != nil {
		return nil, err
	}
	var tags []string
	for i, p := range built {
		read, err := r.reader(p)
		if err != nil {
			return nil, err
		}
		these, err := tagsOf(read, t.Tags)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			tags = these
		}
		for j := range these {
			if these[j] != tags[j] {
				return nil, read.errorf(t.Tags[j].Pos, "the tag is %s for %s, and %s for %s: an image has one name on all of its platforms",
					tags[j], platforms.FormatAll(built[0]), these[j], platforms.FormatAll(p))
			}
		}
	}
	return tags, nil
}

func tagsOf(r reader, list []spec.String) ([]string, error) {
	var tags []string
	for _, s := range list {
		tag, err := r.expand(s)
		if err != nil {
			return nil, err
		}
		if err := spec.CheckTag(tag); err != nil {
			return nil, r.errorf(s.Pos, "%w", err)
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// complete makes sure that the arguments have values that strings are made of; no others
// need be there.
func (r Request) complete(list []spec.String) error {
	needed := map[string]bool{}
	var need func(text string)
	need = func(text string) {
		for _, name := range spec.Mentioned(text) {
			if needed[name] {
				continue
			}
			needed[name] = true
			if _, given := r.BuildArgs[name]; given {
				continue
			}
			for _, a := range r.Spec.Args {
				if a.Name != name {
					continue
				}
				need(a.Default.Value)
				for _, choice := range a.Default.Platforms {
					need(choice.Value)
				}
			}
		}
	}
	for _, s := range list {
		need(s.Value)
	}
	for _, a := range r.Spec.Args {
		if _, given := r.BuildArgs[a.Name]; needed[a.Name] && !given && !a.Default.IsSet() && !a.Optional {
			return r.Spec.Errorf(a.Pos, "the argument %s has no value", a.Name).WithHint("give one with --build-arg " + a.Name + "=…")
		}
	}
	return nil
}

// described is the wanted target as the build file has it.
func (r *Request) described() (*spec.Target, error) {
	if r.Target == "" {
		r.Target = spec.DefaultTarget
	}
	t := r.Spec.Target(r.Target)
	if t == nil {
		return nil, (&planner{req: *r}).unknownTarget(spec.String{Value: r.Target})
	}
	return t, nil
}

// reader reads the wanted target for a platform.
func (r Request) reader(p ocispecs.Platform) (reader, error) {
	r.Warn, r.AllowMissing = func(*spec.Error) {}, true // complete has seen to those that are needed
	vars, err := (&planner{req: r, vars: map[string]spec.Vars{}}).varsFor(platforms.FormatAll(platforms.Normalize(p)))
	return reader{file: r.Spec, vars: vars}, err
}
