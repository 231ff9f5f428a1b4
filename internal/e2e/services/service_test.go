// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package services

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// tested runs "strata test" on the shared daemon.
func tested(t *testing.T, h *house.House, dir string) testenv.Result {
	t.Helper()
	return h.CLI.Run(t, "test", "--progress=plain", "--addr", h.Daemon.Addr, dir)
}

// TestService starts the image's own program, and asks it.
func TestService(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - files:
      - {dest: /srv/www/health, content: "all is ok\n"}
      - {dest: /srv/www/private, symlink: health}
      - {dest: /srv/data, directory: true, mode: 01777, owner: app}
      - dest: /bin/serve
        mode: 0755
        content: |
          #!/bin/sh
          echo serving >&2
          exec httpd -f -p 8080 -h /srv/www
config:
  entrypoint: [/bin/serve]
  expose: [8080]
  user: app
  healthcheck: {test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:8080/health"]}
tests:
  - name: answers
    start: true
    wait: {port: 8080, output: serving, healthcheck: true}
    http: {path: /health, status: 200, body: {contains: ok}}
  - {name: by the exposed port, start: true, http: {path: /none, status: 404}}
  - {name: speaks, start: true, tcp: {port: 8080, send: "GET /health HTTP/1.0\r\n\r\n", receive: {matches: "^HTTP/1[.][01] 200 OK\r\n"}}}
  - name: beside it
    start: true
    wait: {port: 8080}
    run: wget -q -O - http://127.0.0.1:8080/health; id -u
    expect: {stdout: {equals: "all is ok\n1000\n"}}
  - name: only starts
    start: true
    wait: {output: serving}
  - name: has files
    files:
      - {path: /srv/www/health, mode: 0644, owner: "root:root", content: {equals: "all is ok\n"}}
      - {path: /srv/www/private, symlink: health}
      - {path: /srv/data, directory: true, mode: 01777, owner: app}
      - {path: /srv/none, absent: true}
`)
	r := tested(t, h, dir)
	if r.Code != 0 || !strings.Contains(r.Stdout, "All 6 tests passed.") {
		t.Errorf("status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	if out, err := h.Docker(house.Flags(dir, "--call=strata.test")...); err != nil || !strings.Contains(out, "All 6 tests passed.") {
		t.Errorf("by buildx: %v\n%s", err, out)
	}
}

// TestServiceFails tells what a program did instead.
func TestServiceFails(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
from: {base}
layers:
  - files:
      - {dest: /srv/www/health, content: "all is lost\n"}
      - {dest: /bin/broken, mode: 0755, content: "#!/bin/sh\necho no configuration >&2\nexit 3\n"}
config: {entrypoint: [/bin/sh, -c], cmd: ["echo up; exec httpd -f -p 8080 -h /srv/www"], healthcheck: {test: [CMD-SHELL, echo not yet; exit 4]}}
tests:
  - {name: status, start: true, http: {port: 8080, path: /none}}
  - {name: body, start: true, http: {port: 8080, path: /health, body: {contains: ok}}}
  - {name: port, start: true, wait: {port: 81, timeout: 1s}}
  - {name: output, start: true, wait: {output: down, timeout: 1s}}
  - {name: no port, start: true, wait: {output: up, timeout: 3s}, tcp: {port: 82, send: x}}
  - {name: answer, start: true, tcp: {port: 8080, send: "GET / HTTP/1.0\r\n\r\n", receive: {equals: ""}}}
  - name: files
    files:
      - {path: /srv/www/health, mode: 0600, owner: app, content: {contains: ok}}
      - {path: /srv/www, symlink: x, absent: false}
      - {path: /srv/none}
      - {path: /bin/broken, absent: true}
  - {name: healthcheck, start: true, wait: {healthcheck: true, timeout: 1s}}
targets:
  broken:
    from: target:default
    config: {entrypoint: [/bin/broken], cmd: []}
    tests: [{name: starts, start: true, http: {port: 80}}]
`)
	r := tested(t, h, dir)
	house.Contains(t, r.Stdout,
		"FAIL  status (line 8)\n      GET /none answers with status 404, not 200\n", "      output of the image's program:\n        up\n",
		"FAIL  body (line 9)\n      the body does not contain \"ok\"\n",
		"FAIL  port (line 10)\n      nothing listens on port 81: ",
		"FAIL  output (line 11)\n      within 1s it does not print \"down\"\n",
		"FAIL  no port (line 12)\n      port 82: nothing listens on port 82: ",
		"FAIL  answer (line 13)\n      the answer is \"HTTP/1.", "8 of 8 tests failed.",
		"FAIL  healthcheck (line 20)\n      within 1s its healthcheck does not succeed: it ",
		"      /srv/www/health has mode 0644, not 0600\n      /srv/www/health belongs to 0:0, not to app\n      /srv/www/health is not as expected: the content does not contain \"ok\"\n",
		"      /srv/www is not a link\n      /srv/none is not there\n      /bin/broken is there\n")
	if r.Code != 1 {
		t.Errorf("status %d\n%s", r.Code, r.Stderr)
	}
	r = h.CLI.Run(t, "test", "--progress=plain", "--addr", h.Daemon.Addr, "--target", "broken", dir)
	house.Contains(t, r.Stdout+r.Stderr, "FAIL  starts (line 25)\n      the program ended with status 3 ", "output of the image's program:\n        no configuration\n")
}

// TestBesideService runs commands beside a program that prints a lot: neither is what it
// prints in the end lost, nor does a command that fails end the program.
func TestBesideService(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
from: {base}
config: {entrypoint: [/bin/sh, -c], cmd: ["seq 300000; echo ready; exec httpd -f -p 8080 -h /"], expose: [8080]}
tests:
  - {name: much, start: true, wait: {output: ready}, http: {path: /none, status: 404}}
  - {name: status, start: true, wait: {output: ready}, run: "echo out; echo err >&2; exit 3", expect: {exit: 3, stdout: {equals: "out\n"}, stderr: {contains: err}}}
  - {name: no command, start: true, wait: {output: ready}, run: [none]}
  - {name: large, start: true, wait: {output: ready}, http: {path: /usr/bin/busybox, body: {contains: ELF}}}
targets:
  last:
    from: target:default
    config: {cmd: ["seq 300000; echo last words; exit 3"]}
    tests: [{name: ends, start: true, wait: {output: ready}}]
`)
	r := h.CLI.Run(t, "test", "--progress=plain", "--addr", h.Daemon.Addr, dir)
	house.Contains(t, r.Stdout, "ok    much\nok    status\nFAIL  no command (line 6)\n      the command can't be run: exec: \"none\": executable file not found in $PATH\n",
		"      output of the image's program, the end of it:\n", "        300000\n        ready\n",
		"FAIL  large (line 7)\n      the body has more than the 1048576 bytes that a test can look at\n", "2 of 4 tests failed.")
	r = h.CLI.Run(t, "test", "--progress=plain", "--addr", h.Daemon.Addr, "--target", "last", dir)
	house.Contains(t, r.Stdout, "FAIL  ends (line 12)\n      the program ended with status 3 ", "        300000\n        last words\n1 of 1 test failed.\n")
}

// TestServiceFaults refuses tests that can't be run, at their lines.
func TestServiceFaults(t *testing.T) {
	h := house.New(t)
	for text, want := range map[string]string{
		"config: {entrypoint: []}\ntests: [{start: true}]":                              "strata.yaml:3:9: the image has neither entrypoint nor cmd to start",
		"config: {cmd: [a]}\ntests: [{start: true, http: {}}]":                          "strata.yaml:3:29: which port is asked?",
		"config: {cmd: [a], expose: [80, 81]}\ntests: [{start: true, tcp: {}}]":         "strata.yaml:3:28: which port is asked?",
		"config: {cmd: [a]}\ntests: [{start: true, wait: {healthcheck: true}}]":         "strata.yaml:3:29: the image has no healthcheck to wait for",
		"config: {cmd: [a]}\ntests: [{run: a, http: {port: 80}}]":                       "strata.yaml:3:18: tests[0]: http goes only with start",
		"config: {cmd: [a]}\ntests: [{start: true, http: {port: 80, path: health}}]":    "strata.yaml:3:46: tests[0].http.path: \"health\" does not begin with /",
		"config: {cmd: [a]}\ntests: [{files: [{path: /a, absent: true, mode: 0644}]}]":  "tests[0].files[0]: says that nothing is there, and what is there",
		"config: {cmd: [a]}\ntests: [{start: true, wait: {output: x, timeout: soon}}]":  "\"soon\" is not a duration",
		"config: {cmd: [a]}\ntests: [{start: true, http: {port: 80, method: \"A B\"}}]": "is not an HTTP method",
	} {
		dir := h.Project(t, "-- strata.yaml --\nfrom: {base}\n"+text+"\n")
		r := tested(t, h, dir)
		if r.Code == 0 || !strings.Contains(r.Stderr, want) {
			t.Errorf("%s: status %d, no %q in\n%s%s", text, r.Code, want, r.Stdout, r.Stderr)
		}
	}
}
