// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// tree reads where files come from: scratch, layers, target:NAME, context:NAME,
// dockerfile:PATH#STAGE or a reference. A string that isn't set is scratch. A target that
// is for a platform of its own is asked for the one that this target is asked for.
func (t *Target) tree(s spec.String, platform string) (plan.Tree, error) {
	name, err := t.read.expand(s)
	if err != nil {
		return plan.Tree{}, err
	}
	tree := plan.Tree{Pos: s.Pos, Platform: platform}
	kind, rest, _ := strings.Cut(name, ":")
	switch {
	case !s.IsSet() || name == "scratch":
		return plan.Tree{Kind: plan.Scratch, Pos: s.Pos}, nil
	case name == "layers":
		return plan.Tree{Kind: plan.Layers, Pos: s.Pos}, nil
	case kind == "target":
		tree.Kind, tree.Name = plan.Target, rest
		switch described := t.read.file.Target(rest); {
		case described == nil:
			return tree, t.pass.unknownTarget(spec.String{Value: rest, Pos: s.Pos})
		case described.Platform.IsSet(): // its arguments are those of the request
			tree.Chosen, tree.Platform = true, t.platform
		}
		return tree, nil
	case kind == "context" && rest != "":
		tree.Kind, tree.Name = plan.Context, rest
		return tree, nil
	case kind == "dockerfile":
		file, stage, err := spec.ParseDockerfile(rest)
		if err != nil {
			return tree, t.read.errorf(s.Pos, "%w", err)
		}
		tree.Kind, tree.Name = plan.Dockerfile, file
		if stage != "" {
			tree.Name += "#" + stage
		}
		return tree, nil
	}
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return tree, t.read.errorf(s.Pos, "%q is not an image reference: %w", name, err)
	}
	tree.Kind, tree.Name = plan.Registry, reference.TagNameOnly(named).String()
	return tree, nil
}

// usable is tree for what has something in it.
func (t *Target) usable(s spec.String, platform string) (plan.Tree, error) {
	tree, err := t.tree(s, platform)
	if err == nil && (tree.Kind == plan.Layers || tree.Kind == plan.Scratch) {
		return tree, t.read.errorf(s.Pos, "nothing can be taken from %q; want target:NAME, context:NAME, dockerfile:PATH or an image", s.Value)
	}
	return tree, err
}

// use is tree for something that is mounted or copied from: targets are planned,
// images pinned. checkout says that it is a directory and no image.
func (t *Target) use(ctx context.Context, s spec.String, platform string) (tree plan.Tree, checkout bool, err error) {
	if tree, err = t.usable(s, platform); err != nil {
		return tree, false, err
	}
	return useTree(ctx, t, tree)
}

// useTree is use of a tree that was read.
func useTree(ctx context.Context, t *Target, tree plan.Tree) (used plan.Tree, checkout bool, err error) {
	tree, config, err := t.base(ctx, tree)
	if err != nil {
		return tree, false, err
	}
	t.checkUse(tree, config)
	return tree, config == nil, nil
}

// platform reads a platform and gives it its one spelling.
func (r reader) platform(s spec.String) (string, error) {
	p, err := targetPlatform(r, s)
	if err != nil {
		return "", err
	}
	return platforms.FormatAll(p), nil
}

// varsFor are the names that expand for a platform.
func (p *planner) varsFor(platform string) (spec.Vars, error) {
	if v, ok := p.vars[platform]; ok {
		return v, nil
	}
	target, err := platforms.Parse(platform)
	if err != nil {
		return spec.Vars{}, err
	}
	builtin := map[string]string{"TARGETSTAGE": p.req.Target}
	describe(builtin, "TARGET", platforms.Normalize(target))
	describe(builtin, "BUILD", platforms.Normalize(p.req.BuildPlatform))
	vars, warnings, err := p.req.Spec.Vars(spec.VarOptions{
		BuildArgs: p.req.BuildArgs, Platform: builtin, TargetPlatform: platform, AllowMissing: p.req.AllowMissing,
	})
	if err != nil {
		return spec.Vars{}, err
	}
	if len(p.vars) == 0 {
		for _, w := range warnings {
			w.Rule = RuleUndeclared
			p.req.Warn(w)
		}
	}
	p.vars[platform] = vars
	return vars, nil
}

// lacksArgument reports whether an argument may be missing that has no default, and is.
func (p *planner) lacksArgument() bool {
	return p.req.AllowMissing && slices.ContainsFunc(p.req.Spec.Args, func(a spec.Arg) bool {
		_, given := p.req.BuildArgs[a.Name]
		return !given && !a.Default.IsSet() && !a.Optional
	})
}

// Arguments are the values of a build file's arguments on a platform, given as
// os/arch[/variant]. One that has none is left out.
func Arguments(r Request, platform string) (map[string]string, error) {
	r.AllowMissing = true
	r.Warn = func(*spec.Error) {}
	p := &planner{req: r, vars: map[string]spec.Vars{}}
	vars, err := p.varsFor(platform)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, arg := range r.Spec.Args {
		if _, given := r.BuildArgs[arg.Name]; given || arg.Default.IsSet() {
			values[arg.Name], _ = vars.Lookup(arg.Name)
		}
	}
	return values, nil
}

func describe(to map[string]string, prefix string, p ocispecs.Platform) {
	to[prefix+"PLATFORM"] = platforms.FormatAll(p)
	to[prefix+"OS"] = p.OS
	to[prefix+"OSVERSION"] = p.OSVersion
	to[prefix+"ARCH"] = p.Architecture
	to[prefix+"VARIANT"] = p.Variant
}
