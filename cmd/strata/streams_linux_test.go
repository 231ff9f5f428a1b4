// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

// TestStreamsOnce refuses a build file on a stream where it is needed again, and says where a
// lock goes where it has no name.
func TestStreamsOnce(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"verify"}, "other streams do not allow"},
		{[]string{"targets", "--bake"}, "a stream has no name that bake could read"},
		{[]string{"lock"}, "say with --output where the lock goes"},
	} {
		for _, file := range []string{"-", "/dev/stdin", "/dev/fd/63"} {
			status, _, stderr := command(t, append(c.args, "-f", file, t.TempDir())...)
			if status != 2 || !strings.Contains(stderr, c.want) {
				t.Errorf("strata %s -f %s: exit status %d\n%s", strings.Join(c.args, " "), file, status, stderr)
			}
		}
	}
}
