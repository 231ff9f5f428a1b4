// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"testing"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/alpine/command"
	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/testenv/calls"
)

func verbs() []calls.Verb {
	return []calls.Verb{calls.NewVerb("unpack-apk", command.ParseUnpack), calls.NewVerb("install-apk", command.ParseInstall)}
}

func examples() []calls.Call {
	return []calls.Call{
		command.Unpack{Archives: "/d", Out: "/out", Meta: "/meta"},
		command.Unpack{
			Skeleton: "/skeleton", Archives: "-d", Out: "/out", Meta: "/meta",
			Expected: []packages.Expected{{File: "a.apk", Name: "jq", Version: "1.7-r0", Arch: "x86_64", Size: 12}},
		},
		command.Install{Metas: "/m", Scripts: command.Follow, Names: []string{"a", "b=1"}},
		command.Install{Metas: "/m", Base: "/b", Scripts: command.Run, Accounts: call.Entries{
			Groups: []call.Group{{Name: "app", GID: 999}}, Users: []call.User{{Name: "app", UID: 999, Group: "999", Home: "/srv", Shell: "/bin/sh"}}, Homes: []string{"app"},
		}},
	}
}

func TestArgumentsAreReadAsTheyWereMade(t *testing.T) { calls.ReadBack(t, verbs(), examples()...) }

func TestBadArguments(t *testing.T) {
	calls.Refuse(
		t, verbs(),
		"unpack-apk /d /out", "unpack-apk --expect a/b /d /out /meta", "install-apk", "install-apk --meta /m x", "install-apk --scripts run", "install-apk --nothing",
	)
}

func FuzzParse(f *testing.F) { calls.Fuzz(f, verbs(), examples()...) }
