// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"fmt"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/testenv/union"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// chainVisits is how many refs BuildKit's cache looks at to find the blobs of a state: all
// inputs of a merge, what a difference is of, and what a layer stands on, each as often as
// it is reached (computeBlobChain in BuildKit's cache/blobs.go).
func chainVisits(t *testing.T, st bk.State) float64 {
	t.Helper()
	def, err := st.Marshal(t.Context(), bk.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	visits := map[string]float64{}
	of := func(op *pb.Op, input int64) float64 {
		if input < 0 {
			return 0
		}
		return visits[op.Inputs[input].Digest]
	}
	last := 0.0
	for _, data := range def.Def { // inputs come before what they are the inputs of
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		n := 1.0
		switch o := op.Op.(type) {
		case *pb.Op_Merge:
			for _, in := range o.Merge.Inputs {
				n += of(&op, in.Input)
			}
		case *pb.Op_Diff:
			n += of(&op, o.Diff.Upper.Input)
		case *pb.Op_Exec:
			n += of(&op, o.Exec.Mounts[0].Input)
		case *pb.Op_File:
			n += of(&op, o.File.Actions[0].Input)
		case nil:
			return last
		}
		last = n
		visits[digest.FromBytes(data).String()] = n
	}
	return last
}

// TestCommandsInPlace wants n commands in place to cost no more than the square of n where
// their blobs are looked for, among layers of files and in a chain of targets as well.
func TestCommandsInPlace(t *testing.T) {
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	p := union.NewProject(1)
	for name, c := range map[string]struct{ first, each string }{
		"commands":             {"from: base\nlayers:\n", "  - build: {run: \"echo %[1]d > /f\"}\n"},
		"caches":               {"from: base\nlayers:\n", "  - build: {run: \"echo %[1]d > /f\", cache: [/c/%[1]d]}\n"},
		"commands and files":   {"from: base\nlayers:\n", "  - build: {run: \"echo %[1]d > /f\"}\n  - files: [{dest: /d/%[1]d, content: x}]\n"},
		"commands and outputs": {"from: base\nlayers:\n", "  - build: {run: \"echo %[1]d > /f\"}\n  - build: {run: \"echo > $out/%[1]d\"}\n"},
		"targets":              {"from: target:t20\ntargets:\n  t0: {from: base}\n", "  t%[1]d: {from: \"target:t%[2]d\", layers: [{build: {run: \"echo %[1]d > /f\"}}]}\n"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			const n = 20
			text := c.first
			for i := 1; i <= n; i++ {
				text += strings.TrimSuffix(fmt.Sprintf(c.each+"%[2]d", i, i-1), fmt.Sprint(i-1))
			}
			s, err := spec.Parse("strata.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			m := union.NewMachine(p.Base, p.Context)
			planned, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: imageOf{m}})
			if err != nil {
				t.Fatal(err)
			}
			res, err := llb.Lower(t.Context(), planned, llb.Options{Sources: m, Prober: m, Step: m.Step, BuildPlatform: amd64})
			if err != nil {
				t.Fatal(err)
			}
			if visits := chainVisits(t, res.State); visits > 4*n*n {
				t.Errorf("the blobs of %d commands are looked for in %.0f refs", n, visits)
			}
		})
	}
}
