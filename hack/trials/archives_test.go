// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// An input is something made to do harm, and what becomes of it.
type input struct {
	// tries is what it tries, in words.
	tries string
	// refused is in the error; empty if the input is taken.
	refused string
	// taken is what becomes of an input that does no harm.
	taken string
	// run hands it to its reader, in a directory with nothing else. What it makes there
	// or elsewhere is looked at afterwards.
	run func(t *testing.T, b *box) error
}

// A kind of inputs are those of one reader.
type kind struct {
	name   string
	inputs []input
}

// kinds are all of them.
func kinds(s *site) []kind {
	return []kind{
		{"deb", slices.Concat(debMembers(), debControl(), debDatabase(), debFiles(), debStreams())},
		{"apk", slices.Concat(apkSegments(), apkFiles())},
		{"apt repository", slices.Concat(aptReleases(), aptLists(), aptOdd())},
		{"apk repository", apkRepositories()},
		{"binary cache", slices.Concat(narinfos(), nars())},
		{"tar or zip", slices.Concat(archives(), rawArchives())},
		{"image", s.images()},
		{"build file", s.buildFiles()},
		{"git", s.gits()},
		{"patterns", s.ignores()},
		{"credential helper", s.helpers()},
	}
}

// TestArchives hands each input to its reader, in an order that the seed gives. One that
// is refused leaves nothing behind, and none writes outside the directory that it is for.
func TestArchives(t *testing.T) {
	table := line("kind", "what it tries", "what it gets") + "|---|---|---|\n"
	var run []func()
	seen := map[string]bool{}
	for _, k := range kinds(&site{testenv.Strata(t)}) {
		for _, in := range k.inputs {
			name := k.name + "/" + in.tries
			if seen[name] {
				t.Fatalf("%s is there twice", name)
			}
			seen[name] = true
			table += line(k.name, in.tries, in.gets())
			run = append(run, func() { t.Run(name, in.test) })
		}
	}
	if len(run) < 150 {
		t.Errorf("there are %d inputs", len(run))
	}
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(run), func(i, j int) { run[i], run[j] = run[j], run[i] }) //nolint:gosec // the order is to be the same for a seed
	for _, one := range run {
		one()
	}
	if !t.Failed() {
		record(t, "archives", table)
	}
}

// test reads the input.
func (in *input) test(t *testing.T) {
	b := newBox(t)
	err := in.run(t, b)
	switch {
	case in.refused == "" && err != nil:
		t.Errorf("refused: %v", err)
	case in.refused != "" && err == nil:
		t.Errorf("taken, want an error with %q", in.refused)
	case err != nil && !strings.Contains(err.Error(), in.refused):
		t.Errorf("error %v, want one with %q", err, in.refused)
	case err != nil && strings.ContainsFunc(err.Error(), obeyed):
		t.Errorf("the error has characters that a terminal obeys: %q", err)
	}
	b.look(t)
}

// gets says what the input gets.
func (in *input) gets() string {
	if in.refused != "" {
		return "refused: " + in.refused
	}
	return "taken: " + in.taken
}

// obeyed reports whether a terminal obeys a character.
func obeyed(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 }
