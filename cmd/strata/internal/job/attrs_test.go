// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
)

// parse reads a build's command line.
func parse(t *testing.T, vars map[string]string, args ...string) (cli.Terminal, Options) {
	t.Helper()
	term := cli.Terminal{
		In: strings.NewReader(""), Out: io.Discard, Err: io.Discard,
		Env: func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
	}
	var o Options
	flags := pflag.NewFlagSet("build", pflag.ContinueOnError)
	o.Bind(flags, term)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	o.Input.Context = flags.Arg(0)
	return term, o
}

func TestFrontendAttrs(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want map[string]string
	}{
		{name: "nothing", want: map[string]string{}},
		{
			name: "every one",
			env:  map[string]string{"FROM_ENV": "e", "SOURCE_DATE_EPOCH": "1"},
			args: []string{
				"--target", "t", "--build-arg", "A=b", "--build-arg", "FROM_ENV", "--label", "l=v",
				"--network", "host", "--shm-size", "1k", "--ulimit", "nofile=1", "--cgroup-parent", "c",
				"--no-cache-filter", "a,b", "--no-cache-filter", "c", "--pull", "--provenance=mode=max",
			},
			want: map[string]string{
				"target": "t", "build-arg:A": "b", "build-arg:FROM_ENV": "e", "build-arg:SOURCE_DATE_EPOCH": "1",
				"label:l": "v", "force-network-mode": "host", "shm-size": "1024", "ulimit": "nofile=1:1",
				"cgroup-parent": "c", "no-cache": "a,b,c", "image-resolve-mode": "pull",
				"attest:provenance": "type=provenance,mode=max",
			},
		},
		{name: "no cache at all", args: []string{"--no-cache"}, want: map[string]string{"no-cache": ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			term, o := parse(t, test.env, test.args...)
			got, err := frontendAttrs(o, term.Env)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestJob checks the whole request that a command line becomes.
func TestJob(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, frontend.DefaultFile), []byte("from: scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	term, o := parse(t, map[string]string{"BUILDKIT_PROGRESS": "plain", "DOCKER_DEFAULT_PLATFORM": "linux/arm64"},
		dir, "--network", "host", "--allow", "security.insecure", "--cache-from", "example.org/c", "--cache-to", "type=inline",
		"--build-context", "a="+dir, "--build-context", "context=docker-image://x", "--build-context", "strata-step="+dir)
	j, err := newJob(context.Background(), term, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.close() }()

	opt := j.solveOpt
	attrs := map[string]string{}
	for key, value := range opt.FrontendAttrs {
		if !strings.HasPrefix(key, "sharedkey:") {
			attrs[key] = value
		}
	}
	want := map[string]string{
		"filename": "strata.yaml", "platform": "linux/arm64", "force-network-mode": "host",
		"context:a": "local:a", "context:context": "docker-image://x", "context:strata-step": "local:_strata-step",
	}
	if diff := cmp.Diff(want, attrs); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	for _, name := range []string{"context", "dockerfile", "strata-step", "a", "_strata-step"} {
		if opt.LocalMounts[name] == nil {
			t.Errorf("no local source %q", name)
		}
	}
	if diff := cmp.Diff([]string{"security.insecure", "network.host"}, opt.AllowedEntitlements); diff != "" {
		t.Errorf("entitlements (-want +got):\n%s", diff)
	}
	if len(opt.CacheImports) != 1 || len(opt.CacheExports) != 1 || len(opt.Session) != 3 || opt.SharedKey == "" {
		t.Errorf("caches %v %v, %d attachables, key %q", opt.CacheImports, opt.CacheExports, len(opt.Session), opt.SharedKey)
	}
	if j.progress != "plain" {
		t.Errorf("progress %q", j.progress)
	}
}

// TestInlineCache has a cache in the image by a flag, or by the argument that buildx knows.
func TestInlineCache(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, frontend.DefaultFile), []byte("from: scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]int{
		"--build-arg BUILDKIT_INLINE_CACHE=1":                        1,
		"--build-arg BUILDKIT_INLINE_CACHE=1 --cache-to type=inline": 1,
		"--build-arg BUILDKIT_INLINE_CACHE=0":                        0,
		"--build-arg BUILDKIT_INLINE_CACHE=1 --check":                0,
	} {
		term, o := parse(t, nil, append(strings.Fields(words), dir)...)
		j, err := newJob(t.Context(), term, o)
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for _, c := range j.solveOpt.CacheExports {
			types = append(types, c.Type)
		}
		if !slices.Equal(types, slices.Repeat([]string{"inline"}, want)) {
			t.Errorf("%s: caches are written to %q", words, types)
		}
		_ = j.close()
	}
}

// TestQuestion checks that a --call exports nothing.
func TestQuestion(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, frontend.DefaultFile), []byte("from: scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	term, o := parse(t, nil, dir, "--check", "--push", "-t", "a", "--cache-to", "type=inline", "--iidfile", dir+"/id")
	j, err := newJob(context.Background(), term, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.close() }()
	opt := j.solveOpt
	if opt.FrontendAttrs["requestid"] != "frontend.lint" || !opt.Internal || len(opt.Exports)+len(opt.CacheExports) != 0 {
		t.Errorf("request %q, internal %t, exports %v %v", opt.FrontendAttrs["requestid"], opt.Internal, opt.Exports, opt.CacheExports)
	}
}
