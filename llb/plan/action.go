// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

// Action is what makes a layer: [*Files], [*Exec], [*Unpack], [*Install],
// [*Store], [*Link], [*Accounts] or [*Keep].
type Action interface {
	// Copies returns the parts of trees that it reads.
	Copies() []Copy
	// Fetches returns the archives that it is made from. A change of an element is
	// a change of the action.
	Fetches() []Archive
	// Merges reports whether the layer is a tree of its own, which is merged with
	// what is below it. Otherwise it is what the action changed there.
	Merges() bool
	// Count is how many layers of the image it makes.
	Count() int
	// KeepsTimes reports whether the layer's files keep the times of their
	// archives: what was compiled from them is checked against these.
	KeepsTimes() bool

	isAction()
}

// Actions returns a zero value of each kind of action.
func Actions() []Action {
	return []Action{&Files{}, &Exec{}, &Unpack{}, &Install{}, &Store{}, &Link{}, &Accounts{}, &Keep{}}
}

// Copies returns the entries' sources.
func (a *Files) Copies() []Copy {
	var out []Copy
	for _, e := range a.Entries {
		if e.Copy != nil {
			c := *e.Copy
			c.Optional = e.Optional
			out = append(out, c)
		}
	}
	return out
}

// Fetches returns nothing: what an entry fetches has one address.
func (*Files) Fetches() []Archive { return nil }

// Merges returns true.
func (*Files) Merges() bool { return true }

// KeepsTimes returns false.
func (*Files) KeepsTimes() bool { return false }

// Count returns 1.
func (*Files) Count() int { return 1 }

func (*Files) isAction() {}

// Copies returns what the command runs in, what is mounted into it and what its
// caches hold at first.
func (a *Exec) Copies() []Copy {
	out := []Copy{{From: a.From}}
	for _, s := range a.Sources {
		out = append(out, s.Copy)
	}
	for _, m := range a.Mounts {
		out = append(out, m.Copy)
	}
	for _, m := range a.Cache {
		if m.Seed != nil {
			out = append(out, *m.Seed)
		}
	}
	return out
}

// Fetches returns nothing.
func (*Exec) Fetches() []Archive { return nil }

// Merges reports whether only $out and outputs ship.
func (a *Exec) Merges() bool { return a.Out }

// KeepsTimes returns false.
func (*Exec) KeepsTimes() bool { return false }

// Count returns 1.
func (*Exec) Count() int { return 1 }

func (*Exec) isAction() {}

// Copies returns the packages that are files of trees.
func (a *Unpack) Copies() []Copy { return copiesOf(a.Archives) }

// Fetches returns the packages.
func (a *Unpack) Fetches() []Archive { return a.Archives }

// Merges returns true.
func (*Unpack) Merges() bool { return true }

// KeepsTimes returns true.
func (*Unpack) KeepsTimes() bool { return true }

// Count is among how many layers the files are divided.
func (a *Unpack) Count() int { return max(a.Parts, 1) }

func (*Unpack) isAction() {}

// Copies returns the packages that are files of trees.
func (a *Install) Copies() []Copy { return copiesOf(a.Archives) }

// Fetches returns the packages.
func (a *Install) Fetches() []Archive { return a.Archives }

// Merges returns false.
func (*Install) Merges() bool { return false }

// KeepsTimes returns false.
func (*Install) KeepsTimes() bool { return false }

// Count returns 1.
func (*Install) Count() int { return 1 }

func (*Install) isAction() {}

// Copies returns the paths that lie in an exported store, or what the build of
// Nix that makes them reads.
func (a *Store) Copies() []Copy {
	switch {
	case a.From == nil:
		return nil
	case a.From.Build != nil:
		return a.From.Build.Copies()
	}
	var out []Copy
	for _, item := range a.Items {
		if item.File != "" {
			out = append(out, Copy{From: a.From.From, Path: item.File, Pos: a.Range.Start})
		}
	}
	return out
}

// Fetches returns nothing: the addresses of store paths are those of binary
// caches.
func (*Store) Fetches() []Archive { return nil }

// Merges returns true.
func (*Store) Merges() bool { return true }

// KeepsTimes returns false.
func (*Store) KeepsTimes() bool { return false }

// Count returns 1.
func (*Store) Count() int { return 1 }

func (*Store) isAction() {}

// Copies returns nothing.
func (*Link) Copies() []Copy { return nil }

// Fetches returns nothing.
func (*Link) Fetches() []Archive { return nil }

// Merges returns true.
func (*Link) Merges() bool { return true }

// KeepsTimes returns false.
func (*Link) KeepsTimes() bool { return false }

// Count returns 1.
func (*Link) Count() int { return 1 }

func (*Link) isAction() {}

// Copies returns nothing.
func (*Accounts) Copies() []Copy { return nil }

// Fetches returns nothing.
func (*Accounts) Fetches() []Archive { return nil }

// Merges returns true.
func (*Accounts) Merges() bool { return true }

// KeepsTimes returns false.
func (*Accounts) KeepsTimes() bool { return false }

// Count returns 1.
func (*Accounts) Count() int { return 1 }

func (*Accounts) isAction() {}

// Copies returns nothing.
func (*Keep) Copies() []Copy { return nil }

// Fetches returns nothing.
func (*Keep) Fetches() []Archive { return nil }

// Merges returns true.
func (*Keep) Merges() bool { return true }

// KeepsTimes returns false.
func (*Keep) KeepsTimes() bool { return false }

// Count returns 1.
func (*Keep) Count() int { return 1 }

func (*Keep) isAction() {}
