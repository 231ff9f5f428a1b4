// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"fmt"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// A plan is made without a daemon as long as nothing outside of the build file has
// to be looked at.
func ExamplePlan() {
	s, err := spec.Parse("strata.yaml", []byte(`
args: {NAME: world}
layers:
  - files: [{dest: /etc/greeting, content: "hello\n"}]
  - files: [{dest: "/etc/$NAME", symlink: greeting}]
config: {cmd: [/bin/sh]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := strategy.Plan(context.Background(), strategy.Request{
		Spec:      s,
		Platform:  ocispecs.Platform{OS: "linux", Architecture: "arm64"},
		BuildArgs: map[string]string{"NAME": "strata"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	image := p.Images[len(p.Images)-1]
	fmt.Println(image.Target, image.Platform)
	for _, l := range image.Layers {
		fmt.Printf("%s: %s\n", l.Strategy, l.Words)
	}
	// Output:
	// default linux/arm64
	// files: files /etc/greeting
	// files: files /etc/strata
}
