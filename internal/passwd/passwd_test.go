// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package passwd_test

import (
	"bytes"
	"testing"

	"github.com/strata-build/strata/internal/passwd"
)

// FuzzParse reads any text and writes it again.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "root:x:0:0:root:/root:/bin/sh\n", "+::::::\n\n# a comment\nlast:x:7:", ":\n::\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want := text
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			want = append(bytes.Clone(text), '\n')
		}
		file := passwd.Parse(text)
		if got := file.Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%q becomes %q", text, got)
		}
		file.AddMember("root", "app")
		file.Numbered(0)
	})
}

// TestAccounts adds accounts to files without some, and hides what passwords there are.
// Entries that can't be read stay as they are.
func TestAccounts(t *testing.T) {
	a := passwd.Accounts{
		Users: passwd.Parse([]byte("root:secret:0:0::/:\nodd\n")), Groups: passwd.Parse([]byte("root:x:0:\nvideo:!:44:old,app")), Shadow: &passwd.File{},
	}
	for _, err := range []error{
		a.AddGroup("app", 1000), a.AddUser(passwd.User{Name: "app", ID: 1000, GID: 44, Comment: "an app", Home: "/srv", Shell: "/bin/sh"}),
		a.Users.Hide(a.Shadow, func([]string) []string { return passwd.Aging() }),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if !a.Groups.AddMember("root", "app") || !a.Groups.AddMember("video", "app") || a.Groups.AddMember("none", "app") {
		t.Error("a group is mistaken")
	}
	for _, f := range []struct {
		file *passwd.File
		want string
	}{
		{a.Users, "root:x:0:0::/:\nodd\napp:x:1000:44:an app:/srv:/bin/sh\n"},
		{a.Groups, "root:x:0:app\nvideo:!:44:old,app\napp:x:1000:\n"},
		{a.Shadow, "app:!::0:99999:7:::\nroot:secret::0:99999:7:::\n"},
	} {
		if got := string(f.file.Bytes()); got != f.want {
			t.Errorf("%q, want %q", got, f.want)
		}
	}
	if err := a.AddUser(passwd.User{Name: "x", Comment: "a:b"}); err == nil {
		t.Error("a colon in a field is no error")
	}
}
