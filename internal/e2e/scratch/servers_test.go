// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package scratch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// serversFile has an image for each of four servers, with tests that start it. {go} is
// a program that a test compiles; the packages are Debian's.
const serversFile = `
-- strata.yaml --
{syntax}
targets:
  nginx:
    layers:
      - packages: {names: [nginx, base-files, base-passwd], repositories: [{type: deb, uri: "{mirror}", suites: ["{suite}"], components: [main], signed_by: key.gpg}]}
      - files: [{dest: /var/www/html/health, content: "ok\n"}]
    config: {entrypoint: [nginx, -g, daemon off;], expose: [80]}
    tests:
      - {name: answers, start: true, http: {path: /health, status: 200, body: {equals: "ok\n"}}}
      - {name: has nothing else, start: true, wait: {port: 80}, http: {path: /none, status: 404, body: {contains: nginx/1.}}}
      - {name: refuses, start: true, http: {path: /health, method: DELETE, status: 405}}
  node:
    layers:
      - packages: {names: [nodejs], repositories: [{type: deb, uri: "{mirror}", suites: ["{suite}"], components: [main], signed_by: key.gpg}]}
      - files: [{dest: /srv/, source: server.js}]
    users: [{name: app, uid: 1000, home: /srv}]
    config: {entrypoint: [node, /srv/server.js], env: {PORT: 3000}, expose: [3000], user: app}
    tests:
      - name: answers
        start: true
        wait: {output: listens}
        http: {path: "/a?b=c", method: POST, headers: {X-Test: yes}, status: 201, body: {equals: '{"url":"/a?b=c","test":"yes","uid":1000}'}}
  postgres:
    layers:
      - packages:
          names: [postgresql, postgresql-client, base-passwd, coreutils, dash]
          scripts: skip # which make a cluster
          repositories: [{type: deb, uri: "{mirror}", suites: ["{suite}"], components: [main], signed_by: key.gpg}]
    users: [{name: postgres, system: true, shell: /bin/sh}]
    config:
      user: postgres
      env: {PGDATA: /tmp/data, PGHOST: 127.0.0.1, LC_ALL: C.UTF-8}
      entrypoint: [/bin/sh, -ec, "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; initdb --no-sync --auth=trust; exec postgres -F -k /tmp"]
      expose: [5432]
      stop_signal: SIGINT
      healthcheck: {test: [CMD, pg_isready]}
    tests:
      - name: answers
        start: true
        wait: {output: ready to accept connections, healthcheck: true}
        # A connection without a user, by the protocol.
        tcp: {send: "\0\0\0\x09\0\x03\0\0\0", receive: {matches: "^E", contains: no PostgreSQL user name}}
        run: [psql, -At, -c, "select 6 * 7, current_user"]
        expect: {stdout: {equals: "42|postgres\n"}}
  go:
    layers: [{files: [{dest: /server, source: server, mode: 0755}]}]
    config: {entrypoint: [/server], expose: [8080/tcp], healthcheck: {test: [CMD, /server, check]}}
    tests:
      - {name: by its port, start: true, http: {body: {equals: "hello\n"}}}
      - {name: by its healthcheck, start: true, wait: {healthcheck: true}, http: {body: {contains: hello}}}
      - {name: by its output, start: true, wait: {output: "listens on :8080"}, http: {body: {matches: "^h"}}}
  broken:
    from: target:go
    config: {env: {FAULT: no configuration}}
    tests: [{name: starts, start: true, wait: {port: 8080}}]
-- server.js --
const server = require('http').createServer((req, res) => {
  res.writeHead(201, {'Content-Type': 'application/json'})
  res.end(JSON.stringify({url: req.url, test: req.headers['x-test'], uid: process.getuid()}))
})
server.listen(Number(process.env.PORT), () => console.log('listens'))
-- main.go --
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	if len(os.Args) > 1 {
		if _, err := http.Get("http://127.0.0.1:8080/"); err != nil {
			log.Fatal(err)
		}
		return
	}
	if fault := os.Getenv("FAULT"); fault != "" {
		log.Fatal("start: ", fault)
	}
	l, err := net.Listen("tcp", ":8080")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listens on :8080")
	log.Fatal(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })))
}
`

// serversProject is a project of the servers, with a lock and the program in it.
func serversProject(t *testing.T, h *house.House) string {
	t.Helper()
	uri, suite := testenv.DebianMirror(t)
	dir := h.Project(t, strings.NewReplacer("{mirror}", uri, "{suite}", suite).Replace(serversFile))
	key, err := os.ReadFile(testenv.DebianKeyring)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "key.gpg"), key, 0o644))
	testenv.Output(t, "env", "CGO_ENABLED=0", "go", "build", "-o", filepath.Join(dir, "server"), filepath.Join(dir, "main.go"))
	h.CLI.MustRun(t, "lock", "--progress=plain", "--addr", h.Daemon.Addr, dir)
	return dir
}

// TestServers starts a server in each of some images and asks it, through the three
// doors; those that are large, through one: what makes containers and asks in them
// is one code for all images.
func TestServers(t *testing.T) {
	h := house.New(t)
	dir := serversProject(t, h)
	doors := map[string]func(target string) (string, error){
		"docker": func(target string) (string, error) {
			return h.Docker(house.Flags(dir, "--target", target, "--call=strata.test")...)
		},
		"daemon": func(target string) (string, error) { return strataTest(h, dir, target, "--addr", h.Daemon.Addr) },
		"engine": func(target string) (string, error) { return strataTest(h, dir, target) },
	}
	for _, c := range []struct{ target, doors, says string }{
		{"nginx", "docker daemon", "All 3 tests passed."},
		{"node", "docker", "The test passed."},
		{"postgres", "daemon", "The test passed."},
		{"go", "docker daemon engine", "All 3 tests passed."},
	} {
		for door := range strings.FieldsSeq(c.doors) {
			if out, err := doors[door](c.target); err != nil || !strings.Contains(out, c.says) {
				t.Errorf("%s by %s: %v\n%s", c.target, door, err, out)
			}
		}
	}
	for name, door := range doors {
		out, err := door("broken")
		if err == nil {
			t.Errorf("broken by %s: it passes", name)
		}
		house.Contains(t, out, "FAIL  starts (line 55)\n      the program ended with status 1 while the test was looking at it\n      output of the image's program:\n        ", " start: no configuration\n", "1 of 1 test failed.")
	}
}

// strataTest runs the tests of a target by the command line.
func strataTest(h *house.House, dir, target string, flags ...string) (string, error) {
	out, err := h.CLI.Command(append([]string{"test", "--progress=plain", "--target", target, dir}, flags...)...).CombinedOutput()
	return string(out), err
}
