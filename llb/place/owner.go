// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/sys/user"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// owner returns the numbers of an entry's owner, who is looked up in the image so
// far; root's for nil.
func (f *layer) owner(ctx context.Context, o *plan.Owner) (uid, gid int, err error) {
	if o == nil {
		return 0, 0, nil
	}
	if !isNamed(*o) || o.User == "root" && o.Group == "" {
		return Owner(ctx, f.placer.prober, bk.Scratch(), *o)
	}
	return lookupOwner(ctx, f.placer.prober, accounts(f.users(f.before)...), *o)
}

// users are the trees that users are looked up in, the later over the earlier.
func (f *layer) users(before func() bk.State) []bk.State {
	users := []bk.State{f.on.users()}
	if before != nil {
		users = append(users, withEtc(before()))
	}
	return users
}

// users is the image so far for who looks users up in it. On scratch no base has the
// directory that lists them.
func (on Base) users() bk.State {
	st := on.Current()
	if on.Skeleton.root.Output() == nil && st.Output() != nil {
		return withEtc(st)
	}
	return st
}

// withEtc is a tree with /etc. BuildKit fails where there isn't the directory that it is to
// look into, also for files that need not be there.
func withEtc(st bk.State) bk.State {
	etc := bk.Mkdir("/etc", 0o755, bk.WithParents(true), bk.WithCreatedTime(op.FileTime()))
	return op.Restart(st.File(etc, bk.WithCustomName("[internal] look for users and groups")))
}

// Owner returns the numbers of an owner; names are looked up in an image. A user
// without a group brings its own: the one in passwd for a name, the same number
// for a number.
func Owner(ctx context.Context, p Prober, image bk.State, o plan.Owner) (uid, gid int, err error) {
	switch {
	case o.User == "root" && o.Group == "":
		return 0, 0, nil
	case isNamed(o):
		return lookupOwner(ctx, p, accounts(image), o)
	}
	uid, _ = strconv.Atoi(o.User)
	gid = uid
	if o.Group != "" {
		gid, _ = strconv.Atoi(o.Group)
	}
	return uid, gid, nil
}

// Home returns the home directory of a user, a name or a number, in an image; the root
// if that has none.
func Home(ctx context.Context, p Prober, image bk.State, name string) (string, error) {
	st := accounts(image)
	if st.Output() == nil {
		return "/", nil
	}
	files, err := p.Open(ctx, st)
	if err != nil {
		return "", fmt.Errorf("read /etc/passwd of the image so far: %w", err)
	}
	passwd, err := readIfThere(ctx, files, "/etc/passwd")
	if err != nil {
		return "", err
	}
	users, err := user.ParsePasswdFilter(bytes.NewReader(passwd), func(u user.User) bool {
		return u.Name == name || isNumber(name) && strconv.Itoa(u.Uid) == name
	})
	if err != nil {
		return "", fmt.Errorf("read /etc/passwd: %w", err)
	}
	if len(users) == 0 || !strings.HasPrefix(users[0].Home, "/") {
		return "/", nil
	}
	return users[0].Home, nil
}

// isNamed reports whether an owner must be looked up.
func isNamed(o plan.Owner) bool {
	return !isNumber(o.User) || o.Group != "" && !isNumber(o.Group)
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// accounts is a copy of passwd and group files, and nothing else: those of the last of
// some states that has them.
func accounts(of ...bk.State) bk.State {
	var fa *bk.FileAction
	optional := &bk.CopyInfo{AllowWildcard: true, AllowEmptyWildcard: true, FollowSymlinks: true}
	for _, st := range of {
		if st.Output() == nil {
			continue
		}
		if fa == nil {
			fa = bk.Mkdir("/etc", 0o755)
		}
		fa = fa.Copy(st, "/etc/passw[d]", "/etc/", optional).Copy(st, "/etc/grou[p]", "/etc/", optional)
	}
	if fa == nil {
		return bk.Scratch()
	}
	return bk.Scratch().File(fa, bk.WithCustomName("[internal] look up users and groups"))
}

// lookupOwner finds names in the passwd and group files of a state.
func lookupOwner(ctx context.Context, p Prober, st bk.State, o plan.Owner) (uid, gid int, err error) {
	var passwd, group []byte
	if st.Output() != nil {
		files, err := p.Open(ctx, st)
		if err != nil {
			return 0, 0, fmt.Errorf("read /etc/passwd of the image so far: %w", err)
		}
		if passwd, err = readIfThere(ctx, files, "/etc/passwd"); err != nil {
			return 0, 0, err
		}
		if group, err = readIfThere(ctx, files, "/etc/group"); err != nil {
			return 0, 0, err
		}
	}
	if uid, gid, err = findUser(passwd, o.User); err != nil {
		return 0, 0, err
	}
	if o.Group != "" {
		if gid, err = findGroup(group, o.Group); err != nil {
			return 0, 0, err
		}
	}
	return uid, gid, nil
}

func readIfThere(ctx context.Context, files tree.Tree, file string) ([]byte, error) {
	data, err := files.ReadFile(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of the image so far: %w", file, err)
	}
	return data, nil
}

// findUser finds a user. Root is one also where no users are listed.
func findUser(passwd []byte, name string) (uid, gid int, err error) {
	if isNumber(name) {
		n, err := strconv.Atoi(name)
		return n, n, err
	}
	users, err := user.ParsePasswdFilter(bytes.NewReader(passwd), func(u user.User) bool { return u.Name == name })
	if err != nil {
		return 0, 0, fmt.Errorf("read /etc/passwd: %w", err)
	}
	if len(users) == 0 && name == "root" && len(passwd) == 0 {
		return 0, 0, nil
	}
	if len(users) == 0 {
		return 0, 0, plan.Mistakef("look up user %q: the image so far has no such user in /etc/passwd; use a number, or add the user in an earlier layer", name)
	}
	return users[0].Uid, users[0].Gid, nil
}

func findGroup(group []byte, name string) (int, error) {
	if isNumber(name) {
		return strconv.Atoi(name)
	}
	groups, err := user.ParseGroupFilter(bytes.NewReader(group), func(g user.Group) bool { return g.Name == name })
	if err != nil {
		return 0, fmt.Errorf("read /etc/group: %w", err)
	}
	if len(groups) == 0 && name == "root" && len(group) == 0 {
		return 0, nil
	}
	if len(groups) == 0 {
		return 0, plan.Mistakef("look up group %q: the image so far has no such group in /etc/group; use a number, or add the group in an earlier layer", name)
	}
	return groups[0].Gid, nil
}
