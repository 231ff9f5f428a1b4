// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

const module = "github.com/strata-build/strata/"

// A graph says which names each name points at.
type graph map[string]map[string]bool

func (g graph) add(from, to string) {
	if g[from] == nil {
		g[from] = map[string]bool{}
	}
	if to != "" {
		g[from][to] = true
	}
}

// goList returns which packages of the module import which others, their paths
// relative to the module. Tests and what only tests use are not among them.
func goList(dir string) (graph, error) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	g := graph{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		from, ours := strings.CutPrefix(words[0], module)
		if !ours || onlyForTests(from) {
			continue
		}
		g.add(from, "")
		for _, w := range words[1:] {
			if to, ours := strings.CutPrefix(w, module); ours {
				g.add(from, to)
			}
		}
	}
	return g, lines.Err()
}

// onlyForTests reports whether a package is not part of a program that ships.
func onlyForTests(pkg string) bool {
	return strings.HasPrefix(pkg, "hack/") || strings.HasPrefix(pkg, "internal/testenv") || strings.HasPrefix(pkg, "internal/e2e")
}

// whole are directories whose packages are one room, whatever is below them.
func whole() []string {
	return []string{
		"cmd/strata/internal", "cmd/internal", "internal/distro/systems", "internal/distro/verbs", "internal/distro/debian", "internal/distro/alpine", "internal/distro/redhat",
		"internal/distro", "internal/nix", "internal/image", "internal/compress", "internal/helper", "internal/engine",
	}
}

// roomOf returns the room that a package is in.
func roomOf(pkg string) string {
	for _, dir := range whole() {
		if pkg == dir || strings.HasPrefix(pkg, dir+"/") {
			return dir
		}
	}
	return pkg
}

// roomsOf returns the arrows between rooms.
func roomsOf(imports graph) graph {
	rooms := graph{}
	for from, tos := range imports {
		rooms.add(roomOf(from), "")
		for to := range tos {
			if roomOf(to) != roomOf(from) {
				rooms.add(roomOf(from), roomOf(to))
			}
		}
	}
	return rooms
}

// reduced returns the graph without the arrows that others imply (its transitive
// reduction, as of Aho, Garey and Ullman, 1972). The graph must have no circle.
func (g graph) reduced() graph {
	out := graph{}
	for from, tos := range g {
		out.add(from, "")
		for to := range tos {
			if !g.reachesOtherwise(from, to) {
				out.add(from, to)
			}
		}
	}
	return out
}

// reachesOtherwise reports whether a path of more than one arrow leads from one
// name to another.
func (g graph) reachesOtherwise(from, to string) bool {
	for next := range g[from] {
		if next != to && g.reaches(next, to, map[string]bool{}) {
			return true
		}
	}
	return false
}

func (g graph) reaches(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for next := range g[from] {
		if g.reaches(next, to, seen) {
			return true
		}
	}
	return false
}

// circle returns the names of a circle of arrows, or nil when there is none.
func (g graph) circle() []string {
	for _, from := range slices.Sorted(maps.Keys(g)) {
		for next := range g[from] {
			if g.reaches(next, from, map[string]bool{}) {
				return []string{from, next}
			}
		}
	}
	return nil
}

// picture returns the graph as a Mermaid flowchart.
func picture(rooms graph) string {
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart TD\n")
	reduced := rooms.reduced()
	labelled := map[string]bool{}
	node := func(room string) string {
		id := strings.NewReplacer("/", "_", "-", "_").Replace(room)
		if id == room || labelled[room] {
			return id
		}
		labelled[room] = true
		return id + "[" + room + "]"
	}
	for _, from := range slices.Sorted(maps.Keys(reduced)) {
		for _, to := range slices.Sorted(maps.Keys(reduced[from])) {
			fmt.Fprintf(&b, "  %s --> %s\n", node(from), node(to))
		}
	}
	b.WriteString("```\n")
	return b.String()
}
