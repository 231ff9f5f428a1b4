// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/system"

	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// environment is an ordered set of variables.
type environment []string

// set replaces a variable in its place, or adds it.
func (e environment) set(key, value string) environment {
	for i, kv := range e {
		if k, _, _ := strings.Cut(kv, "="); k == key {
			e[i] = key + "=" + value
			return e
		}
	}
	return append(e, key+"="+value)
}

// places are where variables stand: of two that have one name, the first.
func (e environment) places() map[string]int {
	at := make(map[string]int, len(e))
	for i := len(e) - 1; i >= 0; i-- {
		name, _, _ := strings.Cut(e[i], "=")
		at[name] = i
	}
	return at
}

// without removes a variable.
func (e environment) without(key string) environment {
	return slices.DeleteFunc(e, func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return k == key
	})
}

// table is the environment as a map.
func (e environment) table() map[string]string {
	out := make(map[string]string, len(e))
	for _, kv := range e {
		k, v, _ := strings.Cut(kv, "=")
		out[k] = v
	}
	return out
}

// merge puts the pairs of the build file over an environment; their values may
// mention the pairs before them, arguments, and what is in the environment, in this
// order: an argument hides the variable of a base that has its name.
func (r reader) merge(e environment, pairs []spec.Pair) (environment, error) {
	known := e.table()
	for name := range known {
		if _, ok := r.vars.Lookup(name); ok {
			delete(known, name)
		}
	}
	vars := r.vars.Above(known)
	at := e.places()
	for _, p := range pairs {
		i, there := at[p.Key]
		if p.Removed {
			if delete(known, p.Key); there {
				e = e.without(p.Key)
				at = e.places()
			}
			continue
		}
		value, err := r.expandWith(vars, p.Value)
		if err != nil {
			return nil, err
		}
		known[p.Key] = value
		if there {
			e[i] = p.Key + "=" + value
			continue
		}
		at[p.Key] = len(e)
		e = append(e, p.Key+"="+value)
	}
	return e, nil
}

// withArguments gives the variables of a base the values of the arguments that have
// their names, as ARG does.
func (r reader) withArguments(e environment) environment {
	for name := range e.table() {
		if value, ok := r.vars.Lookup(name); ok {
			e = e.set(name, value)
		}
	}
	return e
}

// planEnv makes the whole environment: the base's, the arguments that hide a variable
// of it or that a script mentions, the build's own, and out.
func (c *command) planEnv(context.Context) error {
	var env environment
	if c.base != nil {
		env = append(env, c.base.Config.Env...)
	}
	if c.b.Args == nil {
		env = c.t.read.withArguments(env)
	}
	level, err := c.deterministic()
	if err != nil {
		return err
	}
	if level == "strict" {
		env = fixed(env)
		c.out.OnlyEnv = true
	}
	if _, ok := env.table()["PATH"]; !ok {
		env = env.set("PATH", system.DefaultPathEnv("linux"))
	}
	if env, err = arguments(c, env); err != nil {
		return err
	}
	if env, err = c.t.read.merge(env, c.b.Env); err != nil {
		return err
	}
	if c.hasOut() {
		env = env.set("out", plan.OutDir)
	}
	c.out.Env = env
	c.warnOut()
	return nil
}

// arguments adds the arguments that the command gets: those that the build file lists, or
// else those that a script mentions.
func arguments(c *command, env environment) (environment, error) {
	names := []string{}
	if c.b.Args == nil && c.b.Run.IsSet() {
		names = spec.Mentioned(c.run)
	}
	for _, s := range c.b.Args {
		name, err := c.t.read.expand(s)
		if err != nil {
			return nil, err
		}
		if !c.t.read.vars.Declared(name) {
			return nil, c.t.read.errorf(s.Pos, "there is no argument %q", name).WithHint(spell.DidYouMean(name, c.t.read.vars.Names()))
		}
		names = append(names, name)
	}
	for _, name := range names {
		if value, ok := c.t.read.vars.Lookup(name); ok {
			env = env.set(name, value)
		}
	}
	return env, nil
}

// warnOut tells of a script that uses $OUT or the like for $out.
func (c *command) warnOut() {
	set := environment(c.out.Env).table()
	for _, name := range spec.Mentioned(c.run) {
		_, known := set[name]
		if name == "out" || !strings.EqualFold(name, "out") || known || strings.Contains(c.run, name+"=") {
			continue
		}
		c.t.pass.warn(RuleOut, c.b.Run.Pos, "did you mean $out?", "nothing sets $%s, and the script uses it", name)
	}
}

// fixed is the environment of a strictly deterministic build: the base's PATH,
// and the same of everything that programs ask for on every machine.
func fixed(base environment) environment {
	var env environment
	if path, ok := base.table()["PATH"]; ok {
		env = env.set("PATH", path)
	}
	for _, kv := range []string{"HOME=/tmp", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "SOURCE_DATE_EPOCH=0", "TZ=UTC", "USER=nobody"} {
		k, v, _ := strings.Cut(kv, "=")
		env = env.set(k, v)
	}
	return env
}

// deterministic reads the level: false, network or strict.
func (c *command) deterministic() (string, error) {
	level, err := c.t.read.expand(c.b.Deterministic)
	if err != nil {
		return "", err
	}
	switch level {
	case "", "false":
		return "false", nil
	case "true", "strict":
		return "strict", nil
	case "network":
		return level, nil
	}
	return "", c.t.read.errorf(c.b.Deterministic.Pos, "%q is not a level of determinism; want false, network or strict", level)
}

// planNetwork reads the network; a deterministic build has none.
func (c *command) planNetwork(context.Context) error {
	level, err := c.deterministic()
	if err != nil {
		return err
	}
	network, err := c.t.read.expand(c.b.Network)
	if err != nil {
		return err
	}
	switch {
	case network == "" && level != "false":
		network = "none"
	case network == "":
		network = "default"
	case network != "none" && network != "default" && network != "host":
		return c.t.read.errorf(c.b.Network.Pos, "%q is not a network; want none, default or host", network)
	case network != "none" && level != "false":
		return c.t.read.errorf(c.b.Network.Pos, "network %s goes against deterministic: %s, which cuts the network", network, level)
	}
	c.out.Network = network
	return nil
}
