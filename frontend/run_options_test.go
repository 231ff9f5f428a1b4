// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"
)

// TestRunOptions shows that what the command line says about commands reaches
// both kinds of them.
func TestRunOptions(t *testing.T) {
	h := newHouse(t)
	dir := h.oneLayer(t, `
  - build:
      run: |
        mkdir $out/out
        for dir in $out/out; do
          grep extra /etc/hosts > $dir/hosts
          hostname > $dir/name
          df -k /dev/shm | tail -n 1 | awk '{print $2}' > $dir/shm
          ulimit -n > $dir/files
        done
  - build:
      run: |
        mkdir /changed
        for dir in /changed; do
          grep extra /etc/hosts > $dir/hosts
          hostname > $dir/name
          df -k /dev/shm | tail -n 1 | awk '{print $2}' > $dir/shm
          ulimit -n > $dir/files
        done
`)
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, flags(dir, "--add-host", "extra.example:203.0.113.9", "--shm-size", "13m",
			"--ulimit", "nofile=321:654", "--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=builder-7")...)
		for _, kind := range []string{"out", "changed"} {
			want(t, "the host's line", read(t, out, kind, "hosts"), "203.0.113.9\textra.example\n")
			want(t, "the hostname", read(t, out, kind, "name"), "builder-7\n")
			want(t, "/dev/shm's size", read(t, out, kind, "shm"), "13312\n")
			want(t, "the limit of files", read(t, out, kind, "files"), "321\n")
		}
		if _, err := w.build(flags(dir, "--add-host", "extra.example")...); err == nil {
			t.Error("a host without an address is not an error")
		}
	})
}

// TestNetwork shows the network of commands: the caller's, unless the build file
// says its own.
func TestNetwork(t *testing.T) {
	h := newHouse(t)
	// Every network interface is a line, after two of headings.
	const count = "run: 'tail -n +3 /proc/net/dev | grep -v lo: | wc -l > $out/%'"
	layer := func(name, more string) string {
		return "  - build: {" + strings.ReplaceAll(count, "%", name) + more + "}\n"
	}
	both := h.oneLayer(t, layer("callers", "")+layer("none", ", network: none"))
	own := h.oneLayer(t, layer("own", ", network: host"))
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, flags(both, "--network", "none")...)
		want(t, "the interfaces", read(t, out, "callers")+read(t, out, "none"), "0\n0\n")
		out = w.files(t, flags(both, "--network", "host", "--allow", "network.host")...)
		want(t, "the interfaces without a network", read(t, out, "none"), "0\n")
		if read(t, out, "callers") == "0\n" {
			t.Error("the host's network has no interface")
		}
		text, err := w.build(flags(own)...)
		if err == nil {
			t.Fatalf("the host's network needs no permission:\n%s", text)
		}
		contains(t, text, "network.host")
		if out = w.files(t, flags(own, "--allow", "network.host")...); read(t, out, "own") == "0\n" {
			t.Error("the host's network has no interface")
		}
	})
}
