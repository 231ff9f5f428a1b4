// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"context"
	"fmt"
	"os"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// A build file becomes a graph without a daemon.
func ExampleLower() {
	ctx := context.Background()
	s, err := spec.Parse("strata.yaml", []byte(`layers: [{files: [{dest: /greeting, content: "hello\n"}]}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := strategy.Plan(ctx, strategy.Request{Spec: s, Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := llb.Lower(ctx, p, llb.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	def, err := result.State.Marshal(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := llb.Dump(os.Stdout, def); err != nil {
		fmt.Println(err)
	}
	fmt.Println(result.Image.History[0].CreatedBy)
	// Output:
	// 1 file
	//     mkfile /greeting 0644 0:0 "hello\n"
	// 2 result 1
	// strata: files /greeting
}
