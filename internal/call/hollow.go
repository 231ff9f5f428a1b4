// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

// HollowUsage is what [Hollow] takes.
const HollowUsage = hollowName + " NAMES CONTENT DST"

const hollowName = "hollow"

// Hollow makes a tree that has the names, kinds, modes and sizes of another one, and the
// content of some of its files only.
type Hollow struct {
	// Names is a tree that BuildKit was sent the names of alone, Content has the files
	// whose content counts, and Out is an empty directory.
	Names, Content, Out string
}

// Args are the helper's arguments.
func (c Hollow) Args() []string {
	return append([]string{hollowName}, Operands(c.Names, c.Content, c.Out)...)
}

// ParseHollow reads the arguments after the name.
func ParseHollow(args []string) (Hollow, error) {
	set := Flags(hollowName)
	err := Parse(set, args, 3, 3)
	return Hollow{Names: set.Arg(0), Content: set.Arg(1), Out: set.Arg(2)}, err
}
