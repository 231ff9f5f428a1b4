// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"slices"
	"strconv"
)

const (
	// ExtractUsage is what [Extract] takes.
	ExtractUsage = ExtractName + " [--into] [--strip N] [--include PATTERN]... [--exclude PATTERN]... [--name NAME] [--report FILE] SRC DST"

	// ExtractName is what the subcommand that unpacks archives is called.
	ExtractName = "extract"

	// Extracted is what the archives become below Out: a directory, or a file that was
	// packed alone.
	Extracted = "archive"
)

// Extract unpacks archives of a files layer, or files that are packed alone.
type Extract struct {
	// Into says that a file that is packed alone goes into a directory, by its name.
	Into bool
	// Include and Exclude are .dockerignore patterns of paths in an archive.
	Include, Exclude []string
	// Strip is how many of the first components of these paths are left out.
	Strip int
	// Name is what the archive is called where it comes from, if that may be another
	// name than its file has.
	Name string
	// Report is the file below Out that says what is wrong with an archive, for a step
	// that then succeeds; empty for none.
	Report string
	// Source is a directory of nothing but archives, and Out an empty directory.
	Source, Out string
}

// Args are the helper's arguments.
func (c Extract) Args() []string {
	args := slices.Concat([]string{ExtractName}, Switch("into", c.Into), Each("include", c.Include), Each("exclude", c.Exclude))
	if c.Strip > 0 {
		args = append(args, "--strip", strconv.Itoa(c.Strip))
	}
	return slices.Concat(args, Value("name", c.Name), Value("report", c.Report), Operands(c.Source, c.Out))
}

// ParseExtract reads the arguments after the name.
func ParseExtract(args []string) (Extract, error) {
	var c Extract
	set := Flags(ExtractName)
	set.BoolVar(&c.Into, "into", false, "")
	set.IntVar(&c.Strip, "strip", 0, "")
	set.StringVar(&c.Name, "name", "", "")
	set.Var((*List)(&c.Include), "include", "")
	set.Var((*List)(&c.Exclude), "exclude", "")
	set.StringVar(&c.Report, "report", "", "")
	err := Parse(set, args, 2, 2)
	c.Source, c.Out = set.Arg(0), set.Arg(1)
	if err == nil && c.Strip < 0 {
		err = &ArgumentsError{ExtractName, errors.New("--strip is less than 0")}
	}
	return c, err
}
