// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import "slices"

const (
	// VerifyUsage is what [Verify] takes.
	VerifyUsage = VerifyName + " [--locked] [--name NAME] [--report FILE] SRC SIGNATURE KEY OUT"

	// VerifyName is what the subcommand that checks signatures is called.
	VerifyName = "verify"
)

// Verify copies a file if a key signed it.
type Verify struct {
	// Locked takes a key as it was when it signed: whoever wrote the lock saw that it
	// hadn't expired.
	Locked bool
	// Name is what the file is called in Out; as in Source if it is empty.
	Name string
	// Report is the file below Out that says what is wrong, for a step that then succeeds;
	// empty for none.
	Report string
	// Source is a directory of nothing but the file. Signature and Key are files, and Out
	// is an empty directory.
	Source, Signature, Key, Out string
}

// Args are the helper's arguments.
func (c Verify) Args() []string {
	return slices.Concat([]string{VerifyName}, Switch("locked", c.Locked), Value("name", c.Name), Value("report", c.Report), Operands(c.Source, c.Signature, c.Key, c.Out))
}

// ParseVerify reads the arguments after the name.
func ParseVerify(args []string) (Verify, error) {
	var c Verify
	set := Flags(VerifyName)
	set.BoolVar(&c.Locked, "locked", false, "")
	set.StringVar(&c.Name, "name", "", "")
	set.StringVar(&c.Report, "report", "", "")
	err := Parse(set, args, 4, 4)
	c.Source, c.Signature, c.Key, c.Out = set.Arg(0), set.Arg(1), set.Arg(2), set.Arg(3)
	return c, err
}
