// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"math"
	"slices"
)

// InfosUsage is the subcommand infos and what it takes.
const InfosUsage = infosName + " --cache URL... OUT PATH..."

const infosName = "infos"

// Infos asks binary caches for what they know of store paths and of all that these refer
// to.
type Infos struct {
	// Caches are the caches' addresses, the preferred one first.
	Caches []string
	// Out is the file that gets the answers: a JSON object of texts by their addresses.
	Out   string
	Paths []string
}

// Args are the helper's arguments.
func (c Infos) Args() []string {
	return slices.Concat([]string{infosName}, Each("cache", c.Caches), Operands(append([]string{c.Out}, c.Paths...)...))
}

// ParseInfos reads the arguments after the name.
func ParseInfos(args []string) (Infos, error) {
	var c Infos
	set := Flags(infosName)
	set.Var((*List)(&c.Caches), "cache", "")
	if err := Parse(set, args, 2, math.MaxInt); err != nil {
		return c, err
	}
	c.Out, c.Paths = set.Arg(0), set.Args()[1:]
	return c, nil
}
