// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"regexp"

	"github.com/moby/buildkit/util/system"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// planTests plans what runs in the finished image: with its environment, its
// user and its working directory.
func (t *Target) planTests() ([]plan.Test, error) {
	var tests []plan.Test
	for i := range t.described.Tests {
		one, err := t.read.planTest(&t.described.Tests[i], &t.image.Config.Config)
		if err != nil {
			return nil, err
		}
		if one.Name == "" {
			one.Name = fmt.Sprintf("test %d", i+1)
		}
		tests = append(tests, one)
	}
	return tests, nil
}

func (r reader) planTest(s *spec.Test, config *dockerspec.DockerOCIImageConfig) (plan.Test, error) {
	out := plan.Test{Name: s.Name, Range: s.Range, Exit: s.Expect.Exit, User: config.User, Workdir: config.WorkingDir}
	if out.Workdir == "" {
		out.Workdir = "/"
	}
	env := append(environment{}, config.Env...)
	if _, ok := env.table()["PATH"]; !ok {
		env = env.set("PATH", system.DefaultPathEnv("linux"))
	}
	script, err := r.verbatim(s.Run)
	if err != nil {
		return out, err
	}
	if out.Env, err = r.merge(withMentioned(r, env, script), s.Env); err != nil {
		return out, err
	}
	if s.User.IsSet() {
		if out.User, err = r.expand(s.User); err != nil {
			return out, err
		}
	}
	if s.Run.IsSet() {
		shell := []string{"/bin/sh", "-e", "-c"}
		if len(config.Shell) > 0 {
			shell = config.Shell
		}
		out.Args = append(append(out.Args, shell...), script)
	} else if out.Args, err = r.expandAll(s.Argv); err != nil {
		return out, err
	}
	if s.Start {
		if err := r.planService(&out, s, config); err != nil {
			return out, err
		}
	}
	if out.Files, err = r.planFiles(s.Files); err != nil {
		return out, err
	}
	if out.Stdout, err = r.match(s.Expect.Stdout); err != nil {
		return out, err
	}
	out.Stderr, err = r.match(s.Expect.Stderr)
	return out, err
}

// withMentioned adds the arguments that a script mentions to the environment of an image.
// What the image has is what its containers have, and so what is tried.
func withMentioned(r reader, e environment, script string) environment {
	has := e.places()
	for _, name := range spec.Mentioned(script) {
		value, ok := r.vars.Lookup(name)
		if _, there := has[name]; ok && !there {
			e = append(e, name+"="+value)
		}
	}
	return e
}

func (r reader) match(s *spec.Match) (*plan.Match, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // no condition is one, too
	}
	out := &plan.Match{}
	for _, f := range []struct {
		from spec.String
		to   **string
	}{{s.Equals, &out.Equals}, {s.Contains, &out.Contains}, {s.Matches, &out.Matches}} {
		if !f.from.IsSet() {
			continue
		}
		text, err := r.expand(f.from)
		if err != nil {
			return nil, err
		}
		*f.to = &text
	}
	if out.Matches != nil {
		if _, err := regexp.Compile(*out.Matches); err != nil {
			return nil, r.errorf(s.Matches.Pos, "read regular expression: %w", err)
		}
	}
	return out, nil
}
