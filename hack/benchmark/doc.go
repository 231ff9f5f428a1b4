// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package benchmark measures Strata beside what it wants to be as fast as.
//
// Each measure has sides: Strata, what it is compared with, and where there is
// one the floor that no tool gets below. All sides run in turn in one process,
// in another order every second round, so that what else the machine does hits
// them alike; what counts are the medians and their ratio. hack/bench runs the
// measures, which are benchmarks of this package, and prints them as the rows of
// a table. A plain go test runs none of them.
package benchmark
