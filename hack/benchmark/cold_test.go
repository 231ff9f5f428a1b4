// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

const (
	manyFiles = 10_000
	largeFile = 500_000_000
	mostBytes = 300_000_000
)

// large is an image of many files and a large one, in both languages.
func large(b *testing.B) string {
	dir := project(b, map[string]string{
		"strata.yaml":      "layers:\n  - files:\n      - {dest: /srv/many, source: many}\n      - {dest: /srv/large, source: large}\n",
		"cold.dockerfile":  "FROM scratch\nCOPY many /srv/many\nCOPY large /srv/large\n",
		"first.yaml":       "layers: [{files: [{dest: /a, content: a}]}]\n",
		"first.dockerfile": "FROM scratch\nCOPY first.yaml /a\n",
	})
	for i := range manyFiles {
		write(b, filepath.Join(dir, "many", fmt.Sprint(i%100), fmt.Sprint(i)), noise(1+i%4096, uint64(i)))
	}
	write(b, filepath.Join(dir, "large"), noise(largeFile, 1))
	return dir
}

// BenchmarkCold measures a build without any cache, of 10,000 small files and one
// of 500 MB, to an OCI layout. The frontends' images are there already.
func BenchmarkCold(b *testing.B) {
	h := newHouse(b)
	dir := large(b)
	out := filepath.Join(testenv.Dir(b), "layout")
	through := func(frontend, warm, file string) side {
		return side{
			before: func() {
				h.prune()
				if err := os.RemoveAll(out); err != nil {
					h.Fatal(err)
				}
				h.build(frontend, dir, warm, "")
			},
			run: func() { h.build(frontend, dir, file, "type=oci,tar=false,dest="+out) },
		}
	}
	compare(b, Measure{Name: "10,000 small files and one of 500 MB, cold, to an OCI directory", Against: "Dockerfile frontend", Ratio: 1.1},
		through(h.strata, "first.yaml", "strata.yaml"),
		through(h.dockerfile, "first.dockerfile", "cold.dockerfile"),
		side{})
}

// BenchmarkMemory measures the memory of the command line in the same build,
// with a daemon and with the embedded engine, which is a process of its own.
func BenchmarkMemory(b *testing.B) {
	h := newHouse(b)
	dir := large(b)
	cli := testenv.Strata(b)
	for _, c := range []struct {
		name, what string
		flags      []string
	}{
		{"Daemon", "memory of the command line in that build, with a daemon", []string{"--addr", h.daemon.Addr}},
		{"Engine", "memory of the command line in that build, with the embedded engine", nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			var f Figures
			for b.Loop() {
				h.in(b).prune()
				out := filepath.Join(testenv.Dir(b), "layout")
				cmd := cli.Command(append([]string{"build", "--no-cache", "--progress=plain", "-o", "type=oci,tar=false,dest=" + out, dir}, c.flags...)...)
				f.Bytes = max(f.Bytes, peak(b, cmd))
			}
			record(b, Measure{Name: c.what, Bytes: mostBytes}, f)
		})
	}
}

// peak runs a command and returns the most memory that it had. The kernel's
// account of an ended process counts what its parent had when it was forked, so
// the process is asked while it runs.
func peak(b *testing.B, cmd *exec.Cmd) int64 {
	b.Helper()
	log, err := os.CreateTemp(testenv.Dir(b), "log")
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var most int64
	for {
		select {
		case err := <-done:
			if err != nil {
				text, _ := os.ReadFile(log.Name())
				b.Fatalf("%v: %v\n%s", cmd.Args, err, text)
			}
			return most
		case <-time.After(20 * time.Millisecond):
			most = max(most, highWater(cmd.Process.Pid))
		}
	}
}

// highWater is the most memory that a process had so far; 0 when it is gone.
func highWater(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	var kilobytes int64
	_, _ = fmt.Sscan(rest, &kilobytes) // a process that is ending has no memory
	return kilobytes * 1024
}
