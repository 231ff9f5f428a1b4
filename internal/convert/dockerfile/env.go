// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/util/system"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// setEnv is ENV. All its values see the environment before it.
func (s *stage) setEnv(cmd *instructions.EnvCommand) error {
	comments := s.comments(cmd)
	values := make([]value, len(cmd.Env))
	for i, kv := range cmd.Env {
		v, doubts, err := s.vars.expand(kv.Value)
		if err != nil {
			return err
		}
		s.c.doubt(startLine(cmd.Location()), doubts)
		values[i] = v
	}
	for i, kv := range cmd.Env {
		name, err := s.expander(startLine(cmd.Location()))(kv.Key)
		if err != nil {
			return err
		}
		s.vars.set(name, variable{value: values[i]})
		at := slices.IndexFunc(s.env, func(l envLine) bool { return l.name == name })
		if at < 0 {
			at = len(s.env)
			s.env = append(s.env, envLine{name: name})
		}
		s.env[at].value = values[i]
		s.env[at].comments, comments = append(s.env[at].comments, comments...), nil
	}
	return nil
}

// written are lines of an environment while they are written: a later one may refer to
// those above by their names.
type written struct {
	lines map[string]value
}

// seen reports whether a name above has a value.
func (w *written) seen(name string, was value) bool {
	v, ok := w.lines[name]
	return ok && v.text() == was.text()
}

// write is a line, in the names of those above it.
func (w *written) write(name string, v value) string {
	text := w.below(v).write(w.seen)
	w.lines[name] = v
	return text
}

// below says a reference to the base's variable by the line above that begins or ends
// with it, where that line hides it.
func (w *written) below(v value) value {
	flat := v.flat()
	for _, p := range flat {
		if p.from != below || p.name == "" {
			continue
		}
		above, ok := w.lines[p.name]
		if !ok {
			continue
		}
		if at := find(flat, above.flat()); at >= 0 {
			n := len(above.flat())
			return slices.Concat(flat[:at], value{{name: p.name, from: env, was: above}}, flat[at+n:])
		}
	}
	return v
}

// find is the place of some parts in others.
func find(all, some value) int {
	for i := 0; i+len(some) <= len(all); i++ {
		if all[i:i+len(some)].text() == some.text() {
			return i
		}
	}
	return -1
}

// configEnv is the environment of the configuration.
func (s *stage) configEnv() []draft.Pair {
	w := written{lines: map[string]value{}}
	var out []draft.Pair
	for _, l := range s.env {
		out = append(out, draft.Pair{Comments: l.comments, Name: l.name, Value: w.write(l.name, l.value)})
	}
	if _, ok := w.lines["PATH"]; !ok && s.out.From == "" && s.c.opts.Faithful {
		out = append(out, draft.Pair{Name: "PATH", Value: system.DefaultPathEnv("linux")})
	}
	return out
}

// stepEnv is the environment of a step besides the base's: what ENV has set so far, and
// the arguments that it gets.
func (s *stage) stepEnv(b *draft.Build) {
	w := written{lines: map[string]value{}}
	wanted := []string{}
	for _, name := range s.vars.order {
		v := s.vars.vars[name]
		switch {
		case v.arg && v.value.isOnly(name):
			wanted = append(wanted, name)
		case v.inherited && s.c.args.all[name] == nil:
		default:
			b.Env = append(b.Env, draft.Pair{Name: name, Value: w.write(name, v.value)})
		}
	}
	s.stepArgs(b, wanted)
}

// stepArgs says which arguments a step gets, unless it gets just those that it mentions.
func (s *stage) stepArgs(b *draft.Build, wanted []string) {
	var mentioned []string
	for _, name := range spec.Mentioned(b.Run) {
		if s.c.args.has(name) {
			mentioned = append(mentioned, name)
		}
	}
	set := func(name string) bool {
		return slices.ContainsFunc(b.Env, func(p draft.Pair) bool { return p.Name == name })
	}
	mentioned = slices.DeleteFunc(mentioned, set)
	same := slices.Clone(wanted)
	slices.Sort(same)
	if slices.Equal(mentioned, same) {
		return
	}
	b.Args = wanted
}
