// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

// A Kind is the field that a relation stands in. The order is the one in which
// apt reads the fields of a paragraph.
type Kind uint8

// The kinds, and how many there are.
const (
	PreDepends Kind = iota
	Depends
	Conflicts
	Breaks
	Recommends
	Suggests
	Replaces
	Enhances
	Kinds
)

// String returns the name of the field.
func (k Kind) String() string {
	return [...]string{
		"Pre-Depends", "Depends", "Conflicts", "Breaks", "Recommends", "Suggests", "Replaces", "Enhances", "",
	}[k]
}

// Negative reports whether a relation of this kind forbids.
func (k Kind) Negative() bool { return k == Conflicts || k == Breaks }

// Critical reports whether a package does not work when the relation is not
// fulfilled.
func (k Kind) Critical() bool { return k <= Breaks }
