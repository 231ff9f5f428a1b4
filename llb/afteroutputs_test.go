// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// TestFilesAfterOutputs has files beside what a command made be one file operation, which
// nothing runs for: it is known where that lies. Only files within it are placed by a step,
// as its directories have modes that are not known yet.
func TestFilesAfterOutputs(t *testing.T) {
	content := "x"
	for _, c := range []struct {
		output plan.Output
		dest   string
		steps  int
	}{
		{plan.Output{Path: "/app/node_modules", Dest: "/app/node_modules"}, "/app/index.js", 1},
		{plan.Output{Path: "/app/node_modules", Dest: "/app/node_modules"}, "/app/node_modules.js", 1},
		{plan.Output{Path: "/app/node_modules", Dest: "/app/node_modules"}, "/app/src/index.js", 1},
		{plan.Output{Path: "/app/node_modules", Dest: "/app/node_modules"}, "/app/node_modules/ms/index.js", 2},
		{plan.Output{Path: "/made", Dest: "/srv/made", Into: true}, "/srv/made/file", 1},
		{plan.Output{Path: "/made", Dest: "/srv/made", Into: true}, "/srv/made/made/file", 2},
		{plan.Output{Path: "/made", Dest: "/srv/made", Into: true, Owner: &plan.Owner{User: "5", Group: "6"}}, "/srv/made/file", 2},
		{plan.Output{Path: "/made", Dest: "/"}, "/srv/made/file", 2},
	} {
		p := withPackages(
			&plan.Exec{
				From: plan.Tree{Kind: plan.Registry, Name: "registry.example.org/tools:1"}, Platform: "linux/arm64", Args: []string{"make"}, Cwd: "/",
				Out: true, OnlyOutputs: true, Outputs: []plan.Output{c.output},
			},
			&plan.Files{Entries: []plan.Entry{{Dest: c.dest, Content: &content}}},
		)
		def, err := lowerPackages(p, false)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := llb.Dump(&text, def); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(text.String(), `"place"`); got != c.steps {
			t.Errorf("%s after %s: %d steps place something, want %d:\n%s", c.dest, c.output.Dest, got, c.steps, text.String())
		}
	}
}
