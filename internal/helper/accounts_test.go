// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	somePasswd = "root:x:0:0::/root:/bin/sh\n# comment:x:1:1\nbroken\nweb:x:33:34::/var/www:\n\nbig:x:4294967296:1::/:\nnohome:x:9:9\n"
	someGroups = "root:x:0:\nweb:x:34:\nshadow:x:42:web,other\nvideo:x:44:other,web\nodd\n"
)

func TestOwnerIsReadAsADockerfileDoes(t *testing.T) {
	known := parseAccounts(somePasswd, someGroups)
	for spec, want := range map[string]owner{
		"web": {33, 34}, "web:shadow": {33, 42}, "web:5": {33, 5}, "33": {33, 33}, "1000": {1000, 1000}, "1000:web": {1000, 34},
		"0:0": {0, 0}, "root": {0, 0}, "web:": {33, 34},
	} {
		if got, err := known.owner(spec); err != nil || got != want {
			t.Errorf("owner %q is %v, %v, want %v", spec, got, err, want)
		}
	}
	for spec, want := range map[string]string{
		"":           "got no user",
		":web":       "got no user",
		"wep":        "did you mean web?",
		"web:shado":  "did you mean shadow?",
		"somebody":   "it has root, web, nohome",
		"4294967296": "out of range",
		"-1":         "out of range",
		"1:-1":       "out of range",
	} {
		if _, err := known.owner(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("owner %q: error %v, want %q", spec, err, want)
		}
	}
}

func TestOwnerWithoutAccounts(t *testing.T) {
	for _, known := range []accounts{{}, parseAccounts("", "")} {
		if got, err := known.owner("root:root"); err != nil || got != (owner{}) {
			t.Errorf("root is %v, %v", got, err)
		}
		if _, err := known.owner("web"); err == nil {
			t.Error("web has an owner where there are no accounts")
		}
	}
}

func TestLoginIsReadAsARuntimeDoes(t *testing.T) {
	known := parseAccounts(somePasswd, someGroups)
	for spec, want := range map[string]login{
		"web":      {uid: 33, gid: 34, groups: []int{42, 44}, home: "/var/www"},
		"33":       {uid: 33, gid: 34, groups: []int{42, 44}, home: "/var/www"},
		"web:root": {uid: 33, gid: 0, home: "/var/www"},
		"33:44":    {uid: 33, gid: 44, home: "/var/www"},
		"77":       {uid: 77, home: "/"},
		"77:42":    {uid: 77, gid: 42, home: "/"},
		"root":     {home: "/root"},
		"nohome":   {uid: 9, gid: 9, home: "/"},
	} {
		got, err := known.login(spec)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(login{})); diff != "" || err != nil {
			t.Errorf("login %q: %v (-want +got):\n%s", spec, err, diff)
		}
	}
	for _, spec := range []string{"", "nobody", "web:nogroup", ":0"} {
		if l, err := known.login(spec); err == nil {
			t.Errorf("login %q is %v, want an error", spec, l)
		}
	}
}

func TestAccountsStayInsideTheImage(t *testing.T) {
	image := build(t, "l 0:0 /etc/passwd ../../../../../data/passwd", "f 0644 0:0 /data/passwd inner:x:5:6::/:")
	known, err := readAccounts(image)
	must(t, err)
	if got, err := known.owner("inner"); err != nil || got != (owner{5, 6}) {
		t.Errorf("inner is %v, %v", got, err)
	}
	// A fifo no one writes to must not hold the step up.
	known, err = readAccounts(build(t, "p 0644 0:0 /etc/passwd"))
	if err != nil || len(known.users) != 0 {
		t.Errorf("a fifo's users are %v, %v, want none", known.users, err)
	}
}
