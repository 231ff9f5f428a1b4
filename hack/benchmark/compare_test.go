// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

var table = flag.String("table", "", "document to write the figures into")

func TestMain(m *testing.M) { testenv.Main(m) }

// side is one way of doing the same.
type side struct {
	// before makes the next run possible; it isn't timed.
	before func()
	run    func()
	// made is the digest of what a run made, where each has to make something new: one
	// that finds it in the cache did less than the other side. nil where all make the same.
	made func() string
}

// compare runs the sides in turn and records their times. Every side has run
// once before, to be warm.
func compare(b *testing.B, m Measure, strata, against, floor side) {
	b.Helper()
	var f Figures
	all := []struct {
		side
		times *[]time.Duration
		seen  map[string]bool
	}{{strata, &f.Strata, map[string]bool{}}, {against, &f.Against, map[string]bool{}}, {floor, &f.Floor, map[string]bool{}}}
	for _, s := range all {
		s.once(b, s.seen)
	}
	round := 0
	for b.Loop() {
		for i := range all {
			s := all[i]
			if round%2 == 1 {
				s = all[len(all)-1-i]
			}
			if s.run != nil {
				*s.times = append(*s.times, s.once(b, s.seen))
			}
		}
		round++
	}
	record(b, m, f)
}

// once prepares and runs a side, which must not make again what it has made before.
func (s side) once(b *testing.B, before map[string]bool) time.Duration {
	b.Helper()
	if s.run == nil {
		return 0
	}
	if s.before != nil {
		s.before()
	}
	start := time.Now()
	s.run()
	took := time.Since(start)
	if s.made != nil {
		made := s.made()
		if before[made] {
			b.Fatalf("a run made %s, as one before it did", made)
		}
		before[made] = true
	}
	return took
}

// record prints the figures, and writes them into the document if there is one.
func record(b *testing.B, m Measure, f Figures) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(0, "B/op")
	b.ReportMetric(0, "allocs/op")
	fmt.Printf("\n%s\n    all: %v / %v / %v\n", row(m, f), f.Strata, f.Against, f.Floor)
	if *table == "" {
		return
	}
	if err := Record(*table, m, f); err != nil {
		b.Fatal(err)
	}
}
