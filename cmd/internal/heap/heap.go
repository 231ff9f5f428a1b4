// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package heap says when a program that is soon over begins to collect garbage.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Enough is what programs that read a build file and ask for a build may hold before
// they collect garbage, in bytes: most are over by then, and what reads an archive's
// index has more anyway.
const Enough = 64 << 20

// first is what the first collection finds. It has a pointer, or the runtime would
// put it beside other small things, which may live longer.
type first struct{ _ *int }

// CollectFrom leaves garbage where it is until the program holds that many bytes of
// memory; from then on it is collected as Go does. Go itself begins at four
// megabytes, and a program that lives for a tenth of a second spends a tenth of its
// processor time on that. Where GOGC or GOMEMLIMIT is set, nothing changes.
func CollectFrom(bytes int64) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(bytes)
	runtime.AddCleanup(new(first), func(struct{}) {
		restore(debug.SetGCPercent, -1, percent)
		restore(debug.SetMemoryLimit, bytes, limit)
	}, struct{}{})
}

// restore sets a value back, unless someone else has changed it since.
func restore[T int | int64](set func(T) T, ours, old T) {
	if now := set(old); now != ours {
		set(now)
	}
}
