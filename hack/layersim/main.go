// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command layersim tells how well images share their layers, for each way of
// grouping a closure, and how much of an image is pushed again after a change.
//
// Its closures are those of Debian packages, taken from this machine's package
// lists: what a package depends on is what a store path refers to, and its
// name hashes its version and theirs, so that a change goes up to the roots as
// it does in Nix. Packages that depend on each other count as one path.
//
//	apt-get update && go run ./hack/layersim
package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/strata-build/strata/internal/nix/grouping"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "layersim:", err)
		os.Exit(1)
	}
}

func run() error {
	archive, err := readLists()
	if err != nil {
		return err
	}
	var images []*image
	for _, roots := range imageRoots() {
		img, err := archive.image(roots)
		if err != nil {
			return err
		}
		images = append(images, img)
	}
	describe(images)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(out, "| layers\t| single\t| popularity\t| cohort, roots among them\t| cohort\t|")
	fmt.Fprintln(out, "|---\t|---\t|---\t|---\t|---\t|")
	for _, limit := range []int{10, 20, 40, 60, 100} {
		fmt.Fprintf(out, "| %d\t", limit)
		for _, o := range []grouping.Options{
			{Algorithm: grouping.Single},
			{Algorithm: grouping.Popularity, RootsAnywhere: true},
			{Algorithm: grouping.Cohort, RootsAnywhere: true},
			{Algorithm: grouping.Cohort},
		} {
			o.Max = limit
			r, err := measure(images, o)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "| %s\t", r)
		}
		fmt.Fprintln(out, "|")
	}
	r, err := measure(images, grouping.Options{Algorithm: grouping.PerPath, Max: 1 << 20, RootsAnywhere: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "| one a path\t| \t| \t| \t| %s\t|\n", r)
	return out.Flush()
}

// describe prints what the images have in common.
func describe(images []*image) {
	var sum, unique int64
	seen := map[string]bool{}
	least, most := len(images[0].nodes), 0
	for _, img := range images {
		least, most = min(least, len(img.nodes)), max(most, len(img.nodes))
		for _, n := range img.nodes {
			sum += n.Size
			if !seen[n.Path] {
				seen[n.Path] = true
				unique += n.Size
			}
		}
	}
	fmt.Printf("%d images of %d to %d paths, %d MB together, %d MB of them different (%.1f%%)\n\n",
		len(images), least, most, sum/1e6, unique/1e6, percent(unique, sum))
	fmt.Print("Each cell: bytes in a registry that has all images / pushed again when the application changes /\n" +
		"when any one path changes, in % of the images' bytes.\n\n")
}

func percent(part, whole int64) float64 { return 100 * float64(part) / float64(whole) }
