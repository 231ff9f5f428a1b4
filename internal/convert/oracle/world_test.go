// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// world is what a Dockerfile is built in: a context, and a base for all of its images.
type world struct {
	vars spec.Vars
	// images are the references of bases.
	images map[string]bool
	// context are the paths that are copied from it; archives are those of them that are
	// unpacked.
	context, archives map[string]bool
	// base are paths that the base has, made those that a command makes.
	base, made map[string]bool
	users      map[string]bool
	programs   map[string]bool
	secrets    map[string]bool
	// directories are those that entries make by themselves.
	directories map[string]bool
	// fetched is an address that something is fetched from; empty for none.
	fetched string
}

// newWorld finds out what a Dockerfile wants, by what it became.
func newWorld(f *draft.File, s *spec.Spec) (*world, error) {
	vars, _, err := s.Vars(spec.VarOptions{Platform: map[string]string{
		"TARGETPLATFORM": "linux/amd64", "TARGETOS": "linux", "TARGETARCH": "amd64", "TARGETVARIANT": "", "TARGETOSVERSION": "", "TARGETSTAGE": "default",
		"BUILDPLATFORM": "linux/amd64", "BUILDOS": "linux", "BUILDARCH": "amd64", "BUILDVARIANT": "", "BUILDOSVERSION": "",
	}})
	if err != nil {
		return nil, err
	}
	w := &world{
		vars: vars, images: map[string]bool{}, context: map[string]bool{}, archives: map[string]bool{}, base: map[string]bool{}, made: map[string]bool{},
		users: map[string]bool{}, programs: map[string]bool{"/usr/bin/sh": true, "/usr/bin/bash": true, "/usr/bin/env": true}, secrets: map[string]bool{},
		directories: map[string]bool{},
	}
	runs := map[string]bool{}
	targets := append([]draft.Target{f.Main}, f.Targets...)
	for i := range targets {
		t := &targets[i]
		runs[t.Name] = slices.ContainsFunc(t.Layers, func(l draft.Layer) bool { return l.Build != nil })
	}
	for i := range targets {
		w.target(&targets[i], runs)
	}
	return w, nil
}

// text is a string of a build file without its variables.
func (w *world) text(s string) string {
	out, err := w.vars.Expand(spec.String{Value: s, Pos: spec.Pos{Line: 1, Column: 1}})
	if err != nil {
		return s
	}
	return out
}

func (w *world) target(t *draft.Target, runs map[string]bool) {
	w.image(t.From)
	w.user(t.Config.User)
	for _, l := range t.Layers {
		for _, e := range l.Files {
			w.entry(e, runs)
		}
		if b := l.Build; b != nil {
			w.build(b, runs)
		}
	}
}

func (w *world) image(from string) {
	from = w.text(from)
	if from != "" && from != "scratch" && from != "layers" && !strings.HasPrefix(from, "target:") {
		w.images[from] = true
	}
}

// user is an account that is named.
func (w *world) user(name string) {
	for part := range strings.SplitSeq(w.text(name), ":") {
		if part != "" && part != "keep" && part != "root" && strings.Trim(part, "0123456789") != "" {
			w.users[part] = true
		}
	}
}

func (w *world) entry(e draft.Entry, runs map[string]bool) {
	w.user(e.Owner)
	if e.Directory {
		for dir := strings.Trim(w.text(e.Dest), "/"); dir != "." && dir != ""; dir = path.Dir(dir) {
			w.directories[dir] = true
		}
	}
	if e.URL != "" || e.Git != "" {
		w.fetched = e.URL + e.Git
	}
	for _, source := range e.Sources {
		if e.Extract {
			w.archives[w.concrete(source)] = true
			continue
		}
		for _, pattern := range e.Include {
			w.take(e.From, path.Join(source, pattern), runs)
		}
		if len(e.Include) == 0 {
			w.take(e.From, source, runs)
		}
	}
}

// take notes a path that must be there.
func (w *world) take(from, source string, runs map[string]bool) {
	w.image(from)
	p := w.concrete(source)
	from = w.text(from)
	name, isTarget := strings.CutPrefix(from, "target:")
	switch {
	case from == "":
		w.context[p] = true
	case isTarget && runs[name]:
		w.made["/"+p] = true
	default:
		w.base["/"+p] = true
	}
}

// concrete is a path that a pattern matches. One that may be a directory has a slash.
func (w *world) concrete(source string) string {
	p := w.text(source)
	if spec.HasGlob(p) {
		for _, c := range []struct{ from, to string }{{"**", "x"}, {"*", "x"}, {"?", "y"}} {
			p = strings.ReplaceAll(p, c.from, c.to)
		}
		for strings.Contains(p, "[") && strings.Contains(p, "]") {
			open, closed := strings.Index(p, "["), strings.Index(p, "]")
			if closed < open+2 {
				break
			}
			p = p[:open] + p[open+1:open+2] + p[closed+1:]
		}
	}
	p = strings.TrimPrefix(path.Clean("/"+p), "/")
	if base := path.Base(p); !strings.Contains(strings.TrimPrefix(base, "."), ".") && strings.ToLower(base) == base {
		p += "/"
	}
	return p
}

func (w *world) build(b *draft.Build, runs map[string]bool) {
	w.user(b.User)
	for _, m := range b.Mounts {
		if m.Source != "" {
			w.take(m.From, m.Source, runs)
		}
		w.image(m.From)
	}
	for _, c := range b.Cache {
		w.image(c.From)
	}
	for _, s := range b.Secrets {
		w.secrets[w.text(s.ID)] = true
	}
	for _, words := range [][]string{b.Shell, b.Argv} {
		if len(words) > 0 {
			w.programs[w.program(w.text(words[0]))] = true
		}
	}
	if line, ok := strings.CutPrefix(b.Run, "#!"); ok {
		line, _, _ = strings.Cut(line, "\n")
		w.programs[w.program(strings.Fields(line + " sh")[0])] = true
	}
}

func (w *world) program(name string) string {
	if strings.HasPrefix(name, "/bin/") {
		return "/usr" + name
	}
	if path.IsAbs(name) {
		return name
	}
	return path.Join("/usr/bin", name)
}

// writeContext makes the context's files.
func (w *world) writeContext(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name := range w.archives {
		writeFile(t, filepath.Join(dir, name), smallArchive(t))
	}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(w.context))) { // what is below something first
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil || name == "/" {
			continue
		}
		if strings.HasSuffix(name, "/") {
			writeFile(t, filepath.Join(dir, name, "file"), []byte("a file of "+name+"\n"))
			writeFile(t, filepath.Join(dir, name, "below", "script.sh"), []byte("#!/bin/sh\n"))
			continue
		}
		writeFile(t, filepath.Join(dir, name), []byte(name+"\n"))
	}
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return // a file is in the way
	}
	mode := os.FileMode(0o644)
	if bytes.HasPrefix(data, []byte("#!")) {
		mode = 0o755
	}
	if err := os.WriteFile(strings.TrimSuffix(name, "/"), data, mode); err != nil {
		t.Logf("make the context: %v", err)
	}
}

func smallArchive(t *testing.T) []byte {
	t.Helper()
	return packed(t, []tar.Header{{Name: "inside/", Typeflag: tar.TypeDir, Mode: 0o750, Uid: 7}, {Name: "inside/file", Mode: 0o640, Uid: 7, Gid: 8}}, nil)
}

// packed is a tar archive. Files have the contents of their names.
func packed(t *testing.T, headers []tar.Header, contents map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		data := contents[h.Name]
		if h.Typeflag == 0 || h.Typeflag == tar.TypeReg {
			h.Size = int64(len(data))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil && h.Size > 0 {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeBase makes the base image in a layout, and returns how it is named.
func (w *world) writeBase(t *testing.T, dir string, recorder v1.Layer) string {
	t.Helper()
	own := packed(t, w.headers(), w.contents())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(own)), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, recorder, layer)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	conf = conf.DeepCopy()
	conf.OS, conf.Architecture = "linux", "amd64"
	conf.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if img, err = mutate.ConfigFile(img, conf); err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})
	if _, err := layout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return "oci-layout://" + dir + "@" + digest.String()
}

// headers are what the base has besides the recorder.
func (w *world) headers() []tar.Header {
	var out []tar.Header
	for _, dir := range []string{
		"dev", "etc", "home", "mnt", "opt", "proc", "run", "srv", "sys", "usr", "usr/bin", "usr/lib", "usr/local", "usr/local/bin",
		"usr/local/share", "usr/sbin", "usr/share", "var", "var/cache", "var/lib", "var/log",
	} {
		out = append(out, tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o755})
	}
	for dir, mode := range map[string]int64{"root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777, ".records": 0o1777} {
		out = append(out, tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: mode})
	}
	for _, link := range []string{"bin", "sbin", "lib"} {
		out = append(out, tar.Header{Name: link, Typeflag: tar.TypeSymlink, Linkname: "usr/" + link, Mode: 0o777})
	}
	for name := range w.programs {
		if name != "/usr/bin/sh" {
			out = append(out, tar.Header{Name: strings.TrimPrefix(name, "/"), Typeflag: tar.TypeSymlink, Linkname: "/usr/bin/sh", Mode: 0o777})
		}
	}
	for name := range w.contents() {
		out = append(out, tar.Header{Name: name, Mode: 0o644})
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			out = append(out, tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o755})
		}
	}
	slices.SortStableFunc(out, func(a, b tar.Header) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b tar.Header) bool { return a.Name == b.Name })
}

// contents are the base's files: accounts, and what is copied out of it.
func (w *world) contents() map[string][]byte {
	passwd, group := "root:x:0:0:root:/root:/bin/sh\n", "root:x:0:\n"
	for i, name := range slices.Sorted(maps.Keys(w.users)) {
		passwd += fmt.Sprintf("%s:x:%d:%d::/home/%s:/bin/sh\n", name, 1000+i, 1000+i, name)
		group += fmt.Sprintf("%s:x:%d:\n", name, 1000+i)
	}
	out := map[string][]byte{
		"etc/passwd": []byte(passwd), "etc/group": []byte(group),
		".wanted": []byte(strings.Join(slices.Sorted(maps.Keys(w.made)), "\n") + "\n"),
	}
	for p := range w.base {
		name := strings.TrimLeft(p, "/") // nothing for the whole tree
		if strings.HasSuffix(name, "/") {
			name += "file"
		}
		for _, dir := range []string{"bin/", "sbin/", "lib/"} {
			if rest, ok := strings.CutPrefix(name, dir); ok {
				name = "usr/" + dir + rest
			}
		}
		if name != "" && name != "file" && out[name] == nil {
			out[name] = []byte(p + "\n")
		}
	}
	return out
}
