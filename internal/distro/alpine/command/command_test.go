// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/alpine/command"
)

// TestArgumentsAreReadAsTheyWereMade reads back what each subcommand is called with.
func TestArgumentsAreReadAsTheyWereMade(t *testing.T) {
	for _, made := range []command.Unpack{
		{Archives: "/d", Out: "/out", Meta: "/meta"},
		{Skeleton: "/skeleton", Archives: "/d", Out: "/out", Meta: "/meta"},
	} {
		got, err := command.ParseUnpack(made.Args()[1:])
		if diff := cmp.Diff(made, got); err != nil || diff != "" {
			t.Errorf("error %v, it was read as another one (-made +read):\n%s", err, diff)
		}
	}
	made := command.Install{Metas: "/m", Scripts: command.Follow, Names: []string{"a", "b=1"}}
	got, err := command.ParseInstall(made.Args()[1:])
	if diff := cmp.Diff(made, got); err != nil || diff != "" {
		t.Errorf("error %v, it was read as another one (-made +read):\n%s", err, diff)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{nil, {"--meta", "/m", "x"}, {"--scripts", "run"}, {"--nothing"}} {
		if _, err := command.ParseInstall(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	if _, err := command.ParseUnpack([]string{"/d", "/out"}); err == nil {
		t.Error("two directories: no error")
	}
}
