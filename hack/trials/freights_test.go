// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// A freight is something that a build fetches or sends.
type freight struct {
	name string
	// method and path are those of its requests.
	method, path string
	// line and named are in the message of a build that fails: the place in the build
	// file, and the server.
	line, named string
	// dir has the project, flags are the build's, and output is its output if that
	// isn't a file.
	dir    string
	flags  []string
	output string
	// unsure says that nothing tells what is right.
	unsure bool
	// misbehave lets its server go wrong, or no more.
	misbehave func(t *testing.T, rules ...*misbehave.Rule)
	// again makes ready for one more build, and before for all of a door.
	again  func()
	before func(t *testing.T, d door)
	// landed is the digest of what was sent, empty if it isn't there; nil if nothing is sent.
	landed func(t *testing.T) string
}

// grounds are what freights have in common.
type grounds struct {
	registry *testenv.Registry
	syntax   string
	base     string
	all      []*freight
	count    int
}

// freights are all of them.
func freights(t *testing.T) []*freight {
	t.Helper()
	g := &grounds{registry: testenv.NewRegistry(t, testenv.RegistryOptions{})}
	g.syntax = "# syntax=" + testenv.FrontendImage(t, g.registry) + "\n"
	g.base = testenv.BusyboxImage(t, g.registry, "wire/base:1", testenv.BusyboxTweaks{Only: "amd64"})
	g.packages(t)
	g.derivations(t)
	g.files(t)
	g.images(t)
	return g.all
}

// add adds freights of one project, all from one server.
func (g *grounds) add(t *testing.T, file string, files map[string][]byte, front *testenv.Front, all ...*freight) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "strata.yaml"), []byte(g.syntax+file), 0o644))
	for name, data := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	for _, f := range all {
		f.dir = dir
		if f.misbehave == nil {
			f.misbehave = func(_ *testing.T, rules ...*misbehave.Rule) { front.Misbehave(rules...) }
			f.named = strings.TrimPrefix(front.URL, "http://")
		}
		if f.again == nil {
			f.again = func() {}
		}
		g.all = append(g.all, f)
	}
}

func (g *grounds) packages(t *testing.T) {
	t.Helper()
	deb := testenv.NewDebArchive(t, testenv.Deb{Name: "hello", Version: "1", Files: map[string]string{"usr/share/hello": strings.Repeat("hello\n", 100)}})
	front := testenv.NewFront(t, deb.URL)
	g.add(t, "layers:\n  - packages:\n      names: [hello]\n      repositories: [{type: deb, uri: \""+front.URL+"\", suites: [stable], components: [main], signed_by: key.asc}]\n",
		map[string][]byte{"key.asc": deb.Keyring}, front,
		&freight{name: "apt's Release", path: "/InRelease", line: "strata.yaml:4"},
		&freight{name: "apt's list", path: "/binary-amd64/Packages", line: "strata.yaml:4"},
		&freight{name: "a .deb", path: "/pool/", line: "strata.yaml:4"})
	apk := testenv.NewAPKArchive(t, testenv.APK{Name: "hello", Version: "1-r0", Files: map[string]string{"usr/share/hello": strings.Repeat("hello\n", 100)}})
	front = testenv.NewFront(t, apk.URL)
	g.add(t, "layers:\n  - packages:\n      names: [hello]\n      repositories: [{type: apk, uri: \""+front.URL+"\", signed_by: "+apk.KeyName+"}]\n",
		map[string][]byte{apk.KeyName: apk.Key}, front,
		&freight{name: "apk's index", path: "APKINDEX.tar.gz", line: "strata.yaml:4"},
		&freight{name: "an .apk", path: "/hello-", line: "strata.yaml:4"})
}

func (g *grounds) derivations(t *testing.T) {
	t.Helper()
	closure := testenv.MakeClosure(t, 3, 0, "")
	front := testenv.NewFront(t, testenv.FileServer(t, closure.Cache).URL)
	g.add(t, "layers:\n  - derivation: {path: "+closure.Root+", substituters: [\""+front.URL+"\"], trusted_public_keys: [\""+closure.Key+"\"]}\n", nil, front,
		&freight{name: "a narinfo", path: ".narinfo", line: "strata.yaml:3"},
		&freight{name: "a Nix archive", path: "/nar/", line: "strata.yaml:3"})
}

func (g *grounds) files(t *testing.T) {
	t.Helper()
	served := testenv.FileServer(t, map[string][]byte{"/text": []byte(strings.Repeat("a line of a text\n", 1000))})
	front := testenv.NewFront(t, served.URL)
	entry := "layers:\n  - files: [{dest: /text, url: \"" + front.URL + "/text\""
	g.add(t, entry+", checksum: \""+served.Digest("/text")+"\"}]\n", nil, front, &freight{name: "a url", path: "/text", line: "strata.yaml:3"})
	g.add(t, entry+"}]\n", nil, front, &freight{name: "a url without a checksum", path: "/text", line: "strata.yaml:3", unsure: true})
	g.checkedLater(t)
	git := testenv.GitServer(t, map[string]string{"text": strings.Repeat("a line of a text\n", 1000)})
	front = testenv.NewFront(t, strings.TrimSuffix(git.URL, "/repo/.git"))
	g.add(t, "layers:\n  - files: [{dest: /src, git: \""+front.URL+"/repo/.git#"+git.Commit+"\"}]\n", nil, front,
		&freight{name: "git's references", path: "/info/refs", line: "strata.yaml:3"},
		&freight{name: "git's objects", path: "/git-upload-pack", line: "strata.yaml:3"})
}

// images are what goes to and from registries.
func (g *grounds) images(t *testing.T) {
	t.Helper()
	r := g.registry
	bad := func(t *testing.T, rules ...*misbehave.Rule) { r.Misbehave(t, rules...) }
	g.add(t, "from: "+g.base+"\nlayers:\n  - files: [{dest: /hello, content: hello}]\n", nil, nil,
		&freight{name: "a base's manifest", path: "/wire/base/manifests/", line: "strata.yaml:2", named: r.Host, misbehave: bad},
		&freight{name: "a base's blob", method: http.MethodGet, path: "/wire/base/blobs/", line: "strata.yaml:2", named: r.Host, misbehave: bad})
	g.pushes(t, bad)
	step := "layers:\n  - build: {from: " + g.base + ", run: 'echo hello > $out/hello'}\n"
	out := &freight{name: "an exported cache", path: "/wire/kept", named: r.Host, misbehave: bad}
	out.again = func() {
		g.count++
		out.flags = []string{"--cache-to", fmt.Sprintf("type=registry,mode=max,ref=%s/wire/kept%d:1", r.Host, g.count)}
	}
	out.again()
	g.add(t, step, nil, nil, out)
	in := &freight{name: "an imported cache", path: "/wire/cache-", named: r.Host, misbehave: bad}
	in.before = func(t *testing.T, d door) {
		ref := "type=registry,ref=" + r.Host + "/wire/cache-" + d.name + ":1"
		in.flags = []string{"--cache-to", ref + ",mode=max"}
		must(t, d.run(t, in).err())
		in.flags = []string{"--cache-from", ref}
	}
	g.add(t, step, nil, nil, in)
}

// pushes are what is sent to a registry, each time to another repository: what is there
// isn't sent again.
func (g *grounds) pushes(t *testing.T, bad func(t *testing.T, rules ...*misbehave.Rule)) {
	t.Helper()
	for _, f := range []*freight{
		{name: "a pushed blob", path: "/blobs/uploads/", named: g.registry.Host, misbehave: bad},
		// BuildKit's daemon takes any answer for a registry's.
		{name: "a pushed manifest", method: http.MethodPut, path: "/manifests/", named: g.registry.Host, misbehave: bad},
	} {
		what, name := f.path, ""
		f.again = func() {
			g.count++
			name = fmt.Sprintf("wire/pushed%d", g.count)
			f.path = "/" + name + what
			f.output = "type=image,push=true,name=" + g.registry.Host + "/" + name + ":1"
		}
		f.landed = func(t *testing.T) string { return digestAt(t, "http://"+g.registry.Host+"/v2/"+name+"/manifests/1") }
		f.again()
		g.add(t, "layers:\n  - files: [{dest: /hello, content: hello}]\n", nil, nil, f)
	}
}

// digestAt is the digest that a registry says a manifest has; empty if there is none.
func digestAt(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, url, nil)
	must(t, err)
	req.Header.Set("Accept", ocispecs.MediaTypeImageManifest+", "+ocispecs.MediaTypeImageIndex)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.Header.Get("Docker-Content-Digest")
}

// checkedLater are files without a checksum that something is wrong with only for the step
// that reads them.
func (g *grounds) checkedLater(t *testing.T) {
	t.Helper()
	gpg := testenv.NewGPG(t)
	key := gpg.Key(t, "alice", "0")
	text := strings.Repeat("a line of a text\n", 1000)
	front := testenv.NewFront(t, testenv.FileServer(t, map[string][]byte{"/signed": []byte(text), "/asc": []byte(gpg.Sign(t, "alice", text))}).URL)
	g.add(t, "layers:\n  - files: [{dest: /text, url: \""+front.URL+"/signed\", signature: {url: \""+front.URL+"/asc\", key: key.asc}}]\n",
		map[string][]byte{"key.asc": []byte(key)}, front,
		&freight{name: "a signed url without a checksum", path: "/signed", line: "strata.yaml:3"},
		&freight{name: "a url's signature", path: "/asc", line: "strata.yaml:3"})
	archive := gzipped(t, tarball(t, named("a"), named("b")))
	front = testenv.NewFront(t, testenv.FileServer(t, map[string][]byte{"/archive": archive}).URL)
	g.add(t, "layers:\n  - files: [{dest: /dir, url: \""+front.URL+"/archive\", extract: true}]\n", nil, front,
		&freight{name: "an archive without a checksum", path: "/archive", line: "strata.yaml:3"})
}
