// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Measure says what is measured and what is to be reached.
type Measure struct {
	// Name is the first cell of the row, and the row's key.
	Name string
	// Against names the other side; empty when there is none.
	Against string
	// Floor says what no tool gets below; empty when that isn't measured.
	Floor string
	// Ratio is the most that Strata may take of the other side's time, or bytes; 0
	// for no limit.
	Ratio float64
	// Time is the most that Strata may take; 0 for no limit.
	Time time.Duration
	// Bytes is the most memory that Strata may take; 0 for no limit.
	Bytes int64
}

// Figures are what was seen: times in the order of the rounds, and sizes in bytes.
type Figures struct {
	Strata, Against, Floor []time.Duration
	Bytes, AgainstBytes    int64
}

// header is the head of the table.
func header() []string {
	return []string{
		"| measure | Strata | against | ratio | reach | reached | floor |",
		"|---|---|---|---|---|---|---|",
	}
}

// row writes the figures of a measure as a line of the table.
func row(m Measure, f Figures) string {
	cells := []string{m.Name, f.own(), "", "", "", "", ""}
	if m.Against != "" {
		cells[2] = m.Against + ": " + f.other()
		cells[3] = fmt.Sprintf("%.*f", digits(m.Ratio), ratio(f))
	}
	cells[4], cells[5] = m.verdict(f)
	if m.Floor != "" {
		cells[6] = m.Floor + ": " + round(median(f.Floor))
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// own is Strata's figure.
func (f Figures) own() string {
	if f.Bytes > 0 {
		return size(f.Bytes)
	}
	return round(median(f.Strata))
}

// other is the other side's.
func (f Figures) other() string {
	if f.AgainstBytes > 0 {
		return size(f.AgainstBytes)
	}
	return round(median(f.Against))
}

// verdict returns the limits in words and whether all are kept.
func (m Measure) verdict(f Figures) (limit, kept string) {
	var limits []string
	ok := true
	if m.Ratio > 0 {
		limits, ok = append(limits, fmt.Sprintf("≤ %.*f×", digits(m.Ratio), m.Ratio)), ok && ratio(f) <= m.Ratio
	}
	if m.Time > 0 {
		limits, ok = append(limits, "≤ "+round(m.Time)), ok && median(f.Strata) <= m.Time
	}
	if m.Bytes > 0 {
		limits, ok = append(limits, "≤ "+size(m.Bytes)), ok && f.Bytes <= m.Bytes
	}
	switch {
	case len(limits) == 0:
		return "none", ""
	case ok:
		return strings.Join(limits, ", "), "yes"
	default:
		return strings.Join(limits, ", "), "**no**"
	}
}

// ratio is the median of the ratios of the rounds. Both sides of a round met the
// same neighbours, so it says more than the ratio of the medians.
func ratio(f Figures) float64 {
	if f.AgainstBytes > 0 {
		return float64(f.Bytes) / float64(f.AgainstBytes)
	}
	var all []float64
	for i := range min(len(f.Strata), len(f.Against)) {
		all = append(all, float64(f.Strata[i])/float64(f.Against[i]))
	}
	return median(all)
}

// median returns the middle of the values; of an even number the mean of the two
// in the middle.
func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// round writes a time with three digits at most.
func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	default:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	}
}

// size writes bytes with three digits at most.
func size(n int64) string {
	switch mb := float64(n) / 1e6; {
	case mb >= 10:
		return fmt.Sprintf("%.0f MB", mb)
	case mb >= 1:
		return fmt.Sprintf("%.1f MB", mb)
	default:
		return fmt.Sprintf("%.0f kB", mb*1000)
	}
}

// digits is how many of a ratio are shown after the point.
func digits(limit float64) int {
	if limit > 0 && limit < 0.05 {
		return 4
	}
	return 2
}
