// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"errors"
	"fmt"

	"github.com/strata-build/strata/llb/spec"
)

// A build file is parsed into values that know their places.
func ExampleParse() {
	s, err := spec.Parse("strata.yaml", []byte(`
from: debian:bookworm-slim
layers:
  - name: site
    files: [{dest: /srv/www/, source: web/}]
  - packages: [nginx]
targets:
  debug: {from: target:default, layers: [{packages: [gdb]}]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range s.Targets {
		fmt.Printf("%s: from %s, %d layers\n", s.Targets[i].Name, s.Targets[i].From.Value, len(s.Targets[i].Layers))
	}
	// Output:
	// default: from debian:bookworm-slim, 2 layers
	// debug: from target:default, 1 layers
}

// A fault says where it is, and shows the lines.
func ExampleError() {
	_, err := spec.Parse("strata.yaml", []byte("from: scratch\nlayer:\n  - packages: [nginx]\n"))
	var fault *spec.Error
	if errors.As(err, &fault) {
		fmt.Println(fault)
		fmt.Print(fault.Excerpt())
	}
	// Output:
	// strata.yaml:2:1: unknown key "layer" in the build file; did you mean "layers"?
	//   1 | from: scratch
	// > 2 | layer:
	//     | ^~~~~
	//   3 |   - packages: [nginx]
}
