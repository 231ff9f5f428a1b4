// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"slices"
	"time"
)

// AwaitUsage is what [Await] takes.
const AwaitUsage = awaitName + " --once | --timeout DURATION --interval DURATION COMMAND [ARG]..."

const awaitName = "await"

// Await runs a command again and again until it succeeds. It succeeds itself, as
// BuildKit ends a container with any of its commands that fails, and writes a
// [ProbeAnswer] as JSON to the standard output: what the last attempt came to.
type Await struct {
	// Once runs the command once, without a limit of time. Its status is no fault.
	Once bool
	// Timeout is how long it may take, and Interval the time between two attempts.
	Timeout, Interval time.Duration
	Command           []string
}

// Args are the helper's arguments.
func (c Await) Args() []string {
	args := []string{awaitName, "--once"}
	if !c.Once {
		args = []string{awaitName, "--timeout", c.Timeout.String(), "--interval", c.Interval.String()}
	}
	return slices.Concat(args, Operands(c.Command...))
}

// ParseAwait reads the arguments after the name.
func ParseAwait(args []string) (Await, error) {
	var c Await
	set := Flags(awaitName)
	set.BoolVar(&c.Once, "once", false, "")
	set.DurationVar(&c.Timeout, "timeout", 0, "")
	set.DurationVar(&c.Interval, "interval", 0, "")
	err := Parse(set, args, 1, len(args))
	if c.Once && (c.Timeout != 0 || c.Interval != 0) {
		err = &ArgumentsError{awaitName, errors.New("--once excludes --timeout and --interval")}
	}
	c.Command = set.Args()
	return c, err
}
