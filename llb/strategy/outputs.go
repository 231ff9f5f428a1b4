// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"path"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// planOutputs reads the paths of the step that ship. What is mounted there must be
// known.
func (c *command) planOutputs(context.Context) error {
	for i := range c.b.Outputs {
		several := len(c.b.Outputs[i].Sources) > 0
		for _, o := range c.b.Outputs[i].Each() {
			out, err := outputs{c}.plan(&o)
			if err == nil && several && o.Dest.IsSet() {
				err = outputs{c}.ownName(&o, &out)
			}
			if err != nil {
				return err
			}
			c.out.Outputs = append(c.out.Outputs, out)
		}
	}
	return nil
}

// ownName has one of a list of sources go into the directory under its own name.
func (s outputs) ownName(o *spec.Output, out *plan.Output) error {
	if !out.Into {
		return s.of.t.read.errorf(o.Dest.Pos, "a list of sources needs a directory as dest: write %s/", out.Dest)
	}
	if spec.HasGlob(out.Path) {
		return nil
	}
	out.Dest, out.Into = path.Join(out.Dest, path.Base(out.Path)), false
	return checkName(s.of.t.read, o.Source.Pos, out.Dest)
}

// outputs are those of a command.
type outputs struct{ of *command }

// plan reads one.
func (s outputs) plan(o *spec.Output) (plan.Output, error) {
	r := s.of.t.read
	out := plan.Output{Range: o.Range, Pos: o.Source.Pos, Owner: s.of.out.Owner, KeepOwners: s.of.out.KeepOwners}
	var err error
	if out.Path, _, err = r.dest(o.Source); err != nil {
		return out, err
	}
	if name, ok := plan.Unescaped(out.Path); ok {
		out.Path = name
	}
	if err := s.checkShips(o.Source.Pos, out.Path); err != nil {
		return out, err
	}
	if err := s.planDest(o, &out); err != nil {
		return out, err
	}
	if out.Include, out.Exclude, err = r.patterns(o.Include, o.Exclude); err != nil {
		return out, err
	}
	if out.Mode, out.ModeChange, err = r.modeChange(o.Mode); err != nil || !o.Owner.IsSet() {
		return out, err
	}
	out.Owner, err = r.owner(o.Owner)
	out.KeepOwners = out.Owner != nil && *out.Owner == (plan.Owner{User: spec.KeepOwner})
	if out.KeepOwners {
		out.Owner = nil
	}
	return out, err
}

// planDest reads where an output goes: to the same place if nothing is said.
func (s outputs) planDest(o *spec.Output, out *plan.Output) (err error) {
	at := o.Source.Pos
	pattern := spec.HasGlob(out.Path)
	switch {
	case o.Dest.IsSet():
		at = o.Dest.Pos
		out.Dest, out.Into, err = s.of.t.read.dest(o.Dest)
	case pattern:
		out.Dest, out.Into = path.Dir(out.Path), true
	default:
		out.Dest = out.Path
	}
	switch {
	case err != nil:
		return err
	case !o.Dest.IsSet() && spec.HasGlob(out.Dest):
		return s.of.t.read.errorf(at, "the directories of the pattern %s aren't known; say with `dest` where its files go", o.Source.Value)
	}
	return checkName(s.of.t.read, at, out.Dest)
}

// checkShips refuses paths of the step that are of no layer.
func (s outputs) checkShips(at spec.Pos, p string) error {
	no := func(format string, args ...any) error { return s.of.t.read.errorf(at, format, args...) }
	switch {
	case p == "/":
		return no("all of the step can't be an output; name the directories that ship")
	case s.of.hasOut() && plan.Within(p, plan.OutDir):
		return no("%s is in $out, which ships anyway", p)
	case plan.Within(p, "/dev"), plan.Within(p, "/proc"), plan.Within(p, "/sys"):
		return no("%s is the kernel's; nothing of it can ship", p)
	}
	for _, m := range s.of.out.Cache {
		if plan.Within(p, m.Target) {
			return no("%s is in the cache %s, and what is in a cache ships in no layer; let the command copy it to another place", p, m.Target)
		}
	}
	for _, m := range s.of.out.Tmpfs {
		if plan.Within(p, m.Target) {
			return no("%s is in memory (%s), and ships in no layer; let the command copy it to another place", p, m.Target)
		}
	}
	for _, m := range s.of.out.Mounts {
		if plan.Within(p, m.Target) {
			return no("%s is mounted (%s), and isn't the command's work; take it with files, or let the command copy it", p, m.Target)
		}
	}
	return nil
}
