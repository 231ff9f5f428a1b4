// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tested is a build file with tests that pass, and with tests that fail.
const tested = `
args: {BASE: null, WORD: hello}
from: $BASE
layers:
  - files: [{dest: /etc/motd, content: "hello\n"}]
  - files: [{dest: /srv/state/first, content: "1\n"}]
config: {env: {GREETING: hi}, user: app, workdir: /srv, volumes: [/data/own, /data, /srv/state]}
tests:
  - {name: argv, run: [cat, /etc/motd], expect: {stdout: {equals: "${WORD}\n", matches: "^h.*o"}}}
  - {name: script, run: 'echo "$WORD $GREETING $LATER"; id -un; pwd', env: {LATER: last}, expect: {stdout: {equals: "hello hi last\napp\n/srv\n"}}}
  - {name: status, run: "echo oops >&2; exit 3", expect: {exit: 3, stderr: {contains: oops}}}
  - {name: root, run: "touch /etc/new", user: "0:0"}
  - {name: fresh, run: "test ! -e /etc/new"}
  - {name: volumes, run: "cat /srv/state/first; ls /data; touch /data/own/new; ls /data/own", user: "0:0", expect: {stdout: {equals: "1\nown\nnew\n"}}}
  - {name: fresh volumes, run: "ls /data/own", expect: {stdout: {equals: ""}}}
  - {name: no volumes in the image, files: [{path: /data, absent: true}]}
targets:
  bad:
    from: target:default
    tests:
      - {run: "echo one; echo two >&2; exit 4", expect: {stdout: {equals: "1\n", contains: "three"}, stderr: {matches: "^x"}}}
      - {name: fine, run: ["true"]}
  none: {from: target:default}
  empty:
    from: scratch
    config: {volumes: [/data]}
    tests:
      - {name: nothing, files: [{path: /data, absent: true}, {path: /, directory: true, owner: "0:0"}]}
      - {name: something, files: [{path: /data, owner: app}, {path: /, owner: app}]}
`

func TestTests(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": tested})
	run := func(code int, want string, args ...string) {
		t.Helper()
		args = append([]string{"test", "--progress=quiet", "--addr", h.daemon.Addr, "--build-arg", "BASE=" + h.base}, args...)
		r := h.cli.Run(t, append(args, dir)...)
		if diff := cmp.Diff(want, r.Stdout); r.Code != code || diff != "" {
			t.Errorf("%q: status %d\n%s(-want +got):\n%s", args, r.Code, r.Stderr, diff)
		}
	}
	run(0, "ok    argv\nok    script\nok    status\nok    root\nok    fresh\nok    volumes\nok    fresh volumes\nok    no volumes in the image\nAll 8 tests passed.\n")
	run(1, `FAIL  test 1 (line 21)
      the exit status is 4, not 0
      the standard output is "one\n", not "1\n"
      the standard output does not contain "three"
      the standard error does not match ^x
      standard output:
        one
      standard error:
        two
ok    fine
1 of 2 tests failed.
`, "--target", "bad")
	run(0, "The build file has no tests.\n", "--target", "none")
	run(1, "ok    nothing\nFAIL  something (line 29)\n      /data is not there\n      / belongs to 0:0, not to app\n1 of 2 tests failed.\n", "--target", "empty")
}
