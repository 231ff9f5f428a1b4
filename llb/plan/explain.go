// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/printable"
)

// Explain writes what the layers of each image are. Of store paths it tells the
// bytes, unpacked, and what is pushed again when one that the others don't need
// changes.
func (p *Plan) Explain(out io.Writer) error {
	w := bufio.NewWriter(out)
	for i, img := range p.Images {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s for %s: %s\n", img.Target, img.Platform, counted(len(img.Made()), "layer"))
		for n, made := range img.Made() {
			explainLayer(w, n+1, made)
		}
		explainStores(w, img.Layers)
	}
	return w.Flush()
}

func explainLayer(w io.Writer, n int, l Made) {
	words := printable.Line(l.Words())
	if l.Name != "" {
		words = printable.Line(l.Name) + ": " + words
	}
	if l.Fold {
		words += " (in the layer before)"
	}
	words += withRecommended(l.Action)
	a, ok := l.Action.(*Store)
	if !ok {
		fmt.Fprintf(w, "%4d             %s\n", n, words)
		return
	}
	fmt.Fprintf(w, "%4d  %9s  %s\n", n, bytesText(a.Size), words)
	items := slices.SortedStableFunc(slices.Values(a.Items), func(x, y StorePath) int { return cmp.Compare(y.NarSize, x.NarSize) })
	for _, item := range items {
		fmt.Fprintf(w, "      %9s    %s\n", bytesText(item.NarSize), printable.Line(path.Join(a.Dir, item.Name)))
	}
}

// withRecommended says whether packages come with what they recommend; nothing of any
// other action.
func withRecommended(a Action) string {
	install, ok := a.(*Install)
	switch {
	case !ok || install.Recommends == nil:
		return ""
	case *install.Recommends:
		return " (with what they recommend)"
	}
	return " (without what they recommend)"
}

// explainStores sums up the derivations: their layers follow each other, and the
// last one has the roots.
func explainStores(w io.Writer, layers []Layer) {
	for start := 0; start < len(layers); {
		end, total := start, int64(0)
		var last *Store
		for end < len(layers) && layers[end].Range == layers[start].Range {
			if a, ok := layers[end].Action.(*Store); ok {
				last = a
				total += a.Size
			}
			end++
		}
		if last != nil && total > 0 {
			var roots []string
			for _, item := range last.Items {
				roots = append(roots, item.Name)
			}
			fmt.Fprintf(w, "a change of %s alone pushes %s of %s again (%.2f%%)\n",
				printable.Line(strings.Join(roots, " or ")), bytesText(last.Size), bytesText(total), 100*float64(last.Size)/float64(total))
		}
		start = end
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// bytesText is a number of bytes with a unit of a power of 1000.
func bytesText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n), 0
	for size >= 1000 && unit < 4 {
		size /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %cB", size, " kMGT"[unit])
}
