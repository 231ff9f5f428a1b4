// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"encoding/json"
	"fmt"

	"github.com/strata-build/strata/llb/plan"
)

// A plan is plain data: a program can make one itself, and it prints as JSON.
func Example() {
	p := plan.Plan{Platform: "linux/amd64", Images: []*plan.Image{{
		Target: "default", Platform: "linux/amd64",
		From: plan.Tree{Kind: plan.Scratch},
		Layers: []plan.Layer{{
			Strategy: "packages", Words: "packages jq",
			Action: &plan.Install{Format: "deb", Installer: plan.Assemble},
		}},
	}}}
	text, err := json.MarshalIndent(p.Images[0].Layers[0].Action, "", "  ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	fmt.Println(p.Image("default", "linux/amd64").From.Kind)
	// Output:
	// {
	//   "format": "deb",
	//   "installer": "assemble",
	//   "archives": null
	// }
	// scratch
}
