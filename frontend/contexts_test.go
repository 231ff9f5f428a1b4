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
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestIgnoreFiles shows that .dockerignore holds, and that the build file's own
// ignore file takes its place.
func TestIgnoreFiles(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
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
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir)...)
		house.Want(t, "the context", names(t, out), "in in/.dockerignore in/keep.log in/notes.txt in/other in/other/strata.yaml in/other/strata.yaml.dockerignore")
		out = w.Files(t, "-f", filepath.Join(dir, "other/strata.yaml"), dir)
		house.Want(t, "the context", names(t, out), "in in/notes.txt")
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
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /app/, source: "src/*.txt"}]
  - files: [{dest: /extra, from: context:more, source: used}]
-- src/a.txt --
-- more/used --
`)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	house.Write(t, filepath.Join(dir, "unused/big"), big)
	house.Write(t, filepath.Join(dir, "more/unused"), big)
	sent := regexp.MustCompile(`transferring (?:context|\S+): ([\d.]+)(k?B) `)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "--build-context", "more="+filepath.Join(dir, "more"), "-o", t.TempDir())...)
		sizes := sent.FindAllStringSubmatch(out, -1)
		if len(sizes) == 0 || megabytes.MatchString(out) {
			t.Errorf("more was sent than is used:\n%s", out)
		}
	})
}

// TestUnusedContext shows that a context no one uses isn't sent at all.
func TestUnusedContext(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		if out := w.Must(t, house.Flags(dir, "-o", t.TempDir())...); strings.Contains(out, "load build context") {
			t.Errorf("the context was loaded:\n%s", out)
		}
	})
}

// TestGitContext builds a repository, a directory of it, and a commit of it.
func TestGitContext(t *testing.T) {
	h := house.New(t)
	git := testenv.GitServer(t, map[string]string{
		"strata.yaml":     "# syntax=" + h.Frontend + "\nlayers: [{files: [{dest: /, source: data}]}]\n",
		"data/top":        "top",
		"sub/strata.yaml": "# syntax=" + h.Frontend + "\nlayers: [{files: [{dest: /, source: data}]}]\n",
		"sub/data/sub":    "sub",
	})
	h.Each(t, func(t *testing.T, w house.Way) {
		for address, file := range map[string]string{
			git.URL:                          "top",
			git.URL + "#main:sub":            "sub",
			git.URL + "#" + git.Commit:       "top",
			git.URL + "?branch=main":         "top",
			git.URL + "?ref=main&subdir=sub": "sub",
		} {
			out := w.Files(t, "-f", "strata.yaml", address)
			house.Want(t, address, names(t, out), file)
		}
	})
}

// TestArchiveContext builds a tar archive that lies on a web server.
func TestArchiveContext(t *testing.T) {
	h := house.New(t)
	server := testenv.FileServer(t, map[string][]byte{"/context.tar": testenv.Tar(t, []testenv.Entry{
		{Path: "strata.yaml", Data: []byte("# syntax=" + h.Frontend + "\nlayers: [{files: [{dest: /b, source: a}]}]\n")},
		{Path: "a", Data: []byte("from the archive")},
	})})
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, "-f", "strata.yaml", server.URL+"/context.tar")
		house.Want(t, "/b", house.Read(t, out, "b"), "from the archive")
	})
}

// TestStandardInput takes the build file from the standard input, with a directory
// as the context and with none.
func TestStandardInput(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- a --\nin the context\n")
	text := "# syntax=" + h.Frontend + "\nlayers: [{files: [{dest: /b, source: a}]}]\n"
	out := filepath.Join(t.TempDir(), "docker")
	docker := h.Buildx.Command("buildx", "build", "-f", "-", "-o", out, dir)
	docker.Stdin = strings.NewReader(text)
	if msg, err := docker.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	house.Want(t, "/b through docker", house.Read(t, out, "b"), "in the context\n")

	out = filepath.Join(t.TempDir(), "strata")
	cli := h.CLI.Command("build", "-f", "-", "-o", out, dir)
	cli.Env = append(cli.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
	cli.Stdin = strings.NewReader(text)
	if msg, err := cli.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	house.Want(t, "/b through strata", house.Read(t, out, "b"), "in the context\n")
}

// TestMissingContextFile shows that a source that isn't there is an error that
// shows the entry.
func TestMissingContextFile(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - files:\n      - {dest: /b, source: no/such/file}\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir, "-o", t.TempDir())...)
		if err == nil {
			t.Fatalf("a missing source is not an error:\n%s", out)
		}
		house.Contains(t, out, "strata.yaml:4:28: there is no \"no/such/file\" in the build context", "- {dest: /b, source: no/such/file}")
	})
}

// TestMissingBuildFile shows that the error names the file that isn't there.
func TestMissingBuildFile(t *testing.T) {
	h := house.New(t)
	git := testenv.GitServer(t, map[string]string{"README": ""})
	out, err := h.Strata(git.URL)
	if err == nil {
		t.Fatalf("a missing build file is not an error:\n%s", out)
	}
	house.Contains(t, out, "strata.yaml")
	if strings.Contains(strings.ToLower(out), "dockerfile") {
		t.Errorf("the message speaks of a Dockerfile:\n%s", out)
	}
}

// TestSentForPackages asks for packages on bases of each shape, without building: of the
// build context, only what a target takes is sent.
func TestSentForPackages(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "tool", Version: "1"})
	base := h.Registry.Push(t, "sent:1", testenv.DebianImage(t))
	status := testenv.Output(t, "tar", "-xOf", testenv.DebianTree(t), "./var/lib/dpkg/status")
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	for name, from := range map[string]string{
		"image":             base,
		"target":            "target:below\ntargets:\n  below:\n    from: " + base + "\n    layers: [{files: [{dest: /opt/small, source: small}]}]",
		"context":           "context:root",
		"target on context": "target:below\ntargets:\n  below:\n    from: context:root\n    layers: [{files: [{dest: /opt/small, source: small}]}]",
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.OnDebian(t, a, from, "  - packages: {names: [tool], REPOSITORIES}\n")
			house.Write(t, filepath.Join(dir, "unused"), big)
			house.Write(t, filepath.Join(dir, "small"), []byte("small"))
			house.Write(t, filepath.Join(dir, "root/var/lib/dpkg/status"), []byte(status))
			house.Write(t, filepath.Join(dir, "root/usr/share/unused"), big)
			out, err := buildctl(t, h, dir, "--opt", "requestid=frontend.strata.lock", "--opt", "context:root=local:root", "--local", "root="+filepath.Join(dir, "root"))
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
