// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// TestForeignArchitectures asks for packages of i386 where the base has that architecture.
// The answers are those of apt 2.6.1.
func TestForeignArchitectures(t *testing.T) {
	const all = "data 1; Architecture: all\ndata2 1; Architecture: all; Multi-Arch: foreign\n"
	native := all + "lib 2; Multi-Arch: same\nprog 1; Depends: lib, data\ntool 1; Multi-Arch: foreign\nnolib 1\nallowed 1; Multi-Arch: allowed\n" +
		"mix 1; Depends: only32:i386, nolib\nreq 1; Depends: nolib:i386\ncnf 1; Conflicts: lib:i386\nskew 1; Multi-Arch: same\nneedvirt 1; Depends: virt"
	foreign := all + strings.ReplaceAll("lib 2; ARCH; Multi-Arch: same\nprog 1; ARCH; Depends: lib, data\ntool 1; ARCH; Multi-Arch: foreign\nnolib 1; ARCH\n"+
		"only32 1; ARCH; Depends: tool, lib, data2\nbad32 1; ARCH; Depends: data\nany32 1; ARCH; Depends: allowed:any, tool:any\nbrk32 1; ARCH; Breaks: nolib\n"+
		"prov32 1; ARCH; Provides: virt\nneedvirt32 1; ARCH; Depends: virt\nskew 2; ARCH; Multi-Arch: same", "ARCH", "Architecture: i386")
	for words, want := range map[string]string{
		"lib:i386": "lib:i386=2", "prog": "data=1 lib=2 prog=1", "only32": "data2=1 lib:i386=2 only32:i386=1 tool=1", "only32:i386": "data2=1 lib:i386=2 only32:i386=1 tool=1",
		"mix": "data2=1 lib:i386=2 mix=1 nolib=1 only32:i386=1 tool=1", "req": "nolib:i386=1 req=1", "needvirt32": "needvirt32:i386=1 prov32:i386=1",
		"skew:i386": "skew:i386=2", "lib lib:i386": "lib=2 lib:i386=2", "lib:i386=2": "lib:i386=2", "lib:i386/r": "lib:i386=2", "tool:any": "tool=1",
		"data:amd64": "data=1", "data:all": "data=1", "tool:i386": "tool:i386=1", "virt:i386": "prov32:i386=1",
		"prog:i386": "prog cannot be installed: prog:i386 needs data:i386, which no repository has", "bad32": "needs data:i386", "any32": "any32:i386 needs tool:any",
		"cnf lib:i386": "cnf conflicts with lib:i386", "brk32 nolib": "brk32:i386 breaks nolib", "brk32 nolib:i386": "brk32:i386 breaks nolib:i386",
		"prov32 virt": "find the package virt", "needvirt": "needvirt needs virt, which no repository has", "skew skew:i386": "cannot be installed together",
		"tool:i386 tool": "cannot be installed together", "nolib:i386 nolib": "cannot be installed together",
		"data:i386": "find the package data:i386: no repository has it", "only32:amd64": "find the package only32:amd64: no repository has it", "data:i386=1": "find the package data:i386",
		"armlib:armhf": "find the package armlib:armhf: packages of a foreign architecture",
	} {
		req := Request{Architecture: "amd64", Foreign: []string{"i386"}, Wanted: wants(strings.Fields(words)...)}
		for _, text := range []string{native, foreign} {
			x, err := index.ReadIndex(strings.NewReader(archPackages(text)), index.Options{Repository: "r", Suite: "r", Architecture: "amd64", Foreign: req.Foreign})
			if err != nil {
				t.Fatal(err)
			}
			req.Indexes = append(req.Indexes, x)
		}
		sol, err := Resolve(req)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", words, err, want)
			}
			continue
		}
		var got []string
		for _, p := range sol.Packages {
			got = append(got, p.Name+"="+p.Version)
		}
		slices.Sort(got)
		wanted := strings.Fields(want)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %v, want %v", words, got, want)
		}
	}
}

// archPackages are paragraphs of packages, whose architecture counts if they say one.
func archPackages(lines string) string {
	var out []string
	for _, p := range strings.Split(packages(lines, ""), "\n\n") {
		if strings.Count(p, "\nArchitecture: ") > 1 {
			p = strings.Replace(p, "\nArchitecture: amd64", "", 1)
		}
		out = append(out, p)
	}
	return strings.Join(out, "\n\n")
}
