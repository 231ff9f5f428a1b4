// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"slices"
	"strings"
)

// Strategy is what one layer of a build file is made by: [*Packages], [*Files],
// [*Build] or [*Derivation]. Its methods say what can be read from the build
// file before anything is expanded.
type Strategy interface {
	// Froms returns where it takes trees from.
	Froms() []String
	// UsesContext reports whether it names something of the build context.
	UsesContext() bool
	// RunsInImage reports whether it runs a command in the image so far.
	RunsInImage() bool
	// Users returns the users and owners that it names, and other texts that may have
	// some: what it runs and what it writes.
	Users() (named, texts []String)
	// IsLocked reports whether a lock pins what the layer is made of.
	IsLocked() bool
}

// Strategies returns a zero value of each strategy.
func Strategies() []Strategy {
	return []Strategy{(*Packages)(nil), (*Files)(nil), (*Build)(nil), (*Derivation)(nil)}
}

// Strategy returns the strategy that is set; nil for a layer without one, which
// [Parse] never returns.
func (l *Layer) Strategy() Strategy {
	switch {
	case l.Packages != nil:
		return l.Packages
	case l.Files != nil:
		return l.Files
	case l.Build != nil:
		return l.Build
	case l.Derivation != nil:
		return l.Derivation
	}
	return nil
}

// Froms returns the image that says where packages come from, and the trees that have
// packages as files.
func (p *Packages) Froms() []String {
	froms := []String{p.Like}
	for _, f := range p.Files {
		froms = append(froms, f.From)
	}
	return froms
}

// UsesContext reports whether a keyring or a package is in the context.
func (p *Packages) UsesContext() bool {
	return slices.ContainsFunc(p.Repositories, func(r Repository) bool { return r.SignedBy.IsSet() }) ||
		slices.ContainsFunc(p.Files, func(f PackageFile) bool { return f.Source.IsSet() && !f.From.IsSet() }) ||
		slices.ContainsFunc(p.Names, func(s String) bool {
			return s.anyOf(func(name string) bool { return IsPackageFile(name) || strings.HasPrefix(name, "$") })
		})
}

// Users returns the names of the packages, which have users of theirs.
func (p *Packages) Users() (named, texts []String) { return nil, p.Names }

// RunsInImage returns false: a layer that only installs packages leaves those
// after it as they are.
func (*Packages) RunsInImage() bool { return false }

// IsLocked returns true.
func (*Packages) IsLocked() bool { return true }

// Froms returns the trees that files are copied from.
func (f *Files) Froms() []String {
	var froms []String
	for _, e := range f.Entries {
		froms = append(froms, e.From)
	}
	return froms
}

// UsesContext reports whether a file is copied from the context.
func (f *Files) UsesContext() bool {
	return slices.ContainsFunc(f.Entries, func(e File) bool { return e.HasSource() && !e.From.IsSet() })
}

// Users returns owners and contents.
func (f *Files) Users() (named, texts []String) {
	for i := range f.Entries {
		named, texts = append(named, f.Entries[i].Owner), append(texts, f.Entries[i].Content)
	}
	return named, texts
}

// RunsInImage returns false.
func (*Files) RunsInImage() bool { return false }

// IsLocked returns false.
func (*Files) IsLocked() bool { return false }

// Froms returns where the command runs, what is mounted into it and what its caches
// hold at first.
func (b *Build) Froms() []String {
	froms := []String{b.From}
	for _, s := range b.Sources {
		froms = append(froms, s.From)
	}
	for _, m := range b.Mounts {
		froms = append(froms, m.From)
	}
	for _, m := range b.Cache {
		froms = append(froms, m.From)
	}
	return froms
}

// UsesContext reports whether the source or a mount is in the context.
func (b *Build) UsesContext() bool {
	return slices.ContainsFunc(b.Sources, func(s Source) bool { return !s.From.IsSet() }) ||
		slices.ContainsFunc(b.Mounts, func(m Mount) bool { return !m.From.IsSet() })
}

// Users returns who runs the command, who owns what it has and what ships, and the
// command.
func (b *Build) Users() (named, texts []String) {
	named = []String{b.User, b.Owner}
	for i := range b.Outputs {
		named = append(named, b.Outputs[i].Owner)
	}
	for i := range b.Cache {
		named = append(named, b.Cache[i].Owner)
	}
	for i := range b.Secrets {
		named = append(named, b.Secrets[i].Owner)
	}
	for i := range b.SSH {
		named = append(named, b.SSH[i].Owner)
	}
	return named, append([]String{b.Run}, b.Argv...)
}

// RunsInImage reports whether the command runs in the image so far: because it
// says so, or because it has neither $out nor outputs.
func (b *Build) RunsInImage() bool {
	if b.From.IsSet() {
		return b.From.Value == "layers"
	}
	if b.Out != nil {
		return !*b.Out
	}
	if len(b.Outputs) > 0 {
		return false
	}
	words := append([]String{b.Run}, b.Argv...)
	return !slices.ContainsFunc(words, func(w String) bool { return slices.Contains(Mentioned(w.Value), "out") })
}

// IsLocked returns false.
func (*Build) IsLocked() bool { return false }

// Froms returns the image that Nix runs in.
func (d *Derivation) Froms() []String {
	if d.Build == nil {
		return nil
	}
	return []String{d.Build.From}
}

// UsesContext reports whether the store or what Nix builds is in the context.
func (d *Derivation) UsesContext() bool {
	return d.Store != nil && d.Store.Source.IsSet() || d.Build != nil
}

// Users returns nothing: store paths belong to root.
func (*Derivation) Users() (named, texts []String) { return nil, nil }

// RunsInImage returns false.
func (*Derivation) RunsInImage() bool { return false }

// IsLocked returns true.
func (*Derivation) IsLocked() bool { return true }
