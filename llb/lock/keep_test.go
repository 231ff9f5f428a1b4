// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/llb/lock"
)

// TestKeep holds that packages and closures of a target are kept beside each other,
// and that a copy is one.
func TestKeep(t *testing.T) {
	const amd64 = "linux/amd64"
	file := &lock.File{}
	file.Keep("default", lock.Platform{Name: amd64, Closures: []lock.Closure{{Roots: []string{"b"}}}}, nil)
	before, same := file.Clone(), file.Clone()
	if diff := cmp.Diff(file, before); diff != "" {
		t.Errorf("a copy (-want +got):\n%s", diff)
	}
	packages := &lock.Packages{Packages: []lock.Package{{Name: "hello", Repository: "r"}}}
	before.Keep("default", lock.Platform{Name: amd64, Packages: packages}, []lock.Repository{{ID: "r"}})
	before.Keep("default", lock.Platform{Name: amd64, Closures: []lock.Closure{{Roots: []string{"a"}}}}, nil)
	want := &lock.File{
		Repositories: []lock.Repository{{ID: "r"}},
		Targets: []lock.Target{{Name: "default", Platforms: []lock.Platform{{
			Name: amd64, Packages: packages, Closures: []lock.Closure{{Roots: []string{"a"}}, {Roots: []string{"b"}}},
		}}}},
	}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("what is kept (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(same, file); diff != "" {
		t.Errorf("the file changed with its copy (-want +got):\n%s", diff)
	}
	if got := (*lock.File)(nil).Clone(); got == nil || len(got.Targets) != 0 {
		t.Errorf("the copy of no lock is %v", got)
	}
}
