// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// makers are packages that make users and groups of their own, from both ends of the
// numbers for systems, and programs to make some with where there is no system.
func makers(t *testing.T) *testenv.DebArchive {
	program := "#!/usr/bin/perl\n"
	return testenv.NewDebArchive(t,
		testenv.Deb{Name: "svc", Version: "1", Scripts: map[string]string{
			"postinst": "#!/bin/sh\nset -e\nuseradd --system --no-create-home svc\ngroupadd --system team\naddgroup --system crew\nadduser --system --no-create-home hand\n",
		}, Fields: map[string]string{"Pre-Depends": "makers"}},
		testenv.Deb{Name: "ownd", Version: "1", Scripts: map[string]string{
			"postinst": "#!/bin/sh\nset -e\nif ! getent passwd own >/dev/null; then\n  adduser --system --group --home /var/lib/own own\nfi\nmkdir -p /var/lib/own\nchown own:own /var/lib/own\nchmod 0750 /var/lib/own\n",
		}, Fields: map[string]string{"Pre-Depends": "makers"}},
		testenv.Deb{Name: "makers", Version: "1", Files: map[string]string{
			"usr/share/makers": "x\n",
		}},
		testenv.Deb{Name: "system", Version: "1", Files: map[string]string{
			"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\nnogroup:x:65534:\n", "etc/shadow": "root:*::0:99999:7:::\n",
			"usr/sbin/useradd": program, "usr/sbin/groupadd": program, "usr/sbin/adduser": program, "usr/sbin/addgroup": program,
		}},
	)
}

// TestUsersAndPackages has a target's users and groups beside those that packages make:
// on a base, where the programs of the base give numbers, and on scratch.
func TestUsersAndPackages(t *testing.T) {
	h := house.New(t)
	a := makers(t)
	const layers = `
  - packages: {names: [NAMES], REPOSITORIES}
  - files:
      - {dest: /srv/app/data, directory: true, owner: "app:media"}
      - {dest: /var/svc, content: x, owner: "svc:team"}
users:
  - {name: app, uid: 1000, home: /srv/app, groups: [svc, team, crew]}
  - {name: metrics, system: true, group: team}
  - {name: more, system: true}
groups:
  - {name: media, members: [svc, hand, app]}
config: {user: app}
`
	for name, c := range map[string]struct{ base, names string }{
		"base":    {testenv.DebianBase(t), "svc"},
		"scratch": {"scratch", "system, svc"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.OnDebian(t, a, c.base, strings.ReplaceAll(layers, "NAMES", c.names))
			h.MustLock(t, a, dir, "--platform=linux/amd64")
			image := h.ByStrata().Image(t, h, "", house.Flags(dir)...)
			root := house.SomeOf(t, h, image, "etc/passwd", "etc/group", "etc/shadow", "srv/app", "var/svc")
			users, groups := house.Read(t, root, "etc/passwd"), house.Read(t, root, "etc/group")
			house.Contains(t, users, "\nsvc:x:999:", "\nhand:x:10", "\napp:x:1000:1000::/srv/app:/bin/sh\n", "\nmetrics:x:499:998::/nonexistent:/sbin/nologin\n", "\nmore:x:498:498:")
			house.Contains(t, groups, "\nsvc:x:999:app\n", "\nteam:x:998:app\n", "\ncrew:x:10", ":app\n", "\nmedia:x:1001:svc,hand,app\n", "\nmore:x:498:\n")
			house.Contains(t, house.Read(t, root, "etc/shadow"), "\napp:!::0:99999:7:::\n", "\nsvc:!:", "root:*:")
			for file, text := range map[string]string{"/etc/passwd": users, "/etc/group": groups} {
				unique(t, file, text)
			}
			house.Want(t, "owners", house.Listing(t, filepath.Join(root, "srv"))+house.Listing(t, filepath.Join(root, "var")), ""+
				"drwxr-xr-x 1000:1000 0 /app\ndrwxr-xr-x 1000:1001 0 /app/data\n-rw-r--r-- 999:998 0 /svc \"x\"\n")

			// Neither the packages nor other layers are made again for another user.
			house.Replace(t, filepath.Join(dir, "strata.yaml"), "{name: more, system: true}", "{name: more, system: true}\n  - {name: another, uid: 2000, groups: [crew]}")
			text := h.ByStrata().Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
			for _, step := range []string{"install " + strings.Split(c.names, ",")[0], "files /srv/app/data"} {
				if !house.Cached(t, text, step) {
					t.Errorf("%s is made again for a user:\n%s", step, text)
				}
			}
		})
	}
}

// TestUsersWithOwnNumbers has users with numbers of their own that packages make as well,
// or whose numbers packages would take: what scripts find is what the build file says.
// A home directory is as the package leaves it, or new.
func TestUsersWithOwnNumbers(t *testing.T) {
	h := house.New(t)
	a := makers(t)
	const layers = `
  - packages: {names: [NAMES], REPOSITORIES}
users:
  - {name: own, uid: 1500, home: /var/lib/own, groups: [svc]}
  - {name: app, uid: 999, home: /srv/app}
`
	for name, c := range map[string]struct{ base, names string }{
		"base":    {testenv.DebianBase(t), "ownd, svc"},
		"scratch": {"scratch", "system, ownd, svc"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.OnDebian(t, a, c.base, strings.ReplaceAll(layers, "NAMES", c.names))
			h.MustLock(t, a, dir, "--platform=linux/amd64")
			image := h.ByStrata().Image(t, h, "", house.Flags(dir)...)
			root := house.SomeOf(t, h, image, "etc/passwd", "etc/group", "srv/app", "var/lib/own")
			users, groups := house.Read(t, root, "etc/passwd"), house.Read(t, root, "etc/group")
			house.Contains(t, users, "\nown:x:1500:1500::/var/lib/own:/bin/sh\n", "\napp:x:999:999::/srv/app:/bin/sh\n", "\nsvc:x:998:")
			house.Contains(t, groups, "\nown:x:1500:\n", "\napp:x:999:\n", "\nsvc:x:998:own\n")
			unique(t, "/etc/passwd", users)
			unique(t, "/etc/group", groups)
			house.Contains(t, house.Listing(t, filepath.Join(root, "var/lib"))+house.Listing(t, filepath.Join(root, "srv")),
				"drwxr-x--- 1500:1500 0 /own\n", "drwxr-xr-x 999:999 0 /app\n")
		})
	}
}

// unique looks for names and numbers that a file of accounts has twice.
func unique(t *testing.T, file, text string) {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		fields := strings.Split(line, ":")
		for _, one := range []string{"the name " + fields[0], "the number " + fields[2]} {
			if seen[one] {
				t.Errorf("%s has %s twice:\n%s", file, one, text)
			}
			seen[one] = true
		}
	}
}

// TestUsersTakenByPackages says at which lines a user is declared that a package makes
// with another number.
func TestUsersTakenByPackages(t *testing.T) {
	h := house.New(t)
	a := makers(t)
	for users, want := range map[string]string{
		"{name: hand, uid: 1000}":               "enter user hand: the image has one with the number 10",
		"{name: app, uid: 1000, group: nobody}": "enter user app: the image has no group nobody",
	} {
		dir := h.OnDebian(t, a, "scratch", "\n  - packages: {names: [system, svc], REPOSITORIES}\nusers: ["+users+"]\n")
		out, err := h.Strata(house.Flags(dir)...)
		if err == nil {
			t.Errorf("%s is not an error:\n%s", users, out)
		}
		house.Contains(t, out, want, "strata.yaml:6:9: enter users and groups: exit code: 125")
	}
}
