// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestIgnoreFiles shows that .dockerignore holds, and that the build file's own
// ignore file takes its place.
func TestIgnoreFiles(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /in, source: .}]
-- .dockerignore --
*.log
!keep.log
strata.yaml
-- keep.log --
-- drop.log --
-- notes.txt --
-- other/strata.yaml --
{syntax}
layers:
  - files: [{dest: /in, source: .}]
-- other/strata.yaml.dockerignore --
*
!notes.txt
`)
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, flags(dir)...)
		want(t, "the context", names(t, out), "in in/.dockerignore in/keep.log in/notes.txt in/other in/other/strata.yaml in/other/strata.yaml.dockerignore")
		out = w.files(t, "-f", filepath.Join(dir, "other/strata.yaml"), dir)
		want(t, "the context", names(t, out), "in in/notes.txt")
	})
}

// names are the paths below a directory.
func names(t *testing.T, root string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(p string, _ os.DirEntry, err error) error {
		if p != root {
			all = append(all, strings.TrimPrefix(p, root+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// megabytes is of a line about too much that was sent.
var megabytes = regexp.MustCompile(`transferring \S+: [\d.]+[MG]B`)

// TestSentPaths shows that only what is used of a context is sent.
func TestSentPaths(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /app/, source: "src/*.txt"}]
  - files: [{dest: /extra, from: context:more, source: used}]
-- src/a.txt --
-- more/used --
`)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	write(t, filepath.Join(dir, "unused/big"), big)
	write(t, filepath.Join(dir, "more/unused"), big)
	sent := regexp.MustCompile(`transferring (?:context|\S+): ([\d.]+)(k?B) `)
	h.each(t, func(t *testing.T, w way) {
		out := w.must(t, flags(dir, "--build-context", "more="+filepath.Join(dir, "more"), "-o", t.TempDir())...)
		sizes := sent.FindAllStringSubmatch(out, -1)
		if len(sizes) == 0 || megabytes.MatchString(out) {
			t.Errorf("more was sent than is used:\n%s", out)
		}
	})
}

// TestUnusedContext shows that a context no one uses isn't sent at all.
func TestUnusedContext(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.each(t, func(t *testing.T, w way) {
		if out := w.must(t, flags(dir, "-o", t.TempDir())...); strings.Contains(out, "load build context") {
			t.Errorf("the context was loaded:\n%s", out)
		}
	})
}

// TestGitContext builds a repository, a directory of it, and a commit of it.
func TestGitContext(t *testing.T) {
	h := newHouse(t)
	git := testenv.GitServer(t, map[string]string{
		"strata.yaml":     "# syntax=" + h.frontend + "\nlayers: [{files: [{dest: /, source: data}]}]\n",
		"data/top":        "top",
		"sub/strata.yaml": "# syntax=" + h.frontend + "\nlayers: [{files: [{dest: /, source: data}]}]\n",
		"sub/data/sub":    "sub",
	})
	h.each(t, func(t *testing.T, w way) {
		for address, file := range map[string]string{
			git.URL:                          "top",
			git.URL + "#main:sub":            "sub",
			git.URL + "#" + git.Commit:       "top",
			git.URL + "?branch=main":         "top",
			git.URL + "?ref=main&subdir=sub": "sub",
		} {
			out := w.files(t, "-f", "strata.yaml", address)
			want(t, address, names(t, out), file)
		}
	})
}

// TestArchiveContext builds a tar archive that lies on a web server.
func TestArchiveContext(t *testing.T) {
	h := newHouse(t)
	server := testenv.FileServer(t, map[string][]byte{"/context.tar": testenv.Tar(t, []testenv.Entry{
		{Path: "strata.yaml", Data: []byte("# syntax=" + h.frontend + "\nlayers: [{files: [{dest: /b, source: a}]}]\n")},
		{Path: "a", Data: []byte("from the archive")},
	})})
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, "-f", "strata.yaml", server.URL+"/context.tar")
		want(t, "/b", read(t, out, "b"), "from the archive")
	})
}

// TestStandardInput takes the build file from the standard input, with a directory
// as the context and with none.
func TestStandardInput(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- a --\nin the context\n")
	text := "# syntax=" + h.frontend + "\nlayers: [{files: [{dest: /b, source: a}]}]\n"
	out := filepath.Join(t.TempDir(), "docker")
	docker := h.buildx.Command("buildx", "build", "-f", "-", "-o", out, dir)
	docker.Stdin = strings.NewReader(text)
	if msg, err := docker.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	want(t, "/b through docker", read(t, out, "b"), "in the context\n")

	out = filepath.Join(t.TempDir(), "strata")
	cli := h.cli.Command("build", "-f", "-", "-o", out, dir)
	cli.Env = append(cli.Env, "BUILDKIT_HOST="+h.daemon.Addr)
	cli.Stdin = strings.NewReader(text)
	if msg, err := cli.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	want(t, "/b through strata", read(t, out, "b"), "in the context\n")
}

// TestMissingContextFile shows that a source that isn't there is an error that
// shows the entry.
func TestMissingContextFile(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - files:\n      - {dest: /b, source: no/such/file}\n")
	h.each(t, func(t *testing.T, w way) {
		out, err := w.build(flags(dir, "-o", t.TempDir())...)
		if err == nil {
			t.Fatalf("a missing source is not an error:\n%s", out)
		}
		contains(t, out, "strata.yaml:4:28: there is no \"no/such/file\" in the build context", "- {dest: /b, source: no/such/file}")
	})
}

// TestMissingBuildFile shows that the error names the file that isn't there.
func TestMissingBuildFile(t *testing.T) {
	h := newHouse(t)
	git := testenv.GitServer(t, map[string]string{"README": ""})
	out, err := h.strata(git.URL)
	if err == nil {
		t.Fatalf("a missing build file is not an error:\n%s", out)
	}
	contains(t, out, "strata.yaml")
	if strings.Contains(strings.ToLower(out), "dockerfile") {
		t.Errorf("the message speaks of a Dockerfile:\n%s", out)
	}
}

// TestSentForPackages asks for packages on bases of each shape, without building: of the
// build context, only what a target takes is sent.
func TestSentForPackages(t *testing.T) {
	h := newHouse(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "tool", Version: "1"})
	base := h.registry.Push(t, "sent:1", testenv.DebianImage(t))
	status := testenv.Output(t, "tar", "-xOf", testenv.DebianTree(t), "./var/lib/dpkg/status")
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	for name, from := range map[string]string{
		"image":             base,
		"target":            "target:below\ntargets:\n  below:\n    from: " + base + "\n    layers: [{files: [{dest: /opt/small, source: small}]}]",
		"context":           "context:root",
		"target on context": "target:below\ntargets:\n  below:\n    from: context:root\n    layers: [{files: [{dest: /opt/small, source: small}]}]",
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.onDebian(t, a, from, "  - packages: {names: [tool], REPOSITORIES}\n")
			write(t, filepath.Join(dir, "unused"), big)
			write(t, filepath.Join(dir, "small"), []byte("small"))
			write(t, filepath.Join(dir, "root/var/lib/dpkg/status"), []byte(status))
			write(t, filepath.Join(dir, "root/usr/share/unused"), big)
			out, err := h.buildctl(t, dir, "--opt", "requestid=frontend.strata.lock", "--opt", "context:root=local:root", "--local", "root="+filepath.Join(dir, "root"))
			if err != nil || !strings.Contains(out, "transferring") {
				t.Fatalf("%v\n%s", err, out)
			}
			// A context that is the base is what packages are checked in: it is sent.
			if megabytes.MatchString(strings.ReplaceAll(out, "transferring root:", "")) {
				t.Errorf("more was sent than is used:\n%s", out)
			}
		})
	}
}
