// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []time.Duration
		want time.Duration
	}{
		{nil, 0},
		{[]time.Duration{7}, 7},
		{[]time.Duration{9, 1, 5}, 5},
		{[]time.Duration{9, 1, 5, 3}, 4},
	} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestRow(t *testing.T) {
	f := Figures{
		Strata:  []time.Duration{100 * time.Millisecond, 210 * time.Millisecond, 120 * time.Millisecond},
		Against: []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 100 * time.Millisecond},
		Floor:   []time.Duration{1500 * time.Microsecond},
	}
	for _, c := range []struct {
		m    Measure
		f    Figures
		want string
	}{
		{Measure{Name: "a", Against: "b", Ratio: 1.05, Floor: "c"}, f, "| a | 120 ms | b: 100 ms | 1.05 | ≤ 1.05× | yes | c: 1.50 ms |"},
		{Measure{Name: "a", Against: "b", Ratio: 1}, f, "| a | 120 ms | b: 100 ms | 1.05 | ≤ 1.00× | **no** |  |"},
		{Measure{Name: "a", Against: "b", Ratio: 1.1, Time: 110 * time.Millisecond}, f, "| a | 120 ms | b: 100 ms | 1.05 | ≤ 1.10×, ≤ 110 ms | **no** |  |"},
		{Measure{Name: "a", Time: time.Second}, f, "| a | 120 ms |  |  | ≤ 1.00 s | yes |  |"},
		{Measure{Name: "a", Bytes: 3e8}, Figures{Bytes: 4e8}, "| a | 400 MB |  |  | ≤ 300 MB | **no** |  |"},
		{Measure{Name: "a"}, f, "| a | 120 ms |  |  | none |  |  |"},
	} {
		if diff := cmp.Diff(c.want, row(c.m, c.f)); diff != "" {
			t.Errorf("row of %+v (-want +got):\n%s", c.m, diff)
		}
	}
}

func TestRowsAreReplaced(t *testing.T) {
	text := "before\n" + begin + "\n" + end + "\nafter\n"
	var err error
	for _, line := range []string{"| a | 1 |", "| b | 2 |", "| a | 3 |"} {
		if text, err = withRow(text, Measure{Name: line[2:3]}, line); err != nil {
			t.Fatal(err)
		}
	}
	want := "before\n" + begin + "\n\n" + header()[0] + "\n" + header()[1] + "\n| a | 3 |\n| b | 2 |\n\n" + end + "\nafter\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("unexpected document (-want +got):\n%s", diff)
	}
	if _, err := withRow("no marks", Measure{}, ""); !errors.Is(err, errNoTable) {
		t.Errorf("a document without marks gives %v", err)
	}
}
