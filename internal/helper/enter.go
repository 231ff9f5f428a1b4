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
)

// enterAccounts writes the files that list an image's users and groups with some more of
// them, and the home directories of those, into an empty directory. Users that the image
// has already have theirs there.
func enterAccounts(c call.Accounts) error {
	e, err := openAccounts(c.Source)
	if err != nil {
		return err
	}
	for _, g := range c.Groups {
		if err := e.group(g); err != nil {
			return err
		}
	}
	entered := map[string]bool{}
	for _, u := range c.Users {
		if entered[u.Name], err = e.user(u); err != nil {
			return err
		}
	}
	for _, m := range c.Members {
		if err := e.member(m[0], m[1]); err != nil {
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

// An accountFile is a file of entries, one a line, with colons between their fields.
type accountFile struct {
	name  string
	lines []string
	mode  os.FileMode
	there bool
	owner owner
}

// An accountBook is all such files of an image.
type accountBook struct{ passwd, groups, shadow, gshadow *accountFile }

// openAccounts reads the files. An image without users has root at least.
func openAccounts(root string) (*accountBook, error) {
	e := &accountBook{}
	for _, f := range []struct {
		to   **accountFile
		name string
	}{{&e.passwd, "passwd"}, {&e.groups, "group"}, {&e.shadow, "shadow"}, {&e.gshadow, "gshadow"}} {
		var err error
		if *f.to, err = readAccountFile(root, "etc/"+f.name); err != nil {
			return nil, err
		}
	}
	if !e.passwd.there {
		e.passwd.lines = []string{"root:x:0:0:root:/root:/sbin/nologin"}
	}
	if !e.groups.there {
		e.groups.lines = []string{"root:x:0:"}
	}
	return e, nil
}

func readAccountFile(root, name string) (*accountFile, error) {
	f := &accountFile{name: name, mode: 0o644}
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
	f.there, f.mode, f.owner = true, os.FileMode(st.Mode&0o777), owner{uid: int(st.Uid), gid: int(st.Gid)}
	if text := strings.TrimSuffix(string(data), "\n"); text != "" {
		f.lines = strings.Split(text, "\n")
	}
	return f, nil
}

// find returns the fields of the first entry for which one field has a value.
func (f *accountFile) find(field int, value string) ([]string, int) {
	for i, line := range f.lines {
		if fields := strings.Split(line, ":"); len(fields) > field && fields[field] == value {
			return fields, i
		}
	}
	return nil, -1
}

// enter adds an entry of a name and a number, unless it is there. Another one of that
// name or number is an error.
func (f *accountFile) enter(kind, name string, id int, rest ...string) (added bool, err error) {
	number := strconv.Itoa(id)
	if has, _ := f.find(0, name); has != nil {
		if len(has) > 2 && has[2] == number {
			return false, nil
		}
		return false, fmt.Errorf("enter %s %s: the image has one with the number %s; give it that number, or another name", kind, name, strings.Join(has[2:min(len(has), 3)], ""))
	}
	if has, _ := f.find(2, number); has != nil {
		return false, fmt.Errorf("enter %s %s: the number %d is that of %s in the image; give it another one", kind, name, id, has[0])
	}
	f.lines = append(f.lines, strings.Join(append([]string{name, "x", number}, rest...), ":"))
	return true, nil
}

func (e *accountBook) group(g call.Group) error {
	added, err := e.groups.enter("group", g.Name, g.GID, "")
	if added && e.gshadow.there {
		e.gshadow.lines = append(e.gshadow.lines, g.Name+":!::")
	}
	return err
}

// user enters a user, and reports whether the image had none of that name. Its password
// is locked; the day of its last change isn't known.
func (e *accountBook) user(u call.User) (added bool, err error) {
	gid := u.Group
	if _, err := number(gid); err != nil {
		has, _ := e.groups.find(0, gid)
		if len(has) < 3 {
			return false, fmt.Errorf("enter user %s: the image has no group %s", u.Name, u.Group)
		}
		gid = has[2]
	}
	added, err = e.passwd.enter("user", u.Name, u.UID, gid, u.Comment, u.Home, u.Shell)
	if added && e.shadow.there {
		e.shadow.lines = append(e.shadow.lines, u.Name+":!::0:99999:7:::")
	}
	return added, err
}

// member makes a user a member of a group.
func (e *accountBook) member(group, user string) error {
	if has, _ := e.passwd.find(0, user); has == nil {
		return fmt.Errorf("make %s a member of the group %s: the image has no such user", user, group)
	}
	field := 0
	if _, err := number(group); err == nil {
		field = 2
	}
	has, i := e.groups.find(field, group)
	if len(has) < 4 {
		return fmt.Errorf("make %s a member of the group %s: the image has no such group", user, group)
	}
	e.groups.lines[i] = withMember(has, user)
	if has, i := e.gshadow.find(0, has[0]); len(has) >= 4 {
		e.gshadow.lines[i] = withMember(has, user)
	}
	return nil
}

// withMember is an entry of a group with a user among its members.
func withMember(fields []string, user string) string {
	members := strings.FieldsFunc(fields[3], func(r rune) bool { return r == ',' })
	if !slices.Contains(members, user) {
		members = append(members, user)
	}
	fields[3] = strings.Join(members, ",")
	return strings.Join(fields, ":")
}

// write writes the files that there are, and those that every image with users has.
func (e *accountBook) write(out string) error {
	if err := os.MkdirAll(filepath.Join(out, "etc"), 0o755); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	for _, f := range []*accountFile{e.passwd, e.groups, e.shadow, e.gshadow} {
		if !f.there && f != e.passwd && f != e.groups {
			continue
		}
		file := filepath.Join(out, f.name)
		err := os.WriteFile(file, []byte(strings.Join(f.lines, "\n")+"\n"), 0o600)
		err = errors.Join(err, os.Chown(file, f.owner.uid, f.owner.gid), os.Chmod(file, f.mode))
		if err != nil {
			return fmt.Errorf("write accounts: %w", err)
		}
	}
	return nil
}

// home makes a user's home directory.
func (e *accountBook) home(out, name string) error {
	has, _ := e.passwd.find(0, name)
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
