// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package deb

import (
	"fmt"
	"slices"
	"strings"
)

// A Wave is packages that can be unpacked and configured together, once all
// waves before it are configured. More than one package in it need each other
// in a circle; they stand in the order of their Pre-Depends.
type Wave []string

// Waves orders the packages of a solution for dpkg: whatever a package needs is
// in an earlier wave, or in the same one where packages need each other. What
// the base has already needs no wave. The order is the same for the same
// solution. The circles are found by Tarjan's algorithm for strongly connected
// components.
func Waves(sol *Solution) ([]Wave, error) {
	w := &waver{
		packages: map[string]*Package{}, needs: map[string][]string{}, first: map[string][]string{},
		index: map[string]int{}, low: map[string]int{}, onStack: map[string]bool{},
	}
	for i := range sol.Packages {
		w.packages[sol.Packages[i].Name] = &sol.Packages[i]
	}
	if err := w.link(sol); err != nil {
		return nil, err
	}
	for i := range sol.Packages {
		if name := sol.Packages[i].Name; w.index[name] == 0 {
			w.connect(name)
		}
	}
	return w.waves, nil
}

type waver struct {
	packages map[string]*Package
	needs    map[string][]string // Pre-Depends and Depends, as names of packages
	first    map[string][]string // Pre-Depends alone
	index    map[string]int      // in which a package was met, from 1
	low      map[string]int
	onStack  map[string]bool
	stack    []string
	waves    []Wave
}

// link finds out who needs whom within the solution.
func (w *waver) link(sol *Solution) error {
	provided := map[string][]offer{}
	members := map[string]*member{}
	c := &checker{provided: provided}
	for i := range sol.Packages {
		if arch := sol.Packages[i].Architecture; arch != "all" {
			c.req.Architecture = arch
		}
	}
	for i := range sol.Packages {
		p := &sol.Packages[i]
		m := &member{name: p.Name, version: p.Version, fields: paragraphFields(p.Control)}
		members[p.Name] = m
		if err := c.offer(m); err != nil {
			return fmt.Errorf("order the packages: %w", err)
		}
	}
	for name, m := range members {
		for _, field := range []string{"pre-depends", "depends"} {
			groups, err := ParseRelations(m.fields[field])
			if err != nil {
				return fmt.Errorf("order the packages: %s: %w", name, err)
			}
			for _, r := range slices.Concat(groups...) {
				for _, o := range provided[r.target(c.req.Architecture)] {
					if o.by == m || !o.fits(r) {
						continue
					}
					w.needs[name] = append(w.needs[name], o.by.name)
					if field == "pre-depends" {
						w.first[name] = append(w.first[name], o.by.name)
					}
				}
			}
		}
		slices.Sort(w.needs[name])
		w.needs[name] = slices.Compact(w.needs[name])
	}
	return nil
}

// connect visits a package; its wave is complete when it is the first of its
// circle that was met.
func (w *waver) connect(name string) {
	w.index[name] = len(w.index) + 1
	w.low[name] = w.index[name]
	w.stack = append(w.stack, name)
	w.onStack[name] = true
	for _, other := range w.needs[name] {
		if w.index[other] == 0 {
			w.connect(other)
			w.low[name] = min(w.low[name], w.low[other])
		} else if w.onStack[other] {
			w.low[name] = min(w.low[name], w.index[other])
		}
	}
	if w.low[name] != w.index[name] {
		return
	}
	start := slices.Index(w.stack, name)
	wave := slices.Clone(w.stack[start:])
	w.stack = w.stack[:start]
	for _, member := range wave {
		w.onStack[member] = false
	}
	w.waves = append(w.waves, w.sort(wave))
}

// sort puts a circle into the order of its Pre-Depends, by name where these say
// nothing.
func (w *waver) sort(wave []string) Wave {
	slices.SortFunc(wave, strings.Compare)
	var ordered Wave
	placed := map[string]bool{}
	var place func(name string)
	place = func(name string) {
		if placed[name] {
			return
		}
		placed[name] = true
		for _, other := range w.first[name] {
			if slices.Contains(wave, other) {
				place(other)
			}
		}
		ordered = append(ordered, name)
	}
	for _, name := range wave {
		place(name)
	}
	return ordered
}
