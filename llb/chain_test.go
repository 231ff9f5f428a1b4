// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"context"
	"fmt"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/internal/testenv/union"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// asked counts the operations of what a machine is asked about.
type asked struct {
	*union.Machine
	operations int
}

func (a *asked) List(ctx context.Context, st bk.State, dir string) ([]*fstypes.Stat, error) {
	def, err := st.Marshal(ctx, bk.LinuxAmd64)
	if err != nil {
		return nil, err
	}
	a.operations += len(def.Def)
	return a.Machine.List(ctx, st, dir)
}

// TestChainOfTargets wants a chain of n targets to cost n: what is asked of the daemon
// while the graph is made doesn't grow with the square.
func TestChainOfTargets(t *testing.T) {
	for name, entry := range map[string]string{
		"content": `{dest: "/d%d/f", content: x}`,
		"source":  `{dest: "/app/deep/%d", source: "s"}`,
		"into":    `{dest: "/app/%d/", source: "file"}`,
		"symlink": `{dest: "/links/%d", symlink: "/d"}`,
	} {
		cost := func(n int) int {
			return lowerChain(t, n, func(i int) string {
				return fmt.Sprintf("{from: 'target:t%d', layers: [{files: [%s]}]}", i-1, fmt.Sprintf(entry, i))
			})
		}
		some, twice := cost(30), cost(60)
		if twice > 2*some+10 {
			t.Errorf("%s: 30 targets ask about %d operations, 60 about %d", name, some, twice)
		}
	}
}

// TestChainOfUses has targets that use each other and don't stand on each other: what is
// allocated for them grows as their number does.
func TestChainOfUses(t *testing.T) {
	for name, target := range map[string]string{
		"copied":  `{layers: [{files: [{dest: /x, from: "target:t%d", source: /file}]}]}`,
		"mounted": `{from: base, layers: [{build: {run: make, mounts: [{target: /m, from: "target:t%d"}]}}]}`,
		"run in":  `{layers: [{build: {run: make, from: "target:t%d"}}]}`,
		"sourced": `{layers: [{build: {run: make, from: base, source: [{from: "target:t%d", path: /file}]}}]}`,
	} {
		work := func(n int) float64 {
			return testing.AllocsPerRun(1, func() {
				lowerChain(t, n, func(i int) string { return fmt.Sprintf(target, i-1) })
			})
		}
		if some, twice := work(50), work(100); twice > 2.5*some {
			t.Errorf("%s: 50 targets take %g allocations, 100 take %g", name, some, twice)
		}
	}
}

// lowerChain lowers a chain of n targets, and counts what it asks.
func lowerChain(t *testing.T, n int, target func(i int) string) int {
	t.Helper()
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	p := union.NewProject(1)
	text := fmt.Sprintf("from: target:t%d\ntargets:\n  t0: {from: base}\n", n)
	for i := 1; i <= n; i++ {
		text += fmt.Sprintf("  t%d: %s\n", i, target(i))
	}
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := &asked{Machine: union.NewMachine(p.Base, p.Context)}
	planned, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: imageOf{m.Machine}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := llb.Lower(t.Context(), planned, llb.Options{Sources: m, Prober: m, Step: m.Step, BuildPlatform: amd64}); err != nil {
		t.Fatal(err)
	}
	return m.operations
}
