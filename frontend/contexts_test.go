// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"bytes"
	"errors"
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
// build context, only what a target takes is sent, and of a directory that is the base,
// the names and what is read. The answer is as if all were there.
func TestSentForPackages(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "tool", Version: "1", Files: map[string]string{"usr/bin/tool": "x"}})
	base := h.Registry.Push(t, "sent:1", testenv.DebianImage(t))
	status := testenv.Output(t, "tar", "-xOf", testenv.DebianTree(t), "./var/lib/dpkg/status")
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	onTarget := func(from string) string {
		return "target:below\ntargets:\n  below:\n    from: " + from + "\n    layers: [{files: [{dest: /opt/small, source: small, owner: someone}]}]"
	}
	for name, shape := range map[string]struct {
		from   string
		native bool
	}{
		"image":              {from: base},
		"target":             {from: strings.Replace(onTarget(base), "someone", "1", 1)},
		"context":            {from: "context:root", native: true},
		"target on context":  {from: onTarget("context:root"), native: true},
		"replaced":           {from: "registry.example.org/nothing:1", native: true},
		"target on replaced": {from: onTarget("registry.example.org/nothing:1"), native: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.OnDebian(t, a, shape.from, "  - packages: {names: [tool], REPOSITORIES}\n")
			house.Write(t, filepath.Join(dir, "unused"), big)
			house.Write(t, filepath.Join(dir, "small"), []byte("small"))
			house.Write(t, filepath.Join(dir, "root/usr/lib/dpkg-db/status"), []byte(status))
			house.Write(t, filepath.Join(dir, "root/usr/share/passwd"), []byte("root:x:0:0::/:/bin/sh\nsomeone:x:7:7::/:/bin/sh\n"))
			house.Write(t, filepath.Join(dir, "root/etc/group"), []byte("root:x:0:\nsomeone:x:7:\n"))
			house.Write(t, filepath.Join(dir, "root/usr/bin/tool"), big)
			house.Write(t, filepath.Join(dir, "root/usr/share/unused"), big)
			for link, to := range map[string]string{"bin": "usr/bin", "etc/passwd": "../usr/share/passwd", "var/lib/dpkg": "../../usr/lib/dpkg-db"} {
				file := filepath.Join(dir, "root", link)
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.Symlink(to, file)); err != nil {
					t.Fatal(err)
				}
			}
			for _, ask := range []string{"frontend.strata.lock", "frontend.strata.plan"} {
				out, err := buildctl(t, h, dir, "--opt", "requestid="+ask, "--local", "root="+filepath.Join(dir, "root"),
					"--opt", "context:root=local:root", "--opt", "context:registry.example.org/nothing:1=local:root")
				if err != nil || !strings.Contains(out, "transferring") {
					t.Fatalf("%v\n%s", err, out)
				}
				if megabytes.MatchString(out) {
					t.Errorf("more was sent for %s than is used:\n%s", ask, out)
				}
				if said := strings.Contains(out, "the base has /usr/bin/tool already"); ask == "frontend.strata.plan" && said != shape.native {
					t.Errorf("the base is said to have the package's file: %t, want %t\n%s", said, shape.native, out)
				}
			}
		})
	}
}
