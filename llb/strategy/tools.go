// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// planTool gives a command the caches of a tool, where that looks for them in the step's
// environment.
func planTool(c *command, name string, at spec.Pos) error {
	tool, err := spec.FindTool(name)
	if err != nil {
		return c.t.read.errorf(at, "%w", err)
	}
	env := environment(c.out.Env).table()
	env["HOME"] = home(c.out.User, env["HOME"])
	if paths, ok := env["GOPATH"]; ok {
		env["GOPATH"], _, _ = strings.Cut(paths, ":")
	}
	vars := spec.Vars{}.With(env)
	for _, dir := range tool.Dirs {
		target, err := vars.Expand(spec.String{Value: dir})
		if err != nil {
			return c.t.read.errorf(at, "the caches of %s: %w", name, err)
		}
		if !strings.HasPrefix(target, "/") && !strings.HasPrefix(target, plan.Home+"/") {
			return c.t.read.errorf(at, "the caches of %s: the environment has them at %q, which isn't absolute", name, target)
		}
		c.out.Cache = append(c.out.Cache, plan.Cache{Target: target, ID: target, Sharing: tool.Sharing})
	}
	for _, kv := range tool.Env {
		key, value, _ := strings.Cut(kv, "=")
		if _, ok := env[key]; ok {
			continue
		}
		if value, err = vars.Expand(spec.String{Value: value}); err != nil {
			return c.t.read.errorf(at, "the caches of %s: %w", name, err)
		}
		c.out.ToolEnv = append(c.out.ToolEnv, key+"="+value)
	}
	for _, f := range tool.Files {
		c.out.Files = append(c.out.Files, plan.File{Target: f.Path, Content: f.Text})
	}
	return nil
}

// home is the home directory of a step's user: what the environment says, root's, or
// what only the step's /etc/passwd tells.
func home(user, env string) string {
	user, _, _ = strings.Cut(user, ":")
	switch {
	case env != "":
		return strings.TrimSuffix(env, "/")
	case slices.Contains([]string{"", "root", "0"}, user):
		return "/root"
	}
	return plan.Home
}
