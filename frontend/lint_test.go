// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestRulesInBuilds shows that builds warn of what check finds, and that findings can
// be skipped and made errors, by the build file and by the request.
func TestRulesInBuilds(t *testing.T) {
	h := house.New(t)
	const file = "args: {SPARE: x}\nlayers: [{files: [{dest: /a, content: a}]}]\nconfig: {user: root}\n"
	project := func(line string) string {
		return h.Project(t, "-- strata.yaml --\n{syntax}\n"+line+file)
	}
	plain, strict, skipped := project(""), project("# check=error=true\n"), project("# check=skip=UnusedArg,RootUser;error=true\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		text, err := w.Build(house.Flags(plain)...)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		house.Contains(t, text, "RootUser", "UnusedArg", "strata.yaml:2:8: argument SPARE is not used")
		text, err = w.Build(house.Flags(strict)...)
		if err == nil {
			t.Fatalf("findings are not errors:\n%s", text)
		}
		house.Contains(t, text, "lint violation found for rules: RootUser, UnusedArg")
		if text, err = w.Build(house.Flags(skipped)...); err != nil || strings.Contains(text, "RootUser") && !strings.Contains(text, "skip=") {
			t.Errorf("%v\n%s", err, text)
		}
		text, err = w.Build(house.Flags(plain, "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=RootUser;error=true")...)
		if err == nil {
			t.Fatalf("findings are not errors:\n%s", text)
		}
		house.Contains(t, text, "lint violation found for rules: UnusedArg")
		if text, err = w.Build(house.Flags(strict, "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all")...); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
}
