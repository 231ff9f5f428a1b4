// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/accounts"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// TestBefore enters accounts for an installation, leaves out those that the root has
// otherwise, and makes the home directories that the installation made none of.
func TestBefore(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n", "etc/group": "root:x:0:\nnode:x:1000:\nstaff:x:50:\n", "etc/shadow": "root:*::::::\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Join(root, "etc"), 0o755), os.WriteFile(filepath.Join(root, name), []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	e := call.Entries{
		Groups: []call.Group{{Name: "db", GID: 999}, {Name: "staff", GID: 7}, {Name: "other", GID: 50}},
		Users: []call.User{
			{Name: "db", UID: 999, Group: "999", Home: "/var/lib/db", Shell: "/bin/bash"},
			{Name: "app", UID: 998, Group: "staff", Home: "/srv/app", Shell: "/bin/sh"},
			{Name: "node", UID: 5, Group: "0", Home: "/srv/node"},
			{Name: "two", UID: 1000, Group: "0", Home: "/srv/two"},
			{Name: "late", UID: 6, Group: "none", Home: "/srv/late"},
		},
		Homes: []string{"db", "app", "node", "two", "late"},
	}
	err := accounts.Before(rootdir.Root(root), e, func() error {
		want := map[string]string{
			"etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/:/bin/sh\ndb:x:999:999::/var/lib/db:/bin/bash\napp:x:998:50::/srv/app:/bin/sh\n",
			"etc/group":  "root:x:0:\nnode:x:1000:\nstaff:x:50:\ndb:x:999:\n",
			"etc/shadow": "root:*::::::\ndb:!::0:99999:7:::\napp:!::0:99999:7:::\n",
		}
		for name, text := range want {
			got, err := os.ReadFile(filepath.Join(root, name))
			if err != nil || string(got) != text {
				t.Errorf("%s is %q, error %v; want %q", name, got, err, text)
			}
			if st, err := os.Stat(filepath.Join(root, name)); err != nil || st.Mode() != 0o640 {
				t.Errorf("%s: %v, error %v", name, st, err)
			}
		}
		return os.MkdirAll(filepath.Join(root, "var/lib/db"), 0o700)
	})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(filepath.Join(root, "var/lib/db")); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("a home that the installation made: %v, error %v", st, err)
	}
	homes, err := os.ReadDir(filepath.Join(root, "srv"))
	if err != nil || len(homes) != 1 || homes[0].Name() != "app" {
		t.Errorf("home directories %v, error %v", homes, err)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/gshadow")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file of passwords of groups: error %v", err)
	}
	failed := errors.New("failed")
	if err := accounts.Before(rootdir.Root(t.TempDir()), e, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("without a list of users: error %v", err)
	}
}
