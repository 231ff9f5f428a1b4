// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// application is a kind of application as one builds it every day: its dependencies in a
// layer of their own, caches mounted, in both languages.
type application struct {
	name string
	// files are the project's; app.yaml and app.dockerfile among them, whose argument is
	// BASE.
	files map[string]string
	// source is the file that is changed, and comment what a line of it that says nothing
	// begins with.
	source, comment string
	// prepare writes what the kind's own tools make, with and without the dependency that is
	// added, into the directory.
	prepare func(h *house, dir string, added bool)
	// has are files of the image, and added is one that comes with the dependency.
	has   []string
	added string
}

// nodeApplication installs packages with npm ci, as Docker's own guide does it.
func nodeApplication() application {
	return application{
		name: "Node with npm ci",
		files: map[string]string{
			"app.yaml": `args: {BASE: null}
from: $BASE
layers:
  - build:
      from: $BASE
      workdir: /app
      source: [package.json, package-lock.json]
      cache: [npm]
      run: npm ci --omit=dev
      outputs: [/app/node_modules]
  - files: [{dest: /app/, source: [package.json, src]}]
config: {workdir: /app, cmd: [node, src/main.js], user: node}
`,
			"app.dockerfile": `ARG BASE
FROM $BASE
WORKDIR /app
RUN --mount=type=bind,source=package.json,target=package.json \
    --mount=type=bind,source=package-lock.json,target=package-lock.json \
    --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev
COPY package.json ./
COPY src src
USER node
CMD ["node", "src/main.js"]
`,
			"src/main.js": "require('express')().listen(8080)\n",
		},
		source: "src/main.js", comment: "// ",
		prepare: func(h *house, dir string, added bool) {
			more := ""
			if added {
				more = `, "lodash": "4.17.21"`
			}
			write(h, filepath.Join(dir, "package.json"), []byte(`{"name": "app", "version": "1.0.0", "dependencies": {"express": "4.19.2", "winston": "3.13.0"`+more+"}}\n"))
			cmd := exec.Command("npm", "install", "--package-lock-only", "--no-audit", "--no-fund")
			cmd.Dir = dir
			h.run(cmd)
		},
		has: []string{"app/node_modules/express/package.json", "app/src/main.js"}, added: "app/node_modules/lodash/package.json",
	}
}

// goApplication compiles a program with modules.
func goApplication() application {
	return application{
		name: "Go with modules",
		files: map[string]string{
			"app.yaml": `args: {BASE: null, FINAL: null}
from: $FINAL
layers:
  - build:
      from: $BASE
      source: {path: ., include: [go.mod, go.sum, "**/*.go"]}
      cache: [go]
      env: {CGO_ENABLED: "0"}
      run: go build -o /out/app .
      outputs: [{source: /out/app, dest: /usr/local/bin/}]
config: {entrypoint: [app]}
`,
			"app.dockerfile": `ARG BASE
ARG FINAL
FROM $BASE AS build
WORKDIR /src
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=bind,source=go.sum,target=go.sum \
    --mount=type=bind,source=go.mod,target=go.mod \
    go mod download
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    --mount=type=bind,target=. \
    CGO_ENABLED=0 go build -o /out/app .
FROM $FINAL
COPY --link --from=build /out/app /usr/local/bin/
ENTRYPOINT ["app"]
`,
			"main.go": "package main\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/google/uuid\"\n\t\"github.com/klauspost/compress/zstd\"\n)\n\nfunc main() { fmt.Println(uuid.New(), zstd.SpeedDefault) }\n",
		},
		source: "main.go", comment: "// ",
		prepare: func(h *house, dir string, added bool) {
			text := "package main\n"
			if added {
				text += "\nimport _ \"golang.org/x/text/language\"\n"
			}
			write(h, filepath.Join(dir, "more.go"), []byte(text))
			module := "module example.org/app\n\ngo 1.25.0\n\nrequire (\n\tgithub.com/google/uuid v1.6.0\n\tgithub.com/klauspost/compress v1.19.2\n\tgolang.org/x/text v0.41.0\n)\n"
			write(h, filepath.Join(dir, "go.mod"), []byte(module))
			cmd := exec.Command("go", "mod", "tidy")
			cmd.Dir = dir
			h.run(cmd)
		},
		has: []string{"usr/local/bin/app"},
	}
}

// pythonApplication has Python and its libraries from Debian.
func pythonApplication() application {
	const names = "python3, python3-flask"
	return application{
		name: "Python from Debian",
		files: map[string]string{
			"app.dockerfile": `ARG BASE
FROM $BASE
COPY packages /tmp/packages
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update && DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends < /tmp/packages
COPY --link app /srv/app
CMD ["python3", "/srv/app/main.py"]
`,
			"app/main.py": "import flask\n",
		},
		source: "app/main.py", comment: "# ",
		prepare: func(h *house, dir string, added bool) {
			all := names
			if added {
				all += ", python3-yaml"
			}
			write(h, filepath.Join(dir, "packages"), []byte(strings.ReplaceAll(all, ",", "")+"\n"))
			write(h, filepath.Join(dir, "app.yaml"), []byte("args: {BASE: null}\nfrom: $BASE\nlayers:\n  - packages: ["+all+"]\n"+
				"  - files: [{dest: /srv/app, source: app}]\nconfig: {cmd: [python3, /srv/app/main.py]}\n"))
			if err := os.Remove(filepath.Join(dir, "app.lock")); err != nil && !os.IsNotExist(err) {
				h.Fatal(err)
			}
			h.lock(dir, "app")
		},
		has: []string{"usr/lib/python3/dist-packages/flask/__init__.py", "srv/app/main.py"}, added: "usr/lib/python3/dist-packages/yaml/__init__.py",
	}
}

// workday is a house with an application in it.
type workday struct {
	*house
	application
	dir string
	// doors are by which both sides build.
	doors doors
	// changes is how many there were of the source.
	changes int
}

// BenchmarkEveryday measures what one does every day with an application of each kind,
// against a Dockerfile that has its dependencies in a layer of their own: a change of a
// source, a dependency more, and the first build. All of it is pushed.
func BenchmarkEveryday(b *testing.B) {
	h := newHouse(b)
	h.base = h.registry.Push(b, "debian:1", testenv.DebianImage(b))
	final := h.base
	machine := testenv.ThisMachine(b, testenv.Dir(b))
	for _, c := range []struct {
		app    application
		target string
	}{{nodeApplication(), "nodejs"}, {goApplication(), "golang"}, {pythonApplication(), ""}} {
		w := &workday{house: h.in(b), application: c.app}
		if c.target != "" {
			w.base = w.tools(machine, c.target)
		}
		if c.target == "golang" {
			w.options = []string{"--opt=build-arg:FINAL=" + final}
		}
		c.app.files["warm.yaml"], c.app.files["warm.dockerfile"] = "layers: [{files: [{dest: /a, content: a}]}]\n", "FROM scratch\nCOPY <<END /a\na\nEND\n"
		c.app.files[".dockerignore"] = "*.yaml\n*.dockerfile\n*.lock\n"
		w.dir = project(b, c.app.files)
		w.doors = w.images()
		w.measure(b, "")
		w.doors = w.commands(b)
		w.measure(b, "Lines")
	}
}

// tools pushes a base with the tools of a kind, which the tests of first build files have
// as well.
func (h *house) tools(m testenv.Machine, target string) string {
	h.Helper()
	dir := filepath.Join(testenv.Root(h), "internal/e2e/starter/testdata")
	ref := h.registry.Host + "/" + target + ":1"
	h.build(h.strata, dir, "bases.yaml", "type=image,push=true,name="+ref, "--opt=target="+target,
		"--opt=build-arg:GOPROXY="+m.GOPROXY, "--opt=build-arg:NPM_REGISTRY="+m.NPMRegistry,
		"--opt=context:go=local:go", "--local=go="+m.GOROOT, "--opt=context:machine=local:machine", "--local=machine="+m.Dir)
	return ref
}

// measure measures the three changes. The names of the measures end in suffix.
func (w *workday) measure(b *testing.B, suffix string) {
	for _, c := range []struct {
		name, what string
		ratio      float64
		side       func(d door, repository string) side
		has        []string
	}{
		{"Source", "a line of a source changed, pushed", 0.7, w.edited, nil},
		{"Added", "a dependency added, pushed", 1, w.grown, []string{w.added}},
		{"Cold", "cold, pushed", 1, w.cold, nil},
	} {
		b.Run(strings.Fields(w.name)[0]+c.name+suffix, func(b *testing.B) {
			house := w.house
			defer func() { w.house = house }()
			w.house = house.in(b)
			w.prepare(w.house, w.dir, false)
			m, floor := Measure{Name: w.name + w.doors.words + ": " + c.what, Against: w.doors.against, Ratio: c.ratio}, side{}
			if c.name == "Source" {
				m.Floor, floor = "nothing changed, pushed", w.unchanged(w.doors.theirs, "floor")
			}
			compare(b, m, c.side(w.doors.ours, "strata"), c.side(w.doors.theirs, "other"), floor)
			w.check("strata", c.has...)
			w.check("other", c.has...)
		})
	}
}

// push builds the application and pushes it, under a name of its kind.
func (w *workday) push(d door, repository string) {
	w.Helper()
	d.build(w.house, w.dir, "app"+d.ext, w.registry.Host+"/"+w.repository(repository))
}

func (w *workday) repository(side string) string {
	return strings.ToLower(strings.Fields(w.name)[0]) + "/" + side
}

// change changes a line of the source.
func (w *workday) change() {
	w.Helper()
	w.changes++
	text := w.files[w.source] + fmt.Sprintf("%schange %d\n", w.comment, w.changes)
	write(w, filepath.Join(w.dir, w.source), []byte(text))
}

// edited is a side that builds after a change of the source.
func (w *workday) edited(d door, repository string) side {
	return side{
		before: func() {
			if w.changes == 0 {
				w.push(d, repository)
			}
			w.change()
		},
		run:  func() { w.push(d, repository) },
		made: func() string { return w.pushed(w.repository(repository)) },
	}
}

// unchanged is a side that builds and pushes what it did just before.
func (w *workday) unchanged(d door, repository string) side {
	again := func() { w.push(d, repository) }
	return side{before: again, run: again}
}

// grown is a side that builds with a dependency more than what was built before.
func (w *workday) grown(d door, repository string) side {
	cold := w.cold(d, repository)
	return side{
		before: func() {
			w.prepare(w.house, w.dir, false)
			cold.before()
			cold.run()
			w.change()
			w.prepare(w.house, w.dir, true)
		},
		run: cold.run, made: cold.made,
	}
}

// cold is a side that builds without any cache but the frontend.
func (w *workday) cold(d door, repository string) side {
	return side{
		before: func() {
			w.prune()
			d.build(w.house, w.dir, "warm"+d.ext, "")
			w.change()
		},
		run:  func() { w.push(d, repository) },
		made: func() string { return w.pushed(w.repository(repository)) },
	}
}

// check looks into what a side pushed last.
func (w *workday) check(repository string, more ...string) {
	w.Helper()
	root := testenv.PullLayout(w, w.registry, w.repository(repository)).Unpack(w, runtime.GOARCH)
	for _, name := range append(w.has, more...) {
		if name == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			w.Errorf("the image of %s: %v", repository, err)
		}
	}
}
