// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/passwd"
)

// Before enters users and groups in a root before the scripts of packages look for
// them, lets install run these, and makes the home directories that are missing then.
func Before(root rootdir.Root, e call.Entries, install func() error) error {
	entered, err := Enter(root, e)
	if err != nil {
		return err
	}
	if err := install(); err != nil {
		return err
	}
	return Homes(root, entered, e.Homes)
}

// Enter enters users and groups in a root that lists some, and returns the users that are
// new. One is left out if the root has another of its name or number, or lacks its group:
// whether that is an error shows when the image is complete.
func Enter(root rootdir.Root, e call.Entries) (entered []passwd.User, err error) {
	if len(e.Users)+len(e.Groups) == 0 {
		return nil, nil
	}
	var book passwd.Accounts
	for file, to := range map[string]**passwd.File{rootdir.Users: &book.Users, rootdir.Groups: &book.Groups, shadowUsers: &book.Shadow, shadowGroups: &book.GroupShadow} {
		text, err := os.ReadFile(root.At(file))
		switch {
		case err == nil:
			*to = passwd.Parse(text)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read the image's accounts: %w", err)
		}
	}
	if book.Users == nil || book.Groups == nil {
		return nil, nil
	}
	if entered, err = enter(book, e); err != nil {
		return nil, err
	}
	for file, text := range map[string]*passwd.File{rootdir.Users: book.Users, rootdir.Groups: book.Groups, shadowUsers: book.Shadow, shadowGroups: book.GroupShadow} {
		if text == nil {
			continue
		}
		// The mode and the owner stay.
		if err := os.WriteFile(root.At(file), text.Bytes(), 0o600); err != nil {
			return nil, fmt.Errorf("write the image's accounts: %w", err)
		}
	}
	return entered, nil
}

func enter(book passwd.Accounts, e call.Entries) (entered []passwd.User, err error) {
	for _, g := range e.Groups {
		if book.Groups.Named(g.Name) != nil || book.Groups.Numbered(g.GID) != nil {
			continue
		}
		if err := book.AddGroup(g.Name, g.GID); err != nil {
			return nil, fmt.Errorf("enter group %s: %w", g.Name, err)
		}
	}
	for _, u := range e.Users {
		gid, err := strconv.Atoi(u.Group)
		if has := book.Groups.Named(u.Group); err != nil && has != nil {
			gid, err = strconv.Atoi(has[2])
		}
		if err != nil || book.Users.Named(u.Name) != nil || book.Users.Numbered(u.UID) != nil {
			continue
		}
		user := passwd.User{Name: u.Name, ID: u.UID, GID: gid, Comment: u.Comment, Home: u.Home, Shell: u.Shell}
		if err := book.AddUser(user); err != nil {
			return nil, fmt.Errorf("enter user %s: %w", u.Name, err)
		}
		entered = append(entered, user)
	}
	return entered, nil
}

// Homes makes the home directories of some users that were entered, where packages made
// none.
func Homes(root rootdir.Root, entered []passwd.User, wanted []string) error {
	for _, u := range entered {
		if !slices.Contains(wanted, u.Name) {
			continue
		}
		at := root.At(u.Home)
		if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(os.MkdirAll(at, 0o755), os.Chown(at, u.ID, u.GID)); err != nil {
			return fmt.Errorf("make the home directory of %s: %w", u.Name, err)
		}
	}
	return nil
}
