// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// debianWith pushes a Debian that has a library installed, in some version and state.
func debianWith(t *testing.T, h *house.House, name, version, status string) string {
	t.Helper()
	db := testenv.Output(t, "tar", "-xOf", testenv.DebianTree(t), "./var/lib/dpkg/status")
	db += "\nPackage: library\nStatus: " + status + "\nMaintainer: nobody <nobody@example.org>\nArchitecture: all\nVersion: " + version + "\nDescription: a library\n"
	return h.Registry.Push(t, name+":1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "var/"},
		{Path: "var/lib/"},
		{Path: "var/lib/dpkg/"},
		{Path: "var/lib/dpkg/status", Data: []byte(db)},
		{Path: "var/lib/dpkg/info/"},
		{Path: "var/lib/dpkg/info/library.list", Data: []byte("/.\n")},
	}))
}

// TestBaseTooOld asks for what needs more than a base has: each is one error at the
// line that asks, before anything is installed.
func TestBaseTooOld(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "tool", Version: "2", Fields: map[string]string{"Depends": "library (>= 2)"}},
		testenv.Deb{Name: "modern", Version: "1", Fields: map[string]string{"Pre-Depends": "dpkg (>= 99)"}},
		testenv.Deb{Name: "breaks", Version: "1", Fields: map[string]string{"Breaks": "library (<< 2)"}},
	)
	old := debianWith(t, h, "too-old", "1", "install ok installed")
	held := debianWith(t, h, "held", "1", "hold ok installed")
	newer := testenv.NewDebArchive(t,
		testenv.Deb{Name: "library", Version: "2"},
		testenv.Deb{Name: "tool", Version: "2", Fields: map[string]string{"Depends": "library (>= 2)"}},
	)
	for _, tc := range []struct {
		name, base string
		archive    *testenv.DebArchive
		want       string
	}{
		{"tool", old, a, "4:24: resolve the packages: tool cannot be installed: tool needs library (>= 2), but the base has version 1, and no repository one that fits"},
		{"modern", old, a, "4:24: resolve the packages: modern cannot be installed: modern needs dpkg (>= 99), but the base has version 1."},
		{"breaks", old, a, "4:15: resolve the packages: they go only without library of the base; "},
		{"tool", held, newer, "4:24: resolve the packages: tool cannot be installed: tool needs library (>= 2), but version 1 is installed and held"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := h.OnDebian(t, tc.archive, tc.base, "  - packages: {names: ["+tc.name+"], REPOSITORIES}\n")
			out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly")...)
			if err == nil {
				t.Error("it is not an error")
			}
			house.Contains(t, out, "strata.yaml:"+tc.want)
		})
	}
}

// TestOlderThanTheLock builds by a lock that has no images, as older ones, on a base
// whose tag leads to an older image now: the step fails as a whole, and says why. With
// the image in the lock the base is what it was.
func TestOlderThanTheLock(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "tool", Version: "2", Fields: map[string]string{"Depends": "library (>= 2)"}})
	dir := h.OnDebian(t, a, debianWith(t, h, "moved", "2", "install ok installed"), "  - packages: {names: [tool], REPOSITORIES}\n")
	h.MustLock(t, a, dir)
	debianWith(t, h, "moved", "1", "install ok installed")
	h.ByStrata().Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
	lock := filepath.Join(dir, "strata.lock")
	house.Write(t, lock, regexp.MustCompile(`(?m)^images:\n(  .*\n)+`).ReplaceAll([]byte(house.Read(t, lock)), nil))
	out, err := h.Strata(house.Flags(dir, "-o", h.Pushed("older:1"))...)
	if err == nil {
		t.Error("it is not an error")
	}
	house.Contains(t, out, "strata.yaml:4:5: ", `install packages: the base lacks what tool needs; if the lock is of a newer base, run "strata lock --update"`,
		"tool depends on library (>= 2)")
	if tags := testenv.Output(t, "crane", "catalog", "--insecure", h.Registry.Host); slices.Contains(strings.Fields(tags), "older") {
		t.Errorf("something was pushed:\n%s", tags)
	}
}
