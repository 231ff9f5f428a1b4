// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command survey counts in the code what a reader trips over: package formats
// known outside of their directory, switches that a new kind of layer would have
// to be added to, types with too many methods, and ideas that are written twice.
//
//	go run ./hack/survey [-v] [directory of a module]
//
// It prints a line for each count, and the places where the count is over its
// limit; with -v all places. The exit status is 1 when a count is over its limit.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	verbose := flag.Bool("v", false, "print all places")
	flag.Parse()
	dir := "."
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	code, err := load(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "survey:", err)
		os.Exit(2)
	}
	if !report(os.Stdout, survey(code), *verbose) {
		os.Exit(1)
	}
}

// A count is something counted, and how much of it is fine.
type count struct {
	what string
	// n is len(places) unless it says how large something is.
	n, most int
	// places are where, as file:line and words.
	places []string
}

// unlimited is the limit of what is only told.
const unlimited = -1

// listed counts the places.
func listed(what string, most int, places []string) count {
	slices.Sort(places)
	return count{what: what, n: len(places), most: most, places: places}
}

// survey makes all counts.
func survey(c *code) []count {
	counts := []count{formats(c)}
	counts = append(counts, switches(c)...)
	counts = append(counts, methods(c)...)
	counts = append(counts, ideas(c)...)
	return append(counts, sizes(c)...)
}

// report prints the counts and reports whether all are within their limits.
func report(w io.Writer, counts []count, verbose bool) bool {
	over := 0
	for _, c := range counts {
		limit := ""
		if c.most != unlimited {
			limit = fmt.Sprintf("at most %d", c.most)
		}
		bad := c.most != unlimited && c.n > c.most
		if bad {
			over++
			limit += "  OVER"
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%7d  %-55s %s", c.n, c.what, limit), " "))
		if bad || verbose {
			for _, place := range c.places {
				fmt.Fprintf(w, "           %s\n", place)
			}
		}
	}
	if over > 0 {
		fmt.Fprintf(w, "survey: %d of %d counts are over their limits\n", over, len(counts))
		return false
	}
	fmt.Fprintf(w, "survey: all %d counts are within their limits\n", len(counts))
	return true
}
