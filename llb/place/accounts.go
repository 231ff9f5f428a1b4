// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// Accounts makes a layer of the files that list users and groups, as they are in the last
// of some trees that has them, with those of an action.
func Accounts(on Base, of []bk.State, planned *plan.Layer, a *plan.Accounts, name string) (bk.State, error) {
	c := call.Accounts{Entries: on.Skeleton.Entries(a), Early: a.Early, Source: "/in", Out: "/out"}
	defer on.Skeleton.makeHomes(a)
	for _, m := range a.Members {
		c.Members = append(c.Members, [2]string{m.Group, m.User})
	}
	at := on.Ops.At(planned.Range)
	files := bk.Mkdir("/etc", 0o755)
	for _, st := range of {
		files = files.Copy(st, "/", "/", &bk.CopyInfo{
			CopyDirContentsOnly: true, IncludePatterns: []string{"etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"},
		})
	}
	in := bk.Scratch().File(files, at, bk.WithCustomName("[internal] look up users and groups"))
	st, err := on.Ops.Tree("[internal] enter users and groups", c.Args(), bk.AddMount(c.Source, op.Restart(in), bk.Readonly), at)
	if err != nil {
		return bk.State{}, err
	}
	return InStep(on, st, Step{On: on.Ground(), Above: true, KeepOwners: true, Name: name, Opts: []bk.RunOption{at}})
}

// Entries are users and groups as the step helper enters them, with the home directories
// that no layer has made so far.
func (s *Skeleton) Entries(a *plan.Accounts) call.Entries {
	var out call.Entries
	for _, g := range a.Groups {
		out.Groups = append(out.Groups, call.Group{Name: g.Name, GID: g.GID})
	}
	for _, u := range a.Users {
		out.Users = append(out.Users, call.User{Name: u.Name, UID: u.UID, Group: u.Group, Comment: u.Comment, Home: u.Home, Shell: u.Shell})
		if _, made := s.declared[u.Home]; !made && hasHome(u) {
			out.Homes = append(out.Homes, u.Name)
		}
	}
	return out
}

// hasHome reports whether a user has a home directory of its own.
func hasHome(u plan.User) bool { return u.Home != "/" && u.Home != plan.NoHome }

// ExpectHomes notes the home directories that users will have, should anything be put
// there before.
func (s *Skeleton) ExpectHomes(a *plan.Accounts) {
	for _, u := range a.Users {
		gid, err := strconv.Atoi(u.Group)
		if _, known := s.likely[u.Home]; err == nil && !known && hasHome(u) {
			s.likely[u.Home] = node{mode: 0o755, uid: u.UID, gid: gid, weak: true}
		}
	}
}

// makeHomes notes that the home directories are there now.
func (s *Skeleton) makeHomes(a *plan.Accounts) {
	for _, u := range a.Users {
		s.make(u.Home)
	}
}

// make notes that a likely directory is there now, and returns it.
func (s *Skeleton) make(p string) (n node, ok bool) {
	if n, ok = s.likely[p]; ok && n.weak {
		n.weak = false
		s.likely[p] = n
	}
	return n, ok
}
