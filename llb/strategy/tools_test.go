// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/platforms"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// execOf plans a build file of one build on a base with variables.
func execOf(t *testing.T, env withEnv, build string) (*plan.Exec, error) {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte("from: base\nlayers:\n  - build: {"+build+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	amd64 := platforms.MustParse("linux/amd64")
	p, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: env})
	if err != nil {
		return nil, err
	}
	return p.Images[0].Layers[0].Action.(*plan.Exec), nil
}

// TestTools has the caches of tools where they look for them: by the step's user, and by
// the variables of what it runs in and of the build.
func TestTools(t *testing.T) {
	for _, c := range []struct {
		tools, more string
		env         withEnv
		want        string
	}{
		{tools: "go", want: "/root/go/pkg/mod shared, /root/.cache/go-build shared"},
		{tools: "go", env: withEnv{"GOPATH=/go:/more"}, want: "/go/pkg/mod shared, /root/.cache/go-build shared"},
		{tools: "go", env: withEnv{"GOPATH=/go"}, more: "env: {GOCACHE: /fast, GOMODCACHE: /mod}", want: "/mod shared, /fast shared"},
		{tools: "go", more: "user: '1000:50'", want: "~/go/pkg/mod shared, ~/.cache/go-build shared"},
		{tools: "go", more: "user: app, env: {HOME: /home/app/}", want: "/home/app/go/pkg/mod shared, /home/app/.cache/go-build shared"},
		{tools: "go", more: "deterministic: strict", want: "/tmp/go/pkg/mod shared, /tmp/.cache/go-build shared"},
		{tools: "npm", more: "user: root", want: "/root/.npm shared"},
		{tools: "npm, /x", env: withEnv{"npm_config_cache=/npm"}, want: "/npm shared, /x shared"},
		{tools: "pip, uv", env: withEnv{"XDG_CACHE_HOME=/xdg"}, want: "/xdg/pip shared, /xdg/uv shared; UV_LINK_MODE=copy"},
		{tools: "pnpm", more: "user: node", want: "~/.local/share/pnpm/store shared, ~/.cache/pnpm shared; npm_config_store_dir=~/.local/share/pnpm/store"},
		{tools: "pnpm", env: withEnv{"PNPM_HOME=/pnpm"}, want: "/pnpm/store shared, /root/.cache/pnpm shared; npm_config_store_dir=/pnpm/store"},
		{tools: "composer", env: withEnv{"COMPOSER_HOME=/tmp"}, want: "/tmp/cache shared; COMPOSER_CACHE_DIR=/tmp/cache"},
		{tools: "composer", want: "/root/.cache/composer shared; COMPOSER_CACHE_DIR=/root/.cache/composer"},
		{tools: "composer", env: withEnv{"COMPOSER_CACHE_DIR=/c"}, want: "/c shared"},
		{tools: "cargo", env: withEnv{"CARGO_HOME=/usr/local/cargo"}, want: "/usr/local/cargo/registry locked, /usr/local/cargo/git locked"},
		{tools: "poetry", want: "/root/.cache/pypoetry/cache locked, /root/.cache/pypoetry/artifacts locked"},
		{tools: "yarn", want: "/root/.cache/yarn locked, /root/.yarn/berry/cache locked; YARN_CACHE_FOLDER=/root/.cache/yarn"},
		{tools: "maven, gradle", want: "/root/.m2/repository locked, /root/.gradle/caches locked, /root/.gradle/wrapper locked"},
		{tools: "apt", want: "/var/cache/apt locked, /var/lib/apt/lists locked, file /etc/apt/apt.conf.d/docker-clean"},
	} {
		e, err := execOf(t, c.env, "run: make, cache: ["+c.tools+"], "+c.more)
		if err != nil {
			t.Errorf("%s: %v", c.tools, err)
			continue
		}
		var got []string
		for _, m := range e.Cache {
			if m.ID != m.Target {
				t.Errorf("%s: the cache %s has the name %s", c.tools, m.Target, m.ID)
			}
			got = append(got, m.Target+" "+m.Sharing)
		}
		for _, f := range e.Files {
			got = append(got, "file "+f.Target)
		}
		text := strings.Join(got, ", ")
		if len(e.ToolEnv) > 0 {
			text += "; " + strings.Join(e.ToolEnv, ", ")
		}
		if text != c.want {
			t.Errorf("%s with %v and %s: got %s, want %s", c.tools, c.env, c.more, text, c.want)
		}
	}
}

// TestEveryToolIsPlanned has each tool of the table, and a relative directory.
func TestEveryToolIsPlanned(t *testing.T) {
	for _, tool := range spec.Tools() {
		e, err := execOf(t, nil, "run: make, cache: ["+tool.Name+"]")
		if err != nil {
			t.Errorf("%s: %v", tool.Name, err)
			continue
		}
		if len(e.Cache) != len(tool.Dirs) || len(e.ToolEnv) != len(tool.Env) || len(e.Files) != len(tool.Files) {
			t.Errorf("%s: planned as %+v", tool.Name, e)
		}
	}
	_, err := execOf(t, withEnv{"CCACHE_DIR=relative"}, "run: make, cache: [ccache]")
	want := `strata.yaml:3:32: the caches of ccache: the environment has them at "relative", which isn't absolute`
	if fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestSources has sources where the command finds them.
func TestSources(t *testing.T) {
	for build, want := range map[string]string{
		"source: .":                                        "/src: / > /src/",
		"source: server, workdir: /src/cmd":                "/src/cmd: /server > /src/",
		"source: [a, b/c], workdir: /app":                  "/app: /a > /app/a, /b/c > /app/c",
		"source: ['*.json', ., 'x/[id]'], workdir: /app":   "/app: /*.json > /app/ by name, / > /app/, /x/[id] > /app/ by name",
		"source: {path: a, dest: b}":                       "/src: /a > /src/b",
		"source: {path: a, dest: b/}":                      "/src: /a > /src/b/",
		"source: {path: a, dest: /b/../c}, workdir: /app":  "/app: /a > /c",
		"source: [{path: a, include: [b]}], workdir: /app": "/app: /a > /app/a",
		"source: {path: ., exclude: [b]}, workdir: /":      "/: / > //",
	} {
		e, err := execOf(t, nil, "from: x, run: make, "+build)
		if err != nil {
			t.Errorf("%s: %v", build, err)
			continue
		}
		var got []string
		for _, s := range e.Sources {
			text := s.Path + " > " + s.Dest
			if s.Into {
				text += "/"
			}
			if s.OwnName {
				text += " by name"
			}
			got = append(got, text)
		}
		if text := e.Cwd + ": " + strings.Join(got, ", "); text != want {
			t.Errorf("%s: got %s, want %s", build, text, want)
		}
	}
}

// TestOutputs has what ships, and whether there is a $out beside it.
func TestOutputs(t *testing.T) {
	for build, want := range map[string]string{
		"run: make, outputs: [/a/b]":                                       "/a/b > /a/b",
		"run: make, outputs: [{source: [/a, '/b/*', /c/d], dest: /e/}]":    "/a > /e/a, /b/* > /e/, /c/d > /e/d",
		"run: make, outputs: [{source: [/a, /b/c], owner: '1:2'}]":         "/a > /a 1:2, /b/c > /b/c 1:2",
		"run: make, outputs: [{source: '/a/*.jar', dest: /b.jar}]":         "/a/*.jar > /b.jar",
		"run: make, outputs: ['/a/*.so']":                                  "/a/*.so > /a/",
		"run: 'make $out', outputs: [{source: /a, dest: /b/}]":             "$out, /a > /b/",
		"run: make, out: [/x, /y/z], outputs: [{source: /a, dest: /}]":     "$out/x, $out/y/z, $out, /a > //",
		"run: make, out: true, owner: keep, outputs: [/a]":                 "$out, /a > /a keep",
		"run: make, owner: '1:2', outputs: [/a, {source: /b, owner: app}]": "/a > /a 1:2, /b > /b app:",
		"run: make, outputs: [{source: /a, mode: 'u+x,o='}]":               "/a > /a u+x,o=",
	} {
		e, err := execOf(t, nil, build)
		if err != nil {
			t.Errorf("%s: %v", build, err)
			continue
		}
		var got []string
		for _, dir := range e.OutDirs {
			got = append(got, "$out"+dir)
		}
		if !e.OnlyOutputs {
			got = append(got, "$out")
		}
		for _, o := range e.Outputs {
			text := o.Path + " > " + o.Dest
			if o.Into {
				text += "/"
			}
			if o.KeepOwners {
				text += " keep"
			}
			if o.Owner != nil {
				text += " " + o.Owner.User + ":" + o.Owner.Group
			}
			if o.ModeChange != "" {
				text += " " + o.ModeChange
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); !e.Out || text != want {
			t.Errorf("%s: got %s, want %s", build, text, want)
		}
	}
}
