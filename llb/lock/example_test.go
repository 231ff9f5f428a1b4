// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/llb/lock"
)

// A lock is read, asked for a target's packages, and written in one form only.
func ExampleRead() {
	f := &lock.File{}
	f.SetRepository(lock.Repository{ID: "stable", Type: "deb", URIs: []string{"https://archive.example.org/debian"}})
	f.Set("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{
		Base: "debian:bookworm-slim", Wanted: [][]string{{"jq"}},
		Packages: []lock.Package{{
			Name: "jq", Version: "1.6-2.1", Arch: "amd64", Repository: "stable",
			Path: "pool/main/j/jq/jq_1.6-2.1_amd64.deb", Size: 64924, SHA256: strings.Repeat("2c", 32),
		}},
	}})

	read, err := lock.Read("strata.lock", f.Write())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range read.Platform("default", "linux/amd64").Packages.Packages {
		fmt.Println(p.Name, p.Version, read.Repository(p.Repository).URIs[0])
	}
	// Output:
	// jq 1.6-2.1 https://archive.example.org/debian
}
