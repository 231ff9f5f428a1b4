// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv/union"
)

// odd is a base and a context that have what the build files below are about.
func odd() *union.Project {
	p := &union.Project{Base: union.NewDir(), Context: union.NewDir()}
	file := func(root *union.Node, at, text string) {
		root.Put(at, &union.Node{Kind: union.File, Data: text, Mode: 0o644})
	}
	file(p.Base, "/etc/passwd", "app:x:1000:1001::/:/bin/sh\n")
	file(p.Base, "/usr/bin/sh", "sh")
	file(p.Base, "/opt/tool/kept", "kept")
	p.Base.Put("/bin", &union.Node{Kind: union.Link, Data: "usr/bin", Mode: 0o777})
	p.Base.Put("/run", &union.Node{Kind: union.Link, Data: "run/run", Mode: 0o777})
	p.Base.Put("/sh", &union.Node{Kind: union.Link, Data: "usr/bin/sh", Mode: 0o777})
	file(p.Context, "/tool", "tool")
	file(p.Context, "/src/main.go", "main")
	file(p.Context, "/src/main.md", "md")
	file(p.Context, "/app/[id]/page.tsx", "id")
	file(p.Context, "/app/i/page.tsx", "i")
	p.Context.Put("/rootfs/bin", &union.Node{Kind: union.Link, Data: "opt", Mode: 0o777})
	p.Context.Put("/rootfs/opt/tool", &union.Node{Kind: union.Link, Data: "x", Mode: 0o777})
	return p
}

// TestPatterns takes what a pattern matches that has backslashes in its directories, and
// nothing where that may be.
func TestPatterns(t *testing.T) {
	for text, want := range map[string]string{
		`{dest: /into/, source: 'app/\[id\]/*.tsx'}, {dest: /one, source: 'app/\[id\]/p*.tsx'}`:                           `d /into;f /into/page.tsx "id";f /one "id";`,
		`{dest: /conf/, source: "conf.d/*.yaml", optional: true}, {dest: /deep/, source: "src/none/*/x", optional: true}`: "d /conf;d /deep;",
	} {
		wantFiles(t, text, want)
	}
}

// wantFiles builds the entries of a files layer on scratch, merged and in a chain.
func wantFiles(t *testing.T, entries, want string) {
	t.Helper()
	for _, chain := range []bool{false, true} {
		got, err := buildFile(t.Context(), odd(), "layers: [{files: ["+entries+"]}]\n", chain)
		if err != nil {
			t.Errorf("%s: %v", entries, err)
			continue
		}
		if diff := cmp.Diff(want, strings.ReplaceAll(got.Text(false), "\n", ";")); diff != "" {
			t.Errorf("%s, chain %t (-want +got):\n%s", entries, chain, diff)
		}
	}
}
