// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

var (
	pairs  = flag.Int("pairs", 100_000, "how many pairs of versions to compare")
	byDpkg = flag.Int("by-dpkg", 500, "ask dpkg itself, too, once in that many pairs")
)

// comparer is a program that reads two versions a line and prints their order.
const comparer = `
import sys, apt_pkg
apt_pkg.init_system()
for line in sys.stdin:
    n = apt_pkg.version_compare(*line.split())
    print((n > 0) - (n < 0))
`

// TestVersions compares pairs of versions, those of the archive and changed
// ones, with apt's own order, by its library, and some of them with dpkg's. The
// program can be another one that speaks the same, such as one around dpkg's
// library.
func TestVersions(t *testing.T) {
	list := archiveVersions(t, fetch(t))
	r := rand.New(rand.NewPCG(*seed, 1))
	pick := func() string {
		v := []byte(list[r.IntN(len(list))])
		if r.IntN(2) == 0 {
			const changes = "0019.+~aZ"
			i := len(epoch(string(v))) + 1
			i += r.IntN(len(v) - i + 1)
			v = slices.Insert(v, i, changes[r.IntN(len(changes))])
		}
		return string(v)
	}
	var questions bytes.Buffer
	var ours []int
	for range *pairs {
		a := pick()
		b := pick()
		if r.IntN(2) == 0 { // near ones are the hard ones
			start, rest := len(epoch(a))+1, b[len(epoch(b)):]
			b = a[:start+r.IntN(len(a)-start+1)] + rest[r.IntN(len(rest)):]
		}
		fmt.Fprintf(&questions, "%s %s\n", a, b)
		ours = append(ours, max(-1, min(1, control.CompareVersions(a, b))))
	}
	lines := strings.Split(questions.String(), "\n")
	cmd := exec.Command("/usr/bin/python3", "-c", comparer)
	if *program != "" {
		cmd = exec.Command(*program)
	}
	cmd.Stdin = &questions
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("compare versions:", err)
	}
	answers, compared, asked := strings.Fields(string(out)), 0, 0
	if len(answers) != len(ours) {
		t.Fatalf("%d answers to %d questions", len(answers), len(ours))
	}
	for i, answer := range answers {
		if answer == "E" { // dpkg's library refuses what is not a version
			continue
		}
		compared++
		if answer != fmt.Sprint(ours[i]) {
			t.Fatalf("%s: ours is %d, theirs %s", lines[i], ours[i], answer)
		}
		if i%*byDpkg == 0 {
			asked++
			askDpkg(t, lines[i], ours[i])
		}
	}
	t.Logf("versions: %d pairs of %d versions compared as apt's library does, %d of them by dpkg itself, 0 differences", compared, len(list), asked)
}

// askDpkg compares a pair by dpkg, which starts a process for each.
func askDpkg(t *testing.T, pair string, want int) {
	t.Helper()
	a, b, _ := strings.Cut(pair, " ")
	relation := map[int]string{-1: "lt", 0: "eq", 1: "gt"}[want]
	if out, err := exec.Command("dpkg", "--compare-versions", a, relation, b).CombinedOutput(); err != nil {
		t.Fatalf("%s: ours is %s, dpkg disagrees: %v %s", pair, relation, err, out)
	}
}

// epoch returns the part of a version up to its colon.
func epoch(v string) string { return v[:strings.IndexByte(v, ':')+1] }

var program = flag.String("comparer", "", "a program to compare versions with, instead of apt's library")

// archiveVersions returns the versions of the archive, sorted as text.
func archiveVersions(t *testing.T, a *apt) []string {
	t.Helper()
	seen := map[string]bool{}
	for _, index := range a.indexes(t) {
		for line := range strings.SplitSeq(index.Text(), "\n") {
			if v, ok := strings.CutPrefix(line, "Version: "); ok {
				seen[v] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
