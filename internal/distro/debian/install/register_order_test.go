// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strata-build/strata/internal/distro/debian/control"
)

// needing makes packages from lines "NAME FIELD: VALUE; FIELD: VALUE".
func needing(t *testing.T, lines ...string) []*Package {
	t.Helper()
	var all []*Package
	for _, line := range lines {
		name, fields, _ := strings.Cut(line, " ")
		control, err := control.ParseParagraph("Package: " + name + "\n" + strings.ReplaceAll(fields, "; ", "\n"))
		must(t, err)
		all = append(all, &Package{Control: control, Info: name})
	}
	sortPackages(all)
	return all
}

// TestOrder shows that what others Pre-Depend on, and what essential packages
// need, comes first, with all that it needs, and that a circle is not a trap.
func TestOrder(t *testing.T) {
	o := newOrder(needing(t,
		"zinit Pre-Depends: system (>= 2) | other; Depends: app",
		"system Pre-Depends: libssl:any (>= 3), kernel; Depends: shared [amd64], init",
		"shared Depends: libc, libssl",
		"libssl Provides: ssl (= 3)",
		"app Depends: ssl, zinit",
		"more Pre-Depends: ssl",
		"a Depends: b", "b Depends: a", "later Depends: app", "init Depends: system",
	), map[string]control.Paragraph{
		"bash": needing(t, "bash Essential: yes; Depends: libtinfo")[0].Control, "libtinfo": needing(t, "libtinfo Depends: none | later")[0].Control,
	})
	if diff := cmp.Diff([]string{"libssl", "shared", "init", "system", "zinit", "app", "later"}, names(o.early())); diff != "" {
		t.Errorf("unexpected packages before others (-want +got):\n%s", diff)
	}
	var got []string
	note := func(verb string) func(...*Package) error {
		return func(some ...*Package) error {
			got = append(got, verb+" "+strings.Join(names(some), " "))
			return nil
		}
	}
	must(t, o.unpack(note("unpack"), note("configure")))
	want := []string{
		"unpack a app b init later libssl shared", "configure libssl", "unpack more",
		"unpack system", "configure shared init system", "unpack zinit",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected steps (-want +got):\n%s", diff)
	}
}

func names(all []*Package) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.Name())
	}
	return out
}
