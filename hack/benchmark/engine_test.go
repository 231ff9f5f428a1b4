// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/testenv"
)

// BenchmarkEngine measures fully cached builds of a small image by the command
// line's own engine. The output is an archive, so that all of a build happens.
func BenchmarkEngine(b *testing.B) {
	registry := testenv.NewRegistry(b, testenv.RegistryOptions{})
	base := testenv.BusyboxImage(b, registry, "base:1", testenv.BusyboxTweaks{})
	onBase := project(b, small())
	onScratch := project(b, map[string]string{"strata.yaml": "layers:\n  - files: [{dest: /etc/app/, source: app.conf}]\n" +
		"  - files: [{dest: /etc/motd, content: hello}]\n", "app.conf": "x\n"})
	for _, c := range []struct {
		name, what string
		dir        string
		stopped    bool
		limit      time.Duration
	}{
		{"Start", "cached build with the embedded engine, which has to start", onBase, true, 500 * time.Millisecond},
		{"Running", "cached build with the embedded engine, which runs", onBase, false, 150 * time.Millisecond},
		{"Scratch", "the same for an image on scratch, which asks no registry", onScratch, false, 150 * time.Millisecond},
	} {
		b.Run(c.name, func(b *testing.B) {
			cli := testenv.Strata(b)
			build := side{run: func() {
				cli.MustRun(b, "build", "--progress=plain", "--build-arg", "BASE="+base,
					"-o", "type=oci,dest="+filepath.Join(cli.Home, "image.tar"), c.dir)
			}}
			build.run()
			if c.stopped {
				build.before = func() { stop(b, cli) }
			}
			compare(b, Measure{Name: c.what, Time: c.limit, Floor: "`strata version`"},
				build, side{}, side{run: func() { cli.MustRun(b, "version") }})
		})
	}
}

// stop ends a command line's engine.
func stop(b *testing.B, cli *testenv.CLI) {
	b.Helper()
	for {
		ids, err := cli.Processes()
		if err != nil {
			b.Fatal(err)
		}
		if len(ids) == 0 {
			return
		}
		for _, id := range ids {
			_ = unix.Kill(id, unix.SIGTERM) // it may be gone already
		}
		time.Sleep(20 * time.Millisecond)
	}
}
