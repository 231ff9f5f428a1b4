// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/call"
)

// TestEnterAccounts enters users and groups beside those of an image with shadow files,
// whose modes stay.
func TestEnterAccounts(t *testing.T) {
	src, out := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/sh\ngames:x:5:60::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\nold:x:7:7::/:/bin/sh", "group": "root:x:0:\nnogroup:x:65534:\nvideo:x:44:old\n",
		"shadow": "root:*:1::::::\n", "gshadow": "root:*::\nvideo:!::old\n",
	} {
		file := filepath.Join(src, "etc", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	err := enterAccounts(call.Accounts{
		Entries: call.Entries{
			Groups: []call.Group{{Name: "app", GID: 1000}, {Name: "nobody", GID: 65534}}, Users: []call.User{
				{Name: "app", UID: 1000, Group: "1000", Comment: "an app", Home: "/srv/../home/app", Shell: "/bin/sh"},
				{Name: "viewer", UID: 9, Group: "video", Home: "/", Shell: "/bin/false"},
				{Name: "old", UID: 7, Group: "7", Home: "/srv/old"},
				{Name: "nobody", UID: 65534, Group: "65534", Home: "/home/nobody"},
				{Name: "games", UID: 5, Group: "60"},
			},
			Homes: []string{"app", "old"},
		},
		Members: [][2]string{{"video", "app"}, {"44", "old"}, {"0", "app"}}, Source: src, Out: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"passwd":  "root:x:0:0:root:/root:/bin/sh\ngames:x:5:60::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\nold:x:7:7::/:/bin/sh\napp:x:1000:1000:an app:/srv/../home/app:/bin/sh\nviewer:x:9:44::/:/bin/false\n",
		"group":   "root:x:0:app\nnogroup:x:65534:\nvideo:x:44:old,app\napp:x:1000:\n",
		"shadow":  "root:*:1::::::\napp:!::0:99999:7:::\nviewer:!::0:99999:7:::\n",
		"gshadow": "root:*::app\nvideo:!::old,app\napp:!::\n",
	} {
		file := filepath.Join(out, "etc", name)
		got, err := os.ReadFile(file)
		if err != nil || string(got) != want {
			t.Errorf("%s is %q, error %v; want %q", name, got, err, want)
		}
		if st, err := os.Stat(file); err != nil || st.Mode() != 0o640 {
			t.Errorf("%s: %v, error %v", name, st, err)
		}
	}
	if st, err := os.Stat(filepath.Join(out, "home/app")); err != nil || !st.IsDir() {
		t.Errorf("home directory: error %v", err)
	}
	if _, err := os.Lstat(filepath.Join(out, "srv")); err == nil {
		t.Error("a user of the image gets another home directory")
	}
}

// TestEnterAccountsRefuses has accounts that the image has otherwise.
func TestEnterAccountsRefuses(t *testing.T) {
	src := t.TempDir()
	if err := os.MkdirAll(filepath.Join(src, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": "root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n", "group": "root:x:0:\nnode:x:1000:\n"} {
		if err := os.WriteFile(filepath.Join(src, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for want, c := range map[string]call.Accounts{
		"enter user app: the number 1000 is that of node in the image": {Entries: call.Entries{Users: []call.User{{Name: "app", UID: 1000, Group: "0"}}}},
		"enter user node: the image has one with the number 1000":      {Entries: call.Entries{Users: []call.User{{Name: "node", UID: 7, Group: "0"}}}},
		"enter user node: the image has it with the group 1000, and not 7; write group: 1000": {Entries: call.Entries{
			Groups: []call.Group{{Name: "nodes", GID: 7}}, Users: []call.User{{Name: "node", UID: 1000, Group: "7"}},
		}},
		"enter user app: the image has no group staff":                 {Entries: call.Entries{Users: []call.User{{Name: "app", UID: 7, Group: "staff"}}}},
		"enter group app: the number 1000 is that of node":             {Entries: call.Entries{Groups: []call.Group{{Name: "app", GID: 1000}}}},
		"make app a member of the group node: the image has no such u": {Members: [][2]string{{"node", "app"}}},
		"make node a member of the group app: the image has no such g": {Members: [][2]string{{"app", "node"}}},
	} {
		c.Source, c.Out = src, t.TempDir()
		if err := enterAccounts(c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(src, "etc/shadow")); err != nil {
		t.Fatal(err)
	}
	if err := enterAccounts(call.Accounts{Source: src, Out: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "/etc/shadow isn't a file") {
		t.Errorf("a link: error %v", err)
	}
}

// TestEnterAccountsEarly leaves out what refers to accounts that aren't there, and no
// other fault.
func TestEnterAccountsEarly(t *testing.T) {
	out := t.TempDir()
	c := call.Accounts{
		Early: true, Source: t.TempDir(), Out: out,
		Entries: call.Entries{
			Groups: []call.Group{{Name: "team", GID: 7}}, Homes: []string{"app", "late"},
			Users: []call.User{{Name: "app", UID: 1000, Group: "7", Home: "/srv/app"}, {Name: "late", UID: 1001, Group: "staff", Home: "/srv/late"}},
		},
		Members: [][2]string{{"staff", "app"}, {"team", "svc"}, {"team", "app"}},
	}
	if err := enterAccounts(c); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/sbin/nologin\napp:x:1000:7::/srv/app:\n", "group": "root:x:0:\nteam:x:7:app\n",
	} {
		if got, err := os.ReadFile(filepath.Join(out, "etc", name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, error %v; want %q", name, got, err, want)
		}
	}
	if homes, err := os.ReadDir(filepath.Join(out, "srv")); err != nil || len(homes) != 1 {
		t.Errorf("home directories %v, error %v", homes, err)
	}
	c.Out, c.Users = t.TempDir(), []call.User{{Name: "app", UID: 0, Group: "0"}}
	if err := enterAccounts(c); err == nil || !strings.Contains(err.Error(), "the number 0 is that of root") {
		t.Errorf("a number of another user: error %v", err)
	}
}
