// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

var (
	seed      = flag.Uint64("seed", 1, "of the sets")
	direct    = flag.Int("direct", 40, "how often apt-get itself is asked, too: once in so many sets")
	sets      = flag.Int("sets", 12, "how many sets")
	recommend = flag.Bool("recommends", false, "take recommended packages, too")
	only      = flag.String("kind", "", "only sets of this kind, such as suite")
	verbose   = flag.Bool("each", false, "print a line for each set")
)

// TestApt resolves each set by apt and by ours. Ours must fail where apt fails,
// and choose what apt chooses; where it does not, it must have said that the
// choice was one between equals, and lead to apt's answer once apt's choice is
// named. apt must take our answer as it is.
func TestApt(t *testing.T) {
	empty := fetch(t)
	ar := readArchive(t, empty)
	bases := ar.bases(t, empty)
	all := ar.generate(*seed, *sets)
	results := make([]result, len(all))
	var wg sync.WaitGroup
	next := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range next {
				results[i] = ar.compare(t, baseOf(bases, &all[i]), &all[i])
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wg.Wait()
	report(t, all, results, askDirectly(t, bases, all))
}

// askDirectly holds the answers of apt's library against those of apt-get.
func askDirectly(t *testing.T, bases []*base, all []set) (asked int) {
	t.Helper()
	for i := 0; i < len(all); i += *direct {
		b := baseOf(bases, &all[i])
		if all[i].direct() {
			continue
		}
		words := all[i].words()
		program, library := b.apt.simulate(t, words...), b.server.ask(t, words...)
		asked++
		if program.failed != library.failed {
			t.Errorf("apt-get and apt's library do not agree on %v: %q, %q", words, program.reason, library.reason)
		} else if diff := difference(library, program); diff != "" {
			t.Errorf("apt-get and apt's library do not agree on %v (ours is the library): %s", words, diff)
		}
	}
	return asked
}

// baseOf gives each kind of set to each base by turns.
func baseOf(bases []*base, s *set) *base { return bases[(s.round+s.number)%len(bases)] }

// A result is how one set came out.
type result struct {
	base     string
	verdict  string // exact, tie or BUG
	failed   bool   // both said no
	accepted bool   // apt took our answer as it is
	detail   string
	packages int
	took     time.Duration // of ours
}

func (ar *archive) compare(t *testing.T, b *base, s *set) result {
	switch s.kind {
	case "without":
		b.leaveOut(t, s)
	case "file":
		s.makeFile(t)
	}
	theirs := b.ask(t, s)
	start := time.Now()
	request := resolve.Request{
		Architecture: b.apt.native, Foreign: b.apt.foreign, Indexes: b.indexes, Installed: b.status, Pins: b.pins, Wanted: s.wanted, Recommends: *recommend,
	}
	if s.file != nil {
		request.Files, request.Wanted = s.file.index, append(request.Wanted, s.file.wanted)
	}
	if s.upgrades() {
		request.Upgrade = distro.UpgradeAll
	}
	solution, err := resolve.Resolve(request)
	r := result{base: b.name, took: time.Since(start), verdict: "BUG", accepted: true}
	if err != nil || theirs.failed {
		r.failed = true
		r.detail = fmt.Sprintf("apt: %q, ours: %v", lastLines(theirs.reason), err)
		if err != nil && theirs.failed {
			r.verdict = "exact"
		}
		return r
	}
	r.packages = len(solution.Packages)
	if err := resolve.Check(request, solution); err != nil {
		r.detail = fmt.Sprint("our own check: ", err)
		return r
	}
	ours := answerOf(solution)
	r.verdict, r.detail = verdict(request, solution, ours, theirs)
	// What upgrade leaves as it is, install of the same by name may not.
	if len(ours.install) > 0 && s.file == nil && !s.upgrades() {
		back := b.server.ask(t, exactWords(ours)...)
		r.accepted = !back.failed && difference(ours, back) == ""
		if !r.accepted {
			r.detail += " NOT ACCEPTED: " + difference(ours, back) + lastLines(back.reason)
		}
	}
	return r
}

// ask puts a set to apt.
func (b *base) ask(t *testing.T, s *set) answer {
	switch {
	case s.upgrades():
		return b.apt.run(t, append([]string{"upgrade", "--with-new-pkgs"}, s.words()...)...)
	case s.direct():
		return b.apt.simulate(t, s.words()...)
	}
	return b.server.ask(t, s.words()...)
}

// leaveOut keeps one of the packages out that would come along.
func (b *base) leaveOut(t *testing.T, s *set) {
	a := b.server.ask(t, s.words()...)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a.install)) {
		named := slices.ContainsFunc(s.wanted, func(w resolve.Wanted) bool { return w.Name == name })
		if !b.have[name] && !named {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		s.wanted = append(slices.Clone(s.wanted), resolve.Wanted{Name: names[s.number%len(names)], Not: true})
	}
}

func answerOf(solution *resolve.Solution) answer {
	a := answer{install: map[string]string{}, remove: map[string]bool{}}
	for _, p := range solution.Packages {
		a.install[p.Name] = p.Version
	}
	for _, name := range solution.Removed {
		a.remove[name] = true
	}
	return a
}

// exactWords asks for everything in its version, and for the removals.
func exactWords(a answer) []string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(a.install)) {
		words = append(words, name+"="+a.install[name])
	}
	for _, name := range slices.Sorted(maps.Keys(a.remove)) {
		words = append(words, name+"-")
	}
	return words
}

// verdict compares two answers. A difference is a tie when ours tells of one,
// and gives apt's answer when apt's choice is asked for by name.
func verdict(request resolve.Request, solution *resolve.Solution, ours, theirs answer) (word, detail string) {
	diff := difference(ours, theirs)
	if diff == "" {
		return "exact", ""
	}
	named := request
	named.Wanted = slices.Clone(request.Wanted)
	for _, tie := range solution.Ties {
		for _, name := range tie.Equal {
			if _, ok := theirs.install[name]; ok && ours.install[name] == "" {
				named.Wanted = append(named.Wanted, resolve.Wanted{Name: name})
			}
		}
	}
	if len(named.Wanted) > len(request.Wanted) {
		if again, err := resolve.Resolve(named); err == nil && difference(answerOf(again), theirs) == "" {
			return "tie", diff
		}
	}
	return "BUG", diff
}

// difference lists what only one of two answers has.
func difference(ours, theirs answer) string {
	var words []string
	for name, v := range ours.install {
		if theirs.install[name] != v {
			words = append(words, "ours:"+name+"="+v)
		}
	}
	for name, v := range theirs.install {
		if ours.install[name] != v {
			words = append(words, "apt:"+name+"="+v)
		}
	}
	for name := range ours.remove {
		if !theirs.remove[name] {
			words = append(words, "ours:-"+name)
		}
	}
	for name := range theirs.remove {
		if !ours.remove[name] {
			words = append(words, "apt:-"+name)
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func lastLines(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " / ")
}

// report prints what was wrong, and the figures as the last line.
func report(t *testing.T, all []set, results []result, asked int) {
	t.Helper()
	count := map[string]int{}
	var slowest, total time.Duration
	for i, r := range results {
		count[r.verdict]++
		if r.failed {
			count["infeasible"]++
		}
		if r.failed && r.verdict != "exact" {
			count["feasibility"]++
		}
		if r.accepted && !r.failed {
			count["accepted"]++
		}
		total, slowest = total+r.took, max(slowest, r.took)
		line := fmt.Sprintf("%s: %s %s %v (%d packages, %v): %s",
			r.verdict, r.base, all[i].kind, all[i].words(), r.packages, r.took.Round(time.Microsecond), r.detail)
		if r.verdict == "BUG" || !r.accepted {
			t.Error(line)
		} else if *verbose || r.verdict != "exact" {
			t.Log(line)
		}
	}
	n := len(results)
	fmt.Fprintf(os.Stderr, "apt-oracle: seed %d, %d sets: %d exact (%.1f %%), %d ties, %d bugs; %d infeasible, %d disagreements on that; "+
		"apt accepts %d of %d answers as they are; resolve %v on average, %v at most; %d asked of apt-get itself, too\n",
		*seed, n, count["exact"], 100*float64(count["exact"])/float64(n), count["tie"], count["BUG"],
		count["infeasible"], count["feasibility"], count["accepted"], n-count["infeasible"],
		(total / time.Duration(n)).Round(time.Microsecond), slowest.Round(time.Microsecond), asked)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
