// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the picture into docs/architecture.md")

const (
	root  = "../.."
	begin = "<!-- rooms: go test ./hack/rooms -update -->\n"
	end   = "<!-- end of rooms -->\n"
)

func TestArchitectureShowsTheRooms(t *testing.T) {
	file := filepath.Join(root, "docs/architecture.md")
	page := read(t, file)
	before, rest, ok := strings.Cut(page, begin)
	_, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no place for the picture: want %q and %q", file, begin, end)
	}
	want := before + begin + picture(roomsOf(imports(t))) + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page != want {
		t.Errorf("the picture in %s is not what go list says; run go test ./hack/rooms -update, and look at it", file)
	}
}

func TestRoomsHaveNoCircle(t *testing.T) {
	if c := roomsOf(imports(t)).circle(); c != nil {
		t.Errorf("these rooms import each other: %s", strings.Join(c, ", "))
	}
}

// CONTRIBUTING.md says in a line which way imports go. Each import of what it names
// must go that way, and each arrow must be there.
func TestArrowOfContributing(t *testing.T) {
	floors := arrow(t, read(t, filepath.Join(root, "CONTRIBUTING.md")))
	floorOf := func(pkg string) int {
		best, at := "", -1
		for i, names := range floors {
			for _, name := range names {
				if (pkg == name || strings.HasPrefix(pkg, name+"/")) && len(name) > len(best) {
					best, at = name, i
				}
			}
		}
		return at
	}
	seen := make([]bool, len(floors))
	for from, tos := range imports(t) {
		for to := range tos {
			a, b := floorOf(from), floorOf(to)
			switch {
			case a < 0 || b < 0:
			case b < a:
				t.Errorf("%s imports %s, which is above it", from, to)
			case b == a+1:
				seen[a] = true
			}
		}
	}
	for i := range len(floors) - 1 {
		if !seen[i] {
			t.Errorf("no package of %v imports one of %v, though CONTRIBUTING.md has an arrow there", floors[i], floors[i+1])
		}
	}
}

func TestReduced(t *testing.T) {
	g := graph{}
	for _, a := range []string{"a b", "b c", "a c", "c d", "a d"} {
		from, to, _ := strings.Cut(a, " ")
		g.add(from, to)
	}
	want := "```mermaid\nflowchart TD\n  a --> b\n  b --> c\n  c --> d\n```\n"
	if got := picture(g); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if c := g.circle(); c != nil {
		t.Errorf("a circle %v where there is none", c)
	}
	g.add("d", "a")
	if c := g.circle(); !slices.Equal(c, []string{"a", "b"}) && len(c) != 2 {
		t.Errorf("the circle is %v", c)
	}
}

// arrow reads the line of CONTRIBUTING.md that begins with "Arrows go down".
func arrow(t *testing.T, page string) [][]string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "**Arrows go down**: ")
	if !ok {
		t.Fatal("CONTRIBUTING.md does not say which way arrows go")
	}
	chain, _, _ := strings.Cut(rest, ". ")
	var floors [][]string
	for floor := range strings.SplitSeq(strings.ReplaceAll(chain, "\n", " "), "→") {
		var names []string
		for name := range strings.SplitSeq(floor, ",") {
			names = append(names, strings.Trim(strings.TrimSpace(name), "`"))
		}
		floors = append(floors, names)
	}
	return floors
}

func imports(t *testing.T) graph {
	t.Helper()
	g, err := goList(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(g) < 10 {
		t.Fatalf("go list shows only %d packages", len(g))
	}
	return g
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
