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
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	p := union.NewProject(1)
	for name, entry := range map[string]string{
		"content": `{dest: "/d%d/f", content: x}`,
		"source":  `{dest: "/app/deep/%d", source: "s"}`,
		"into":    `{dest: "/app/%d/", source: "file"}`,
		"symlink": `{dest: "/links/%d", symlink: "/d"}`,
	} {
		cost := func(n int) int {
			text := fmt.Sprintf("from: target:t%d\ntargets:\n  t0: {from: base}\n", n)
			for i := 1; i <= n; i++ {
				text += fmt.Sprintf("  t%d: {from: 'target:t%d', layers: [{files: [%s]}]}\n", i, i-1, fmt.Sprintf(entry, i))
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
		some, twice := cost(30), cost(60)
		if twice > 2*some+10 {
			t.Errorf("%s: 30 targets ask about %d operations, 60 about %d", name, some, twice)
		}
	}
}
