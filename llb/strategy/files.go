// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// files is the strategy that puts files into the image.
type files struct{}

var _ Strategy = files{}

// Plan makes one layer of all entries.
func (files) Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	action := &plan.Files{Entries: make([]plan.Entry, 0, len(l.Files.Entries))}
	dests := make([]string, 0, len(l.Files.Entries))
	for i := range l.Files.Entries {
		es, err := planEntries(ctx, t, &l.Files.Entries[i])
		if err != nil {
			return nil, err
		}
		action.Entries = append(action.Entries, es...)
		for _, e := range es {
			dests = append(dests, e.Dest)
		}
	}
	return []plan.Layer{{
		Name: l.Name, Strategy: "files", Words: "files " + plan.Few(dests), Range: l.Range, Action: action,
	}}, nil
}

// planEntries plans what an entry of the build file puts somewhere: one thing, or each
// of a list of sources under its own name.
func planEntries(ctx context.Context, t *Target, f *spec.File) ([]plan.Entry, error) {
	if len(f.Sources) == 0 {
		e, err := planEntry(ctx, t, f)
		return []plan.Entry{e}, err
	}
	var all []plan.Entry
	for _, source := range f.Sources {
		one := *f
		one.Source, one.Sources = source, nil
		e, err := planEntry(ctx, t, &one)
		if err != nil {
			return nil, err
		}
		if !e.Into {
			return nil, t.read.errorf(f.Dest.Pos, "a list of sources needs a directory as dest: write %s/", e.Dest)
		}
		switch from := e.Copy.Path; {
		case from == "/" || e.Extract:
		case plan.IsPattern(from):
			e.OwnName = true
		default:
			e.Dest, e.Into = path.Join(e.Dest, path.Base(from)), false
		}
		all = append(all, e)
	}
	return all, nil
}

// planEntry plans one file.
func planEntry(ctx context.Context, t *Target, f *spec.File) (e plan.Entry, err error) {
	e.Range = f.Range
	e.Extract, e.Directory = f.Extract, f.Directory
	if e.Dest, e.Into, err = t.read.dest(f.Dest); err != nil {
		return e, err
	}
	if e.Mode, e.ModeChange, err = t.read.modeChange(f.Mode); err != nil {
		return e, err
	}
	if err := settleMode(t.read, f, &e); err != nil {
		return e, err
	}
	if e.Owner, err = t.read.owner(f.Owner); err != nil {
		return e, err
	}
	if e.Owner != nil && *e.Owner == (plan.Owner{User: spec.KeepOwner}) {
		e.Owner, e.KeepOwners = nil, true
	}
	e.Optional = f.Optional
	if e.Members, err = members(t.read, f); err != nil {
		return e, err
	}
	if e.About, err = t.read.about(f.About); err != nil {
		return e, err
	}
	switch {
	case f.Content.IsSet():
		var text string
		if f.Expand {
			text, err = t.read.expand(f.Content)
		} else {
			text, err = t.read.verbatim(f.Content)
		}
		e.Content = &text
	case f.Symlink.IsSet():
		if e.Symlink, err = t.read.expand(f.Symlink); err == nil && e.Symlink == "" {
			err = t.read.errorf(f.Symlink.Pos, "the path is empty")
		}
	case f.URL.IsSet():
		e.HTTP, err = planHTTP(ctx, t, f)
	case f.Git.IsSet():
		e.Git, err = planGit(ctx, t, f)
	case !f.Directory:
		e.Copy, err = planCopy(ctx, t, f)
	}
	if err != nil {
		return e, err
	}
	return e, checkDest(t.read, f, &e)
}

// settleMode applies a change to the mode of what is written as a file, which is known.
func settleMode(r reader, f *spec.File, e *plan.Entry) error {
	if e.ModeChange == "" {
		return nil
	}
	if f.Directory {
		return r.errorf(f.Mode.Pos, "the mode of a directory that is made is octal, such as 0755")
	}
	if !f.Content.IsSet() && (!f.URL.IsSet() || f.Extract) {
		return nil
	}
	bits, err := spec.ChangeMode(0o644, e.ModeChange)
	if err != nil {
		return r.errorf(f.Mode.Pos, "%w", err)
	}
	mode := plan.Mode(bits)
	e.Mode, e.ModeChange = &mode, ""
	return nil
}

// checkDest refuses destinations that fit the kind of entry badly.
func checkDest(r reader, f *spec.File, e *plan.Entry) error {
	if err := checkName(r, f.Dest.Pos, e.Dest); err != nil {
		return err
	}
	if e.HTTP != nil && e.Into && !e.Extract {
		name := e.HTTP.Name()
		if name == "." || name == ".." {
			return r.errorf(f.URL.Pos, "the address ends in no name for a file in %s; write the whole path in dest", e.Dest)
		}
		if err := checkName(r, f.URL.Pos, name); err != nil {
			return err
		}
	}
	if e.Copy != nil && e.Into {
		if err := checkName(r, f.Source.Pos, path.Base(e.Copy.Path)); err != nil {
			return err
		}
	}
	switch {
	case e.Directory:
		e.Into = false
	case e.Into && (e.Content != nil || e.Symlink != ""):
		return r.errorf(f.Dest.Pos, "%s/ is a directory, and the entry has no name to go by in it; write the whole path", strings.TrimSuffix(e.Dest, "/"))
	case e.Dest == "/" && !e.Into && e.Copy == nil && e.Git == nil && !e.Extract:
		return r.errorf(f.Dest.Pos, "the root can't be a file")
	case e.Copy != nil && spec.HasGlob(e.Copy.Path) && !e.Into && e.Optional:
		return r.errorf(f.Dest.Pos, "%s may match nothing, so dest must be a directory: write %s/", f.Source.Value, e.Dest)
	}
	return nil
}

// checkName refuses names that mean deletions in an image's layer.
func checkName(r reader, pos spec.Pos, p string) error {
	for name := range strings.SplitSeq(p, "/") {
		if strings.HasPrefix(name, plan.Deletion) {
			return r.errorf(pos, "the name %q begins with %s, which means a deletion in an image's layer; rename it", name, plan.Deletion)
		}
	}
	return nil
}

func planHTTP(ctx context.Context, t *Target, f *spec.File) (*plan.HTTP, error) {
	r := t.read
	url, err := r.expand(f.URL)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return nil, r.errorf(f.URL.Pos, "%q is not an http or https address", printable.Address(url))
	}
	sum, err := r.expand(f.Checksum)
	if err != nil {
		return nil, err
	}
	if sum != "" {
		if _, err := digest.Parse(sum); err != nil {
			return nil, r.errorf(f.Checksum.Pos, "%q is not a checksum (want sha256:…): %w", sum, err)
		}
	}
	out := &plan.HTTP{URL: url, Checksum: sum, Pos: f.URL.Pos, ChecksumPos: f.Checksum.Pos}
	if out.Signature, err = (signing{t}).signature(ctx, f); err != nil {
		return nil, err
	}
	if sum == "" {
		if err := t.pass.pinURL(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, signing{t}.checkLocked(ctx, out)
}

func planGit(ctx context.Context, t *Target, f *spec.File) (*plan.Git, error) {
	r := t.read
	url, err := r.expand(f.Git)
	if err != nil {
		return nil, err
	}
	if _, isGit, err := dfgitutil.ParseGitRef(url); (err != nil || !isGit) && !t.pass.lacksArgument() {
		return nil, r.errorf(f.Git.Pos, "%q is not the address of a repository: it ends in .git, with #ref or #ref:directory behind it", url)
	}
	g := &plan.Git{URL: url}
	if g.Include, g.Exclude, err = r.patterns(f.Include, f.Exclude); err != nil {
		return nil, err
	}
	if g.Signature, err = (signing{t}).signature(ctx, f); err != nil {
		return nil, err
	}
	return g, t.pass.pinGit(ctx, f.Git.Pos, g)
}

func planCopy(ctx context.Context, t *Target, f *spec.File) (*plan.Copy, error) {
	c := &plan.Copy{From: plan.Tree{Kind: plan.Main}, Pos: f.Source.Pos, Checkout: true}
	var err error
	if f.From.IsSet() {
		if c.From, err = t.usable(f.From, t.platform); err == nil && f.Platform.IsSet() {
			c.From.Platform, err = t.read.platform(f.Platform)
		}
		if err != nil {
			return nil, err
		}
		if c.From, c.Checkout, err = useTree(ctx, t, c.From); err != nil {
			return nil, err
		}
		if c.From.Changed = f.Changed; f.Changed && c.From.Kind != plan.Target {
			return nil, t.read.errorf(f.From.Pos, "changed goes with a target of the build file, whose layers are known, and %s is none; make a target with that as its from", f.From.Value)
		}
	}
	if c.Path, err = t.read.source(f.Source); err != nil {
		return nil, err
	}
	if f.Extract {
		return c, nil
	}
	c.Include, c.Exclude, err = t.read.patterns(f.Include, f.Exclude)
	return c, err
}

// members is what of an archive is taken; nil for all of it.
func members(r reader, f *spec.File) (*plan.Members, error) {
	if !f.Extract || f.Strip == 0 && len(f.Include)+len(f.Exclude) == 0 {
		return nil, nil //nolint:nilnil // nothing is said
	}
	m := &plan.Members{Strip: f.Strip}
	var err error
	m.Include, m.Exclude, err = r.patterns(f.Include, f.Exclude)
	return m, err
}
