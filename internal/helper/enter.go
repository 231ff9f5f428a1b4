// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/passwd"
)

// enterAccounts writes the files that list an image's users and groups with some more of
// them, and the home directories of those, into an empty directory. Users that the image
// has already have theirs there.
func enterAccounts(c call.Accounts) error {
	e, err := openAccounts(c.Source)
	if err != nil {
		return err
	}
	// What is wrong with a user is said of the user, and not of a group of its own.
	for _, u := range c.Users {
		if err := e.agrees(u); err != nil {
			return err
		}
	}
	for _, g := range c.Groups {
		if e.hasOwner(g, c.Users) {
			continue
		}
		if err := e.group(g); err != nil {
			return err
		}
	}
	entered := map[string]bool{}
	for _, u := range c.Users {
		if entered[u.Name], err = e.user(u); err != nil && !mayCome(c, err) {
			return err
		}
	}
	for _, m := range c.Members {
		if err := e.member(m[0], m[1]); err != nil && !mayCome(c, err) {
			return err
		}
	}
	if err := e.write(c.Out); err != nil {
		return err
	}
	for _, name := range c.Homes {
		if !entered[name] {
			continue
		}
		if err := e.home(c.Out, name); err != nil {
			return err
		}
	}
	return nil
}

// agrees reports, as an error, that the image has a user otherwise.
func (e *accountBook) agrees(u call.User) error {
	there, err := isEntered(e.Users, "user", u.Name, u.UID)
	if err != nil || !there {
		return err
	}
	want := u.Group
	if has := e.Groups.Named(want); has != nil {
		want = has[2]
	}
	has := e.Users.Named(u.Name)
	if _, err := number(want); err != nil || len(has) < 4 || has[3] == want {
		return nil // where the group isn't known yet, that is said elsewhere
	}
	return fmt.Errorf("enter user %s: the image has it with the group %s, and not %s; write group: %[2]s", u.Name, has[3], want)
}

// absentError says that the image has no account of a name.
type absentError string

func (e absentError) Error() string { return string(e) }

// mayCome reports whether an error is about an account that a later layer may bring.
func mayCome(c call.Accounts, err error) bool {
	var absent absentError
	return c.Early && errors.As(err, &absent)
}

// An accountFile is a file of accounts as it is in an image.
type accountFile struct {
	*passwd.File
	name  string
	mode  os.FileMode
	there bool
	owner owner
}

// An accountBook is all such files of an image.
type accountBook struct {
	passwd.Accounts
	files []*accountFile
}

// openAccounts reads the files. An image without users has root at least.
func openAccounts(root string) (*accountBook, error) {
	e := &accountBook{}
	for _, f := range []struct {
		to   **passwd.File
		name string
		// without is what a file has that isn't there; a file without is none.
		without string
	}{
		{&e.Users, "etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n"},
		{&e.Groups, "etc/group", "root:x:0:\n"},
		{&e.Shadow, "etc/shadow", ""},
		{&e.GroupShadow, "etc/gshadow", ""},
	} {
		file, err := readAccountFile(root, f.name, f.without)
		if err != nil {
			return nil, err
		}
		if file.there || f.without != "" {
			e.files, *f.to = append(e.files, file), file.File
		}
	}
	return e, nil
}

func readAccountFile(root, name, without string) (*accountFile, error) {
	f := &accountFile{File: passwd.Parse([]byte(without)), name: name, mode: 0o644}
	file := filepath.Join(root, name)
	var st unix.Stat_t
	switch err := unix.Lstat(file, &st); {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, fmt.Errorf("read the image's accounts: %w", err)
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, fmt.Errorf("read the image's accounts: /%s isn't a file", name)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the image's accounts: %w", err)
	}
	f.File, f.there, f.mode, f.owner = passwd.Parse(data), true, os.FileMode(st.Mode&0o777), owner{uid: int(st.Uid), gid: int(st.Gid)}
	return f, nil
}

// isEntered reports whether a file has an account of a name and a number. Another one
// of that name or number is an error.
func isEntered(f *passwd.File, kind, name string, id int) (bool, error) {
	if has := f.Named(name); has != nil {
		if len(has) > 2 && has[2] == strconv.Itoa(id) {
			return true, nil
		}
		return false, fmt.Errorf("enter %s %s: the image has one with the number %s; give it that number, or another name", kind, name, strings.Join(has[2:min(len(has), 3)], ""))
	}
	if has := f.Numbered(id); has != nil {
		return false, fmt.Errorf("enter %s %s: the number %d is that of %s in the image; give it another one", kind, name, id, has[0])
	}
	return false, nil
}

// hasOwner reports whether a group is a user's own, who is in the image with that number
// as its group, whatever the image calls that group: nobody's is nogroup in Debian.
func (e *accountBook) hasOwner(g call.Group, users []call.User) bool {
	return slices.ContainsFunc(users, func(u call.User) bool {
		has := e.Users.Named(u.Name)
		return u.Name == g.Name && u.Group == strconv.Itoa(g.GID) && len(has) > 3 && has[3] == u.Group && e.Groups.Numbered(g.GID) != nil
	})
}

func (e *accountBook) group(g call.Group) error {
	if there, err := isEntered(e.Groups, "group", g.Name, g.GID); err != nil || there {
		return err
	}
	return e.AddGroup(g.Name, g.GID)
}

// user enters a user, and reports whether the image had none of that name. Its password
// is locked; the day of its last change isn't known.
func (e *accountBook) user(u call.User) (added bool, err error) {
	text := u.Group
	if _, err := number(text); err != nil {
		has := e.Groups.Named(text)
		if has == nil {
			return false, absentError(fmt.Sprintf("enter user %s: the image has no group %s", u.Name, u.Group))
		}
		text = has[2]
	}
	gid, err := number(text)
	if err != nil {
		return false, fmt.Errorf("enter user %s: the number of the group %s: %w", u.Name, u.Group, err)
	}
	if there, err := isEntered(e.Users, "user", u.Name, u.UID); err != nil || there {
		return false, err
	}
	return true, e.AddUser(passwd.User{Name: u.Name, ID: u.UID, GID: gid, Comment: u.Comment, Home: u.Home, Shell: u.Shell})
}

// member makes a user a member of a group.
func (e *accountBook) member(group, user string) error {
	if e.Users.Named(user) == nil {
		return absentError(fmt.Sprintf("make %s a member of the group %s: the image has no such user", user, group))
	}
	name := group
	if id, err := number(group); err == nil {
		if has := e.Groups.Numbered(id); has != nil {
			name = has[0]
		}
	}
	if !e.Groups.AddMember(name, user) {
		return absentError(fmt.Sprintf("make %s a member of the group %s: the image has no such group", user, group))
	}
	if e.GroupShadow != nil {
		e.GroupShadow.AddMember(name, user)
	}
	return nil
}

// write writes the files that there are, and those that every image with users has.
func (e *accountBook) write(out string) error {
	if err := os.MkdirAll(filepath.Join(out, "etc"), 0o755); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	for _, f := range e.files {
		file := filepath.Join(out, f.name)
		err := os.WriteFile(file, f.Bytes(), 0o600)
		err = errors.Join(err, os.Chown(file, f.owner.uid, f.owner.gid), os.Chmod(file, f.mode))
		if err != nil {
			return fmt.Errorf("write accounts: %w", err)
		}
	}
	return nil
}

// home makes a user's home directory.
func (e *accountBook) home(out, name string) error {
	has := e.Users.Named(name)
	if len(has) < 6 {
		return fmt.Errorf("make the home directory of %s: there is no such user", name)
	}
	uid, err1 := number(has[2])
	gid, err2 := number(has[3])
	dir := filepath.Join(out, path.Clean("/"+has[5]))
	err := errors.Join(err1, err2, os.MkdirAll(dir, 0o755), os.Chown(dir, uid, gid))
	if err != nil {
		return fmt.Errorf("make the home directory of %s: %w", name, err)
	}
	return nil
}
