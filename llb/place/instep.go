// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Step says how the step helper puts a tree on an image.
type Step struct {
	// On is the image, or the part of it, whose directories and links count.
	On bk.State
	// From is the directory of the tree that counts as its root; empty for all of it.
	From string
	// Owner owns what ships; nil keeps the tree's owners if KeepOwners is set, and
	// is root:root otherwise.
	Owner      *plan.Owner
	KeepOwners bool
	// Chown are owners of single paths.
	Chown map[string]plan.Owner
	// Users are the trees that owners' names are looked up in; nil is the image so far.
	Users []bk.State
	// Above says that the directories and links that files layers put on top of On count,
	// too.
	Above bool
	// known is what the files layers put there by then; nil for all of it.
	known *noted
	// Keep are directories whose mode and owner the tree decides.
	Keep []string
	// Outputs are the paths that ship of what a command ran in; none for all of the tree.
	Outputs []plan.Output
	Name    string
	Opts    []bk.RunOption
}

// InStep lets the step helper put a tree on an image.
func InStep(on Base, st bk.State, s Step) (bk.State, error) {
	c, opts, err := s.call(on, st)
	if err != nil {
		return bk.State{}, err
	}
	return on.Ops.Tree(s.Name, c.Args(), opts...)
}

// IsStep reports whether a message of BuildKit is about a step that puts a tree on an image.
func IsStep(message string) bool {
	return strings.Contains(message, op.HelperPath+" "+call.PlaceName+" ")
}

// Replaced is the file of a report that has the paths of what a tree replaces, as a
// JSON list.
const Replaced = "/replaced"

// Report is [InStep] for an image that isn't empty. The second state has the file
// [Replaced].
func Report(on Base, st bk.State, s Step) (tree, report bk.State, err error) {
	c, opts, err := s.call(on, st)
	if err != nil {
		return tree, report, err
	}
	c.Base, c.Report = "/base", "/report"+Replaced
	run, err := on.Ops.Run(s.Name, c.Args(), append(opts, on.Ops.Base(c.Base, s.On))...)
	if err != nil {
		return tree, report, err
	}
	return op.Restart(run.AddMount(c.Out, bk.Scratch())), op.Restart(run.AddMount("/report", bk.Scratch())), nil
}

// call is what the step helper is told, and what it needs for that.
func (s *Step) call(on Base, st bk.State) (call.Place, []bk.RunOption, error) {
	c := call.Place{From: s.From, PreserveOwner: s.KeepOwners, Keep: s.Keep, Source: "/in", Out: "/out"}
	opts := append([]bk.RunOption{s.source(on, c.Source, st)}, s.Opts...)
	for i := range s.Outputs {
		o := &s.Outputs[i]
		c.Outputs = append(c.Outputs, call.Output{Path: o.Path, Pattern: spec.HasGlob(o.Path), Include: o.Include, Exclude: o.Exclude, Dest: o.Dest, Into: o.Into})
	}
	root := s.On
	if s.Above {
		if above, known := on.Skeleton.above(s.known); known {
			c.Directories, c.Likely, c.Links = above.directories, above.likely, above.links
		} else {
			root = on.Current()
		}
	}
	skeleton, ok, err := Directories(on.Ops, root, on.Range)
	if err != nil {
		return c, nil, err
	}
	if ok {
		c.Skeleton = "/skeleton"
		opts = append(opts, bk.AddMount(c.Skeleton, skeleton, bk.Readonly))
	}
	if s.needsAccounts() {
		users := s.Users
		if users == nil {
			users = []bk.State{on.users()}
		}
		c.Users = "/users"
		opts = append(opts, bk.AddMount(c.Users, accounts(users...), bk.Readonly))
	}
	if s.Owner != nil {
		c.Owner = ownerText(*s.Owner)
	}
	if len(s.Chown) > 0 {
		c.Chown = map[string]string{}
	}
	for p, owner := range s.Chown {
		c.Chown[p] = ownerText(owner)
	}
	return c, opts, nil
}

// source mounts the tree. All that a command ran in isn't hashed: that would take longer
// than to copy what of it ships.
func (s *Step) source(on Base, dir string, st bk.State) bk.RunOption {
	if len(s.Outputs) > 0 {
		return on.Ops.Base(dir, st)
	}
	return bk.AddMount(dir, st, bk.Readonly)
}

// directoriesOf is the key of an image's directories and links.
type directoriesOf struct{ bk.Output }

// Directories is what a layer on top of an image must respect of it, as a state
// of directories and links; ok is false for an empty image. Bases with the same
// peculiarities give the same bytes, so that a new base re-runs nothing that only
// needs this.
func Directories(ops *op.Maker, of bk.State, lines spec.Range) (st bk.State, ok bool, err error) {
	if of.Output() == nil {
		return bk.State{}, false, nil
	}
	st, err = ops.Shared(directoriesOf{of.Output()}, func() (bk.State, error) {
		return ops.Tree("[internal] look at the base's directories", call.Skeleton{Source: "/in", Out: "/out"}.Args(),
			ops.Base("/in", of), ops.At(lines))
	})
	return st, true, err
}

// needsAccounts reports whether an owner is given by name.
func (s *Step) needsAccounts() bool {
	if s.Owner != nil && isNamed(*s.Owner) {
		return true
	}
	for _, owner := range s.Chown {
		if isNamed(owner) {
			return true
		}
	}
	return false
}

func ownerText(o plan.Owner) string {
	if o.Group == "" {
		return o.User
	}
	return o.User + ":" + o.Group
}
