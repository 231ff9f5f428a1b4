// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/testenv"
)

// everydayProject has a build file with packages of npm, sources, a command in Go and a
// user, as one writes it for the first time. The base has a user node, but no Node.js.
const everydayProject = `
-- strata.yaml --
args: {BASE: null}
from: target:base
layers:
  - build:                                   # dependencies: runs again only when these two files change
      from: node:22
      workdir: /app
      source: [package.json, package-lock.json]
      cache: [npm]
      run: npm ci --omit=dev
      outputs: [/app/node_modules]
  - files: [{dest: /app/, source: [src, index.js], owner: node}]
  - build:
      from: golang:1.26
      source: {path: ., include: ["**/*.go", go.mod, go.sum]}
      cache: [go]
      run: go build -o /out/app ./cmd/app
      outputs: [{source: /out/app, dest: /usr/local/bin/}]
users: [{name: app, uid: 1000, home: /home/app}]
tests:
  - {name: runs, run: [app], user: app, expect: {stdout: {equals: "a version 4 for 1000 in /home/app\n"}}}
  - name: files
    files:
      - {path: /app/node_modules/ms/index.js, owner: "0:0", content: {contains: module.exports}}
      - {path: /app/node_modules/semver, absent: true}
      - {path: /app/package.json, absent: true}
      - {path: /app/index.js, owner: "node:node", mode: 0644}
      - {path: /app/src/words.js, owner: "1001:1001", content: {equals: "exports.words = []\n"}}
      - {path: /usr/local/bin/app, owner: "0:0", mode: 0755}
      - {path: /home/app, directory: true, owner: "app:app", mode: 0755}
      - {path: /out, absent: true}
      - {path: /src, absent: true}
targets:
  base: {from: $BASE, users: [{name: node, uid: 1001}]}
-- package.json --
{"name": "everyday", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}, "devDependencies": {"semver": "7.6.3"}}
-- package-lock.json --
{
  "name": "everyday",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {
    "": {"name": "everyday", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}, "devDependencies": {"semver": "7.6.3"}},
    "node_modules/ms": {
      "version": "2.1.3",
      "integrity": "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="
    },
    "node_modules/semver": {
      "version": "7.6.3",
      "dev": true,
      "integrity": "sha512-oVekP1cKtI+CTDvHWYFUcMtsK/00wmAEfyqKfNdARm8u1wNVhSgaX7A8d4UuIlUI5e84iEwOhs7ZPYRmzU9U6A=="
    }
  }
}
-- index.js --
console.log(require('ms')(1000))
-- src/words.js --
exports.words = []
-- go.mod --
module example.org/everyday

go 1.25.0

require github.com/google/uuid v1.6.0
-- go.sum --
github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=
github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
-- cmd/app/main.go --
package main

import (
	"fmt"
	"os"

	"github.com/google/uuid"
)

func main() { fmt.Println("a version", int(uuid.New().Version()), "for", os.Getuid(), "in", os.Getenv("HOME")) }
`

// TestEverydayBuildFile builds it with npm and Go, runs its tests, and changes a source:
// no package is installed again, and nothing is compiled.
func TestEverydayBuildFile(t *testing.T) {
	b := newBench(t)
	fsys, err := txtar.FS(txtar.Parse([]byte(everydayProject)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(testenv.Dir(t), "everyday")
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--build-arg", "BASE=" + b.debian, "--build-context", "node:22=oci-layout://" + b.layout(t, "nodejs"),
		"--build-context", "golang:1.26=oci-layout://" + b.layout(t, "golang"),
	}
	b.test(t, dir, args)
	for _, step := range []string{"npm ci", "go build"} {
		b.edit(t, dir, args, edit{"src/words.js", "// edited\n", step})
	}
}
