// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/strata-build/strata/internal/printable"
)

// widest is how long what made a layer may be.
const widest = 44

// Print writes the report for a person to read. What is not known is a dash.
func (r *Report) Print(w io.Writer) error {
	for _, img := range r.Images {
		if err := img.print(w); err != nil {
			return err
		}
	}
	return nil
}

func (img *Image) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s %s", img.Target, img.Platform)
	if img.Manifest != nil {
		fmt.Fprintf(w, " %s", img.Manifest.Digest)
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "LAYER\tSTRATEGY\tMADE BY\tCACHED\tTIME\tFILES\tSIZE\tUNPACKED\tDIGEST\tDIFF ID")
	for i, l := range img.Layers {
		fmt.Fprintf(tw, "%d\t%s\n", i+1, strings.Join(l.row(), "\t"))
	}
	return tw.Flush()
}

func (l *Layer) row() []string {
	made := l.Made
	if l.Name != "" {
		made = l.Name + ": " + made
	}
	cached, took := "-", "-"
	if l.Cached != nil {
		cached = map[bool]string{true: "yes", false: "no"}[*l.Cached]
	}
	if l.Seconds != nil {
		took = fmt.Sprintf("%.1fs", *l.Seconds)
	}
	files := "-"
	if l.Files != nil {
		files = strconv.Itoa(*l.Files)
	}
	return []string{
		l.Strategy, shorten(made), cached, took, files,
		bytes(l.Size), bytes(l.Unpacked), shortDigest(l.Digest), shortDigest(l.DiffID),
	}
}

func bytes(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}

// shortDigest is enough of a digest to find it again.
func shortDigest(d string) string {
	if d == "" {
		return "-"
	}
	algorithm, hex, _ := strings.Cut(d, ":")
	return algorithm + ":" + hex[:min(len(hex), 12)]
}

// shorten keeps the words of a base's history on one line.
func shorten(s string) string {
	s = printable.Words(s)
	switch runes := []rune(s); {
	case s == "":
		return "-"
	case len(runes) > widest:
		return string(runes[:widest-1]) + "…"
	}
	return s
}
