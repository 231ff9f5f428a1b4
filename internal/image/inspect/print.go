// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
)

// listed is how many packages or store paths are named before the rest is only
// counted.
const listed = 8

// widest is how long what made a layer may be.
const widest = 60

// Print writes the report for a person to read.
func (r *Report) Print(w io.Writer, digests bool) error {
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	for _, row := range r.head() {
		fmt.Fprintf(tw, "%s\t%s\n", row[0], printable.Words(row[1]))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	tw = tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "LAYER\tSTRATEGY\tMADE BY\tFILES\tSIZE\tUNPACKED\tWASTED\tDIGEST")
	for i, l := range r.Layers {
		fmt.Fprintf(tw, "%d\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", i+1, dash(printable.Line(l.Strategy)), dash(shorten(printable.Words(l.Made))),
			l.Files, human(l.Size), human(l.Unpacked), human(l.Wasted), l.Digest)
	}
	fmt.Fprintf(tw, "\t\tall of them\t%d\t%s\t%s\t%s\t\n", r.Files, human(r.Size), human(r.Unpacked), human(r.Wasted))
	if err := tw.Flush(); err != nil {
		return err
	}
	printReferrers(w, r.Referrers)
	for i, l := range r.Layers {
		printContents(w, i+1, "package", l.Packages)
		printContents(w, i+1, "store path", l.StorePaths)
	}
	if digests {
		return r.printDigests(w)
	}
	return nil
}

// head is what there is to say about the whole image.
func (r *Report) head() [][2]string {
	c := r.Config.Config
	rows := [][2]string{
		{"Name", r.Name},
		{"Digest", r.Digest.String()},
		{"Type", r.MediaType},
		{"Platforms", strings.Join(r.Platforms, ", ")},
		{"Platform", r.Platform},
		{"Manifest", r.Manifest.String()},
		{"Config", r.ConfigDigest.String()},
		{"Created", when(r.Config.Created.Time)},
		{"Author", r.Config.Author},
		{"Entrypoint", words(c.Entrypoint)},
		{"Command", words(c.Cmd)},
		{"User", c.User},
		{"Directory", c.WorkingDir},
		{"Stop signal", c.StopSignal},
		{"Ports", strings.Join(slices.Sorted(maps.Keys(c.ExposedPorts)), ", ")},
		{"Volumes", strings.Join(slices.Sorted(maps.Keys(c.Volumes)), ", ")},
		{"Attestations", strings.Join(r.Attestations, ", ")},
	}
	if h := c.Healthcheck; h != nil {
		rows = append(rows, [2]string{"Health check", words(h.Test)})
	}
	for i, e := range c.Env {
		rows = append(rows, [2]string{first(i, "Environment"), e})
	}
	for i, key := range slices.Sorted(maps.Keys(c.Labels)) {
		rows = append(rows, [2]string{first(i, "Labels"), key + "=" + c.Labels[key]})
	}
	return slices.DeleteFunc(rows, func(row [2]string) bool { return row[1] == "" })
}

func (r *Report) printDigests(w io.Writer) error {
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "LAYER\t\tDIGEST")
	for i, l := range r.Layers {
		fmt.Fprintf(tw, "%d\tstored\t%s\n\t\tblake3:%s\n\ttar\t%s\n\t\tblake3:%s\n", i+1, l.Digest, l.BLAKE3, l.DiffID, l.DiffBLAKE3)
	}
	return tw.Flush()
}

// printReferrers lists what is about the image.
func printReferrers(w io.Writer, all []Referrer) {
	for i, r := range all {
		if i == 0 {
			fmt.Fprintln(w)
		}
		under := ""
		if r.Tag != "" {
			under = ", tag " + r.Tag
		}
		fmt.Fprintf(w, "%s %s about %s%s\n", printable.Words(r.Type), r.Digest, r.Subject, under)
	}
}

// printContents names what a layer holds; what is the word for one of it.
func printContents(w io.Writer, layer int, what string, names []string) {
	if len(names) == 0 {
		return
	}
	shown := make([]string, 0, listed)
	for _, name := range names[:min(len(names), listed)] {
		shown = append(shown, printable.Words(name))
	}
	more := ""
	if n := len(names) - listed; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	fmt.Fprintf(w, "\nLayer %d holds %s: %s%s\n", layer, spell.Count(len(names), what), strings.Join(shown, ", "), more)
}

func shorten(s string) string {
	if runes := []rune(s); len(runes) > widest {
		return string(runes[:widest-1]) + "…"
	}
	return s
}

// when is a time, or empty for none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func first(i int, name string) string {
	if i == 0 {
		return name
	}
	return " "
}

// words are the words of a command, those with spaces in quotes.
func words(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, w := range list {
		if w == "" || strings.ContainsAny(w, " \t\n\"'") {
			w = fmt.Sprintf("%q", w)
		}
		quoted = append(quoted, w)
	}
	return strings.Join(quoted, " ")
}

func human(n int64) string { return units.HumanSize(float64(n)) }
