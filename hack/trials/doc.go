// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package trials puts Strata through what it must survive: archives made to do harm, and
// repositories that lie.
//
// Each line of a table in docs/reliability.md is a subtest. Those of TestArchives hand one
// input each to the reader that it is for, and are part of every run of the tests.
// hack/torture runs them, with a seed, and prints what came of each.
package trials
