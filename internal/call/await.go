// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"slices"
	"time"
)

// AwaitUsage is what [Await] takes.
const AwaitUsage = awaitName + " [--timeout DURATION] [--interval DURATION] COMMAND [ARG]..."

const awaitName = "await"

// Await runs a command again and again until it succeeds. It succeeds itself, as
// BuildKit ends a container with any of its commands that fails, and writes a
// [ProbeAnswer] as JSON to the standard output: what the last attempt printed.
type Await struct {
	// Timeout is how long it may take, and Interval the time between two attempts.
	Timeout, Interval time.Duration
	Command           []string
}

// Args are the helper's arguments.
func (c Await) Args() []string {
	return slices.Concat([]string{awaitName, "--timeout", c.Timeout.String(), "--interval", c.Interval.String()}, Operands(c.Command...))
}

// ParseAwait reads the arguments after the name.
func ParseAwait(args []string) (Await, error) {
	var c Await
	set := Flags(awaitName)
	set.DurationVar(&c.Timeout, "timeout", time.Minute, "")
	set.DurationVar(&c.Interval, "interval", time.Second, "")
	err := Parse(set, args, 1, len(args))
	c.Command = set.Args()
	return c, err
}
