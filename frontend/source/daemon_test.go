// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/sync/errgroup"
)

// capable is a daemon that can do everything.
type capable struct{ client.Client }

func (capable) BuildOpts() client.BuildOpts {
	return client.BuildOpts{LLBCaps: pb.Caps.CapSet(pb.Caps.All())}
}

// TestMarshalSideBySide marshals two states of one step at once, often: BuildKit puts the
// step's mounts in order when it first meets them.
func TestMarshalSideBySide(t *testing.T) {
	d := &Daemon{Client: capable{}}
	for range 3000 {
		var opts []bk.RunOption
		for i := range 10 {
			opts = append(opts, bk.AddMount(fmt.Sprint("/", 9-i), bk.Scratch().File(bk.Mkdir(fmt.Sprint("/", i), 0o755))))
		}
		run := bk.Scratch().Run(append(opts, bk.Args([]string{"true"}))...)
		var states []bk.State
		for i := range 4 {
			states = append(states, bk.Scratch().File(bk.Copy(run.GetMount(fmt.Sprint("/", i)), "/", "/")))
		}
		group, ctx := errgroup.WithContext(t.Context())
		for _, st := range states {
			group.Go(func() error {
				def, err := d.Marshal(ctx, st)
				if err == nil {
					_, err = bk.NewDefinitionOp(def.ToPB())
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}
