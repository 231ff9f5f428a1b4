// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"testing"

	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/exec"
)

// TestFetchingNetwork gives steps that fetch the network of the machine where commands have
// it. That commands have none doesn't keep anything from being fetched.
func TestFetchingNetwork(t *testing.T) {
	for given, want := range map[pb.NetMode]pb.NetMode{
		pb.NetMode_UNSET: pb.NetMode_UNSET, pb.NetMode_HOST: pb.NetMode_HOST, pb.NetMode_NONE: pb.NetMode_UNSET,
	} {
		o := llb.Options{Step: newWorld().step, Run: exec.Options{Network: given}}
		st, err := llb.StoreInfos("default", []string{"https://cache.example.org"}, []string{"/nix/store/a"}, o)
		if err != nil {
			t.Fatal(err)
		}
		def, err := st.Marshal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for _, data := range def.Def {
			op := &pb.Op{}
			if err := op.UnmarshalVT(data); err != nil {
				t.Fatal(err)
			}
			if step := op.GetExec(); step != nil {
				steps++
				if step.Network != want {
					t.Errorf("with %s for commands it is %s", given, step.Network)
				}
			}
		}
		if steps != 1 {
			t.Errorf("there are %d steps", steps)
		}
	}
}
