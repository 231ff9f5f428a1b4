// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package passwd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/passwd"
)

// TestCheckedByPwck has the programs of Debian look at what is written.
func TestCheckedByPwck(t *testing.T) {
	a := passwd.Accounts{
		Users: passwd.Parse([]byte("root:x:0:0:root:/:/bin/sh\n")), Groups: passwd.Parse([]byte("root:x:0:\n")),
		Shadow: passwd.Parse([]byte("root:*:1::::::\n")), GroupShadow: passwd.Parse([]byte("root:*::\n")),
	}
	for _, err := range []error{a.AddGroup("app", 1000), a.AddUser(passwd.User{Name: "app", ID: 1000, GID: 1000, Home: "/", Shell: "/bin/sh"})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !a.Groups.AddMember("app", "root") || !a.GroupShadow.AddMember("app", "root") {
		t.Fatal("there is no group app")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, f := range map[string]*passwd.File{"passwd": a.Users, "group": a.Groups, "shadow": a.Shadow, "gshadow": a.GroupShadow} {
		write(t, at(name), f.Bytes())
	}
	for _, words := range [][]string{{"grpck", "-r", at("group"), at("gshadow")}, {"pwck", "-r", at("passwd"), at("shadow")}} {
		if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(words, " "), err, out)
		}
	}
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
