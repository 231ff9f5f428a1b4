// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"slices"

	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// outline lists the parameters of the wanted target: its arguments, and the
// secrets, agents and caches of all that it needs.
func (r *request) outline(ctx context.Context, s *spec.Spec) (*outline.Outline, error) {
	req := r.planRequest(ctx, s, r.daemon.FirstPlatform(), r.trees(s))
	req.AllowMissing, req.Warn = true, nil
	p, err := strategy.Plan(ctx, req)
	switch {
	case err == nil:
	case lacksArgument(s, req):
		p = &plan.Plan{} // a base that an argument names can't be looked at
	default:
		return nil, err
	}
	o := &outline.Outline{Name: req.Target, Sources: [][]byte{r.file.Source.Data}}
	if o.Name == "" {
		o.Name = spec.DefaultTarget
	}
	for _, a := range s.Args {
		value := a.Default.Value
		if given, ok := req.BuildArgs[a.Name]; ok {
			value = given
		}
		o.Args = append(o.Args, outline.Arg{Name: a.Name, Value: value, Location: location(spec.Range{Start: a.Pos, End: a.Pos})})
	}
	for _, img := range p.Images {
		outlineLogins(o, s.Target(img.Target))
		for _, l := range img.Layers {
			if e, ok := l.Action.(*plan.Exec); ok {
				outlineExec(o, e)
			}
		}
	}
	return o, nil
}

// lacksArgument reports whether a target can't be planned for want of an argument, of
// which its outline is to tell.
func lacksArgument(s *spec.Spec, req strategy.Request) bool {
	name := req.Target
	if name == "" {
		name = spec.DefaultTarget
	}
	return s.Target(name) != nil && slices.ContainsFunc(s.Args, func(a spec.Arg) bool {
		_, given := req.BuildArgs[a.Name]
		return !given && !a.Default.IsSet() && !a.Optional
	})
}

// outlineExec adds what a command asks for, each once. What one command can't do without is
// required, whatever another one says of it.
func outlineExec(o *outline.Outline, e *plan.Exec) {
	at := location(e.Range)
	for _, s := range e.Secrets {
		if i := slices.IndexFunc(o.Secrets, func(k outline.Secret) bool { return k.Name == s.ID }); i >= 0 {
			o.Secrets[i].Required = o.Secrets[i].Required || s.Required
			continue
		}
		o.Secrets = append(o.Secrets, outline.Secret{Name: s.ID, Required: s.Required, Location: at})
	}
	for _, s := range e.SSH {
		if i := slices.IndexFunc(o.SSH, func(k outline.SSH) bool { return k.Name == s.ID }); i >= 0 {
			o.SSH[i].Required = o.SSH[i].Required || s.Required
			continue
		}
		o.SSH = append(o.SSH, outline.SSH{Name: s.ID, Required: s.Required, Location: at})
	}
	for _, c := range e.Cache {
		if !slices.ContainsFunc(o.Cache, func(k outline.CacheMount) bool { return k.ID == c.ID }) {
			o.Cache = append(o.Cache, outline.CacheMount{ID: c.ID, Location: at})
		}
	}
}

// outlineLogins adds the secrets with logins for the archives of a target.
func outlineLogins(o *outline.Outline, t *spec.Target) {
	for _, l := range t.Layers {
		if l.Packages == nil {
			continue
		}
		for _, r := range l.Packages.Repositories {
			if id := r.Auth.Value; id != "" && !slices.ContainsFunc(o.Secrets, func(k outline.Secret) bool { return k.Name == id }) {
				o.Secrets = append(o.Secrets, outline.Secret{Name: id, Required: true, Location: location(r.Range)})
			}
		}
	}
}

func location(at spec.Range) *pb.Location {
	return &pb.Location{Ranges: []*pb.Range{fault.Lines(at)}}
}
