// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestRunOptions shows that what the command line says about commands reaches
// both kinds of them.
func TestRunOptions(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, `
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
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir, "--add-host", "extra.example:203.0.113.9", "--shm-size", "13m",
			"--ulimit", "nofile=321:654", "--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=builder-7")...)
		for _, kind := range []string{"out", "changed"} {
			house.Want(t, "the host's line", house.Read(t, out, kind, "hosts"), "203.0.113.9\textra.example\n")
			house.Want(t, "the hostname", house.Read(t, out, kind, "name"), "builder-7\n")
			house.Want(t, "/dev/shm's size", house.Read(t, out, kind, "shm"), "13312\n")
			house.Want(t, "the limit of files", house.Read(t, out, kind, "files"), "321\n")
		}
		if _, err := w.Build(house.Flags(dir, "--add-host", "extra.example")...); err == nil {
			t.Error("a host without an address is not an error")
		}
	})
}

// TestNetwork shows the network of commands: the caller's, unless the build file
// says its own.
func TestNetwork(t *testing.T) {
	h := house.New(t)
	// Every network interface is a line, after two of headings.
	const count = "run: 'tail -n +3 /proc/net/dev | grep -v lo: | wc -l > $out/%'"
	layer := func(name, more string) string {
		return "  - build: {" + strings.ReplaceAll(count, "%", name) + more + "}\n"
	}
	both := h.OneLayer(t, layer("callers", "")+layer("none", ", network: none"))
	own := h.OneLayer(t, layer("own", ", network: host"))
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(both, "--network", "none")...)
		house.Want(t, "the interfaces", house.Read(t, out, "callers")+house.Read(t, out, "none"), "0\n0\n")
		out = w.Files(t, house.Flags(both, "--network", "host", "--allow", "network.host")...)
		house.Want(t, "the interfaces without a network", house.Read(t, out, "none"), "0\n")
		if house.Read(t, out, "callers") == "0\n" {
			t.Error("the host's network has no interface")
		}
		text, err := w.Build(house.Flags(own)...)
		if err == nil {
			t.Fatalf("the host's network needs no permission:\n%s", text)
		}
		house.Contains(t, text, "network.host")
		if out = w.Files(t, house.Flags(own, "--allow", "network.host")...); house.Read(t, out, "own") == "0\n" {
			t.Error("the host's network has no interface")
		}
	})
}
