// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"testing"

	"github.com/strata-build/strata/internal/call"
	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/debian/command"
	"github.com/strata-build/strata/internal/testenv/calls"
)

func verbs() []calls.Verb {
	return []calls.Verb{
		calls.NewVerb("unpack-deb", command.ParseUnpack), calls.NewVerb("check-deb", command.ParseCheck),
		calls.NewVerb("register-deb", command.ParseRegister), calls.NewVerb("native-deb", command.ParseNative),
		calls.NewVerb("mark-deb", command.ParseMark), calls.NewVerb("assemble-deb", command.ParseAssemble),
	}
}

func examples() []calls.Call {
	expected := []packages.Expected{{File: "a.deb", Name: "jq", Version: "1:1.6~rc1-2+b1", Arch: "amd64", Size: 12}, {File: "b.deb"}}
	entries := call.Entries{
		Groups: []call.Group{{Name: "app", GID: 999}}, Users: []call.User{{Name: "app", UID: 999, Group: "999", Home: "/srv", Shell: "/bin/sh"}}, Homes: []string{"app"},
	}
	return []calls.Call{
		command.Unpack{Archives: "/d", Outs: []string{"/out"}, Meta: "/meta"},
		command.Unpack{Filters: []string{"-/usr/share/doc/*", "+/x y"}, Archives: "-d", Outs: []string{"/out", "/out1"}, Meta: "/meta", Expected: expected},
		command.Check{Base: "-in", Metas: "/m", Out: "/out"},
		command.Register{Base: "/base", Metas: "/m", Names: []string{"a", "b"}},
		command.Native{Base: "/base", Files: []string{"-a.deb"}, Names: []string{"a"}, AllowHeld: true, KeepConffiles: true, Expected: expected},
		command.Native{Base: "/base", Files: []string{"/d/a.deb", "/d/b.deb"}},
		command.Mark{Base: "/base", Names: []string{"a"}},
		command.Assemble{Metas: "/m"},
		command.Assemble{Metas: "/m", SkipScripts: true, Accounts: entries},
		command.Register{Base: "/base", Metas: "/m", Accounts: entries},
		command.Native{Base: "/base", Files: []string{"a.deb"}, Accounts: entries},
	}
}

func TestArgumentsAreReadAsTheyWereMade(t *testing.T) { calls.ReadBack(t, verbs(), examples()...) }

func TestBadArguments(t *testing.T) {
	calls.Refuse(
		t, verbs(),
		"unpack-deb /d /out", "unpack-deb --expect a/b /d /out /meta", "check-deb /in /m", "register-deb x", "native-deb --base /base", "mark-deb --meta /m",
		"assemble-deb x", "assemble-deb --skip-scripts=x",
	)
}

func FuzzParse(f *testing.F) { calls.Fuzz(f, verbs(), examples()...) }
