// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/nix/grouping"
)

// A result is what a grouping costs, in percent of the images' bytes.
type result struct {
	registry, app, any float64
}

func (r result) String() string { return fmt.Sprintf("%.1f / %.2f / %.1f", r.registry, r.app, r.any) }

// measure groups all images.
func measure(images []*image, o grouping.Options) (result, error) {
	var r result
	var sum, stored int64
	seen := map[string]bool{}
	for _, img := range images {
		layers, err := grouping.Group(img.nodes, o)
		if err != nil {
			return r, err
		}
		var size int64
		for _, l := range layers {
			size += l.Size
			if key := strings.Join(l.Paths, " "); !seen[key] {
				seen[key] = true
				stored += l.Size
			}
		}
		sum += size
		app, any, err := img.changes(layers, size)
		if err != nil {
			return r, err
		}
		r.app += app / float64(len(images))
		r.any += any / float64(len(images))
	}
	r.registry = percent(stored, sum)
	return r, nil
}

// changes is what is pushed again of an image, in percent, when its application
// changes, and when any one path below it changes, on the average.
func (img *image) changes(layers []grouping.Layer, size int64) (app, any float64, err error) {
	users := map[string][]string{}
	for _, n := range img.nodes {
		for _, ref := range n.References {
			users[ref] = append(users[ref], n.Path)
		}
	}
	below := img.nodes[:len(img.nodes)-1]
	app = pushed(layers, map[string]bool{img.nodes[len(below)].Path: true}, size)
	for _, n := range below {
		changed := map[string]bool{}
		todo := []string{n.Path}
		for len(todo) > 0 {
			p := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !changed[p] {
				changed[p] = true
				todo = append(todo, users[p]...)
			}
		}
		any += pushed(layers, changed, size) / float64(len(below))
	}
	return app, any, nil
}

// pushed is the share of layers that have a changed path in them.
func pushed(layers []grouping.Layer, changed map[string]bool, size int64) float64 {
	var bytes int64
	for _, l := range layers {
		for _, p := range l.Paths {
			if changed[p] {
				bytes += l.Size
				break
			}
		}
	}
	return percent(bytes, size)
}
