// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type placeCase struct {
	name  string
	base  []string // the skeleton is made of it
	tree  []string
	flags []string
	want  []string
	fails string
}

func (c placeCase) run(t *testing.T) {
	base := build(t, c.base...)
	dst := t.TempDir()
	args := append([]string{"place", "--skeleton", skeletonOf(t, base), "--users", base}, c.flags...)
	status, errs := callMain(append(args, build(t, c.tree...), dst)...)
	if c.fails != "" {
		if status != ownFault || !strings.HasPrefix(errs, "strata-step: ") || !strings.Contains(errs, c.fails) {
			t.Fatalf("status %d: %s, want 125 and %q", status, errs, c.fails)
		}
		return
	}
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	want := append([]string{"d 0755 0:0 /"}, c.want...)
	if diff := cmp.Diff(want, listing(t, dst)); diff != "" {
		t.Errorf("layer (-want +got):\n%s", diff)
	}
}

func TestPlaceFollowsTheBase(t *testing.T) {
	usrMerged := []string{"d 0755 0:0 /usr/bin", "l 0:0 /bin usr/bin", "l 0:0 /sbin /bin"}
	for _, c := range []placeCase{{
		name: "a link", base: usrMerged,
		tree: []string{"f 0755 0:0 /bin/x 1"},
		want: []string{"d 0755 0:0 /usr", "d 0755 0:0 /usr/bin", "f 0755 0:0 /usr/bin/x 1"},
	}, {
		name: "a chain, and the literal path wins, then the first in byte order", base: usrMerged,
		tree: []string{"f 0644 0:0 /bin/x bin", "f 0644 0:0 /sbin/x sbin", "f 0644 0:0 /usr/bin/x usr", "f 0644 0:0 /sbin/y sbin", "f 0644 0:0 /bin/y bin", "f 0644 0:0 /sbin/z sbin"},
		want: []string{"d 0755 0:0 /usr", "d 0755 0:0 /usr/bin", "f 0644 0:0 /usr/bin/x usr", "f 0644 0:0 /usr/bin/y bin", "f 0644 0:0 /usr/bin/z sbin"},
	}, {
		name: "a link out of the root is clamped at it", base: []string{"d 0755 0:0 /data", "l 0:0 /a/b ../../../../data"},
		tree: []string{"f 0644 0:0 /a/b/x 1"},
		want: []string{"d 0755 0:0 /a", "d 0755 0:0 /data", "f 0644 0:0 /data/x 1"},
	}, {
		name: "a link found behind a link", base: []string{"d 0755 0:0 /run/lock", "l 0:0 /var/run /run", "l 0:0 /run/l lock"},
		tree: []string{"f 0644 0:0 /var/run/l/x 1"},
		want: []string{"d 0755 0:0 /run", "d 0755 0:0 /run/lock", "f 0644 0:0 /run/lock/x 1", "d 0755 0:0 /var"},
	}, {
		name: "a link in the tree replaces a directory and a link", base: []string{"d 1777 0:0 /tmp", "d 0755 0:0 /usr/lib", "l 0:0 /lib usr/lib"},
		tree: []string{"l 0:0 /tmp var/tmp", "f 0644 0:0 /lib x"},
		want: []string{"f 0644 0:0 /lib x", "l 0:0 /tmp var/tmp"},
	}, {
		name: "a link of the tree is never followed", base: nil,
		tree: []string{"d 0755 0:0 /a", "l 0:0 /b /etc", "l 0:0 /c a"},
		want: []string{"d 0755 0:0 /a", "l 0:0 /b /etc", "l 0:0 /c a"},
	}, {
		name: "a file and a directory at one place", base: usrMerged,
		tree:  []string{"d 0755 0:0 /bin/x", "f 0644 0:0 /usr/bin/x 1"},
		fails: "place directory /usr/bin/x: the tree has a file or link at the same place",
	}, {
		name: "a directory and a file at one place", base: usrMerged,
		tree:  []string{"f 0644 0:0 /bin/x 1", "d 0755 0:0 /usr/bin/x"},
		fails: "place /usr/bin/x: the tree has a directory at the same place",
	}, {
		name: "a whiteout's name", tree: []string{"f 0644 0:0 /a/.wh.b"}, fails: "place /a/.wh.b: names with .wh.",
	}, {
		name: "an overlay whiteout", tree: []string{"c 0600 0:0 /a/gone 0:0"}, fails: "place /a/gone: a character device 0:0",
	}, {
		name: "from a directory", flags: []string{"--from", "out"},
		tree: []string{"f 0644 0:0 /out/x 1", "f 0644 0:0 /work/y 2"}, want: []string{"f 0644 0:0 /x 1"},
	}, {
		name: "from a link", flags: []string{"--from", "out"},
		tree: []string{"l 0:0 /out /etc"}, fails: "read tree /out: it isn't a directory",
	}, {
		name: "from nothing", flags: []string{"--from", "out"}, fails: "read tree /out: it isn't a directory",
	}} {
		t.Run(c.name, c.run)
	}
}

// A loop isn't in what skeleton writes, but the mount may hold anything.
func TestPlaceRefusesALoop(t *testing.T) {
	loop := build(t, "l 0:0 /a b", "l 0:0 /b a")
	status, errs := callMain("place", "--skeleton", loop, build(t, "f 0644 0:0 /a/x 1"), t.TempDir())
	if status != ownFault || !strings.Contains(errs, "place /a: follow the base's link /a: too many symbolic links") {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestPlaceModesAndOwners(t *testing.T) {
	base := []string{
		"d 1777 0:0 /tmp", "d 0700 0:0 /root", "d 2775 1000:50 /data", "l 0:0 /d data", "d 0755 0:0 /usr/lib",
		"f 0644 0:0 /etc/passwd root:x:0:0::/root:\napp:x:1000:1001::/home/app:\nbackup:x:34:34::/:\n",
		"f 0644 0:0 /etc/group root:x:0:\nstaff:x:50:\n",
	}
	tree := []string{
		"d 0750 7:7 /tmp", "f 0644 7:7 /tmp/f", "f 0600 7:8 /root/.rc", "d 0700 7:7 /data", "f 4755 7:7 /data/su s",
		"d 0711 7:7 /opt", "d 0750 7:9 /opt/app", "l 7:7 /opt/app/l x", "f 2755 7:9 /opt/app/sg",
	}
	for _, c := range []placeCase{
		{
			name: "root's by default", want: []string{
				"d 2775 1000:50 /data", "f 4755 0:0 /data/su s", "d 0755 0:0 /opt", "d 0750 0:0 /opt/app", "l 0:0 /opt/app/l x",
				"f 2755 0:0 /opt/app/sg", "d 0700 0:0 /root", "f 0600 0:0 /root/.rc", "d 1777 0:0 /tmp", "f 0644 0:0 /tmp/f",
			},
		},
		{
			name: "an owner by name", flags: []string{"--owner", "app"}, want: []string{
				"d 2775 1000:50 /data", "f 4755 1000:1001 /data/su s", "d 0755 0:0 /opt", "d 0750 1000:1001 /opt/app", "l 1000:1001 /opt/app/l x",
				"f 2755 1000:1001 /opt/app/sg", "d 0700 0:0 /root", "f 0600 1000:1001 /root/.rc", "d 1777 0:0 /tmp", "f 0644 1000:1001 /tmp/f",
			},
		},
		{
			name: "owners kept, some directories too", flags: []string{"--preserve-owner", "--keep", "/d", "--keep", "opt/"}, want: []string{
				"d 0700 7:7 /data", "f 4755 7:7 /data/su s", "d 0711 7:7 /opt", "d 0750 7:9 /opt/app", "l 7:7 /opt/app/l x",
				"f 2755 7:9 /opt/app/sg", "d 0700 0:0 /root", "f 0600 7:8 /root/.rc", "d 1777 0:0 /tmp", "f 0644 7:7 /tmp/f",
			},
		},
		{
			name:  "the longest path wins, the base's directories stay",
			flags: []string{"--owner", "5", "--chown", "/opt/app/sg=backup:staff", "--chown", "/opt=app:0", "--chown", "/d=6"}, want: []string{
				"d 2775 1000:50 /data", "f 4755 6:6 /data/su s", "d 0755 0:0 /opt", "d 0750 1000:0 /opt/app", "l 1000:0 /opt/app/l x",
				"f 2755 34:50 /opt/app/sg", "d 0700 0:0 /root", "f 0600 5:5 /root/.rc", "d 1777 0:0 /tmp", "f 0644 5:5 /tmp/f",
			},
		},
		{name: "an unknown user", flags: []string{"--owner", "bakup"}, fails: `look up user "bakup": not in the image's /etc/passwd; did you mean backup?`},
		{name: "an unknown group", flags: []string{"--chown", "/opt=app:staf"}, fails: `look up group "staf": not in the image's /etc/group; did you mean staff?`},
		{name: "a path that isn't there", flags: []string{"--chown", "/opt/ap=app"}, fails: "change owner of /opt/ap: the tree has no such path"},
		{name: "two owners", flags: []string{"--owner", "app", "--preserve-owner"}, fails: "exclude each other"},
		{name: "no user", flags: []string{"--chown", "/opt"}, fails: "want PATH=USER[:GROUP]"},
		{name: "an unknown flag", flags: []string{"--kep", "/opt"}, fails: "read arguments of place"},
	} {
		c.base, c.tree = base, tree
		t.Run(c.name, c.run)
	}
}
