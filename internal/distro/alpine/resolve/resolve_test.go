// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
)

// record makes a line of a case into a record: "name version D:… p:… i:… k:… A:…",
// fields apart by semicolons.
func record(t *testing.T, line string) string {
	t.Helper()
	head, rest, _ := strings.Cut(line, " ; ")
	words := strings.Fields(head)
	if len(words) != 2 {
		t.Fatalf("%q has no name and version", line)
	}
	arch := "A:x86_64\n"
	if strings.Contains(rest, "A:") {
		arch = ""
	}
	text := "C:" + control.Q1([]byte(line)) + "\nP:" + words[0] + "\nV:" + words[1] + "\n" + arch + "S:100\nI:4096\nT:\nU:\nL:\n"
	for field := range strings.SplitSeq(rest, " ; ") {
		if field != "" {
			text += field + "\n"
		}
	}
	return text + "\n"
}

// request reads the files of a case: repository, others called repository-TAG or
// repository2, installed, world and want.
func request(t *testing.T, a *txtar.Archive) Request {
	t.Helper()
	req := Request{Architecture: "x86_64"}
	for _, f := range a.Files {
		text := ""
		for line := range strings.Lines(string(f.Data)) {
			if line = strings.TrimSpace(line); line != "" && f.Name != "world" && f.Name != "want" {
				if !strings.Contains(line, "=>") {
					text += record(t, line)
				}
			}
		}
		var err error
		switch {
		case strings.HasPrefix(f.Name, "repository"):
			_, tag, _ := strings.Cut(f.Name, "@")
			var x *index.Index
			x, err = index.ParseIndex(text, index.Options{Repository: f.Name, Tag: tag, Architecture: "x86_64"})
			req.Indexes = append(req.Indexes, x)
		case f.Name == "installed":
			req.Installed, err = index.ReadInstalled(text)
		case f.Name == "world":
			req.World, err = index.ParseWorld(string(f.Data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return req
}

// answer writes a solution, or an error, in a line or a few.
func answer(sol *Solution, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, name := range sol.Order {
		i := slices.IndexFunc(sol.Packages, func(p Package) bool { return p.Name == name })
		s := name + "-" + sol.Packages[i].Version
		if sol.Packages[i].Repository != "repository" {
			s += " from " + sol.Packages[i].Repository
		}
		out = append(out, s)
	}
	for _, u := range sol.Upgrades {
		out = append(out, "("+u.Name+" was "+u.From+")")
	}
	for _, name := range sol.Removed {
		out = append(out, "-"+name)
	}
	for _, tie := range sol.Ties {
		out = append(out, "tie: "+tie.String())
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// TestCases runs the questions of the cases in testdata: "request request => answer".
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("find the cases: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(text)
			req := request(t, a)
			asked := 0
			for _, f := range a.Files {
				if f.Name != "want" {
					continue
				}
				for line := range strings.Lines(string(f.Data)) {
					words, want, ok := strings.Cut(strings.TrimSpace(line), " => ")
					if !ok {
						continue
					}
					asked++
					req.Wanted = nil
					for _, word := range strings.Fields(words) {
						w, err := ParseWanted(word)
						if err != nil {
							t.Fatal(err)
						}
						if word != "nothing" {
							req.Wanted = append(req.Wanted, w)
						}
					}
					if got := answer(Resolve(req)); got != want {
						t.Errorf("%s:\n got %s\nwant %s", words, got, want)
					}
				}
			}
			if asked == 0 {
				t.Error("the case asks nothing")
			}
		})
	}
}

func TestErrorsCanBeToldApart(t *testing.T) {
	x, err := index.ParseIndex(record(t, "a 1-r0 ; D:b")+record(t, "c 1-r0 ; D:!d")+record(t, "d 1-r0")+
		record(t, "v1 1-r0 ; p:v")+record(t, "v2 1-r0 ; p:v"), index.Options{Repository: "r", Architecture: "x86_64"})
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(requests ...string) error {
		req := Request{Architecture: "x86_64", Indexes: []*index.Index{x}}
		for _, text := range requests {
			w, err := ParseWanted(text)
			if err != nil {
				return err
			}
			req.Wanted = append(req.Wanted, w)
		}
		_, err := Resolve(req)
		return err
	}
	var unknown *distro.UnknownPackageError
	var version *NoSuchVersionError
	var virtual *distro.VirtualPackageError
	var missing *distro.UnsatisfiableError
	var conflict *ConflictError
	var tag *UnknownTagError
	for _, c := range []struct {
		err  error
		as   any
		name string
	}{
		{resolve("x"), &unknown, "x"},
		{resolve("d=2-r0"), &version, "d"},
		{resolve("v"), &virtual, "v"},
		{resolve("a"), &missing, "a"},
		{resolve("c", "d"), &conflict, "c and d"},
		{resolve("d@edge"), &tag, "d@edge"},
	} {
		if !errors.As(c.err, c.as) || !strings.Contains(c.err.Error(), c.name) {
			t.Errorf("%v isn't %T", c.err, c.as)
		}
	}
	if err := resolve("a b"); !errors.Is(err, control.ErrRelation) {
		t.Error(err)
	}
}

// Check must not believe what Resolve says.
func TestCheckRefusesWrongAnswers(t *testing.T) {
	x, err := index.ParseIndex(record(t, "a 1-r0 ; D:b")+record(t, "b 1-r0 ; p:v=1")+record(t, "c 1-r0 ; D:!b")+record(t, "e 1-r0 ; p:v=2"),
		index.Options{Repository: "r", Architecture: "x86_64"})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ParseWanted("a")
	req := Request{Architecture: "x86_64", Indexes: []*index.Index{x}, Wanted: []Wanted{a}}
	good, err := Resolve(req)
	if err != nil {
		t.Fatal(err)
	}
	other := func(name string) Package {
		w, _ := ParseWanted(name)
		sol, err := Resolve(Request{Architecture: "x86_64", Indexes: []*index.Index{x}, Wanted: []Wanted{w}})
		if err != nil {
			t.Fatal(err)
		}
		return sol.Packages[len(sol.Packages)-1]
	}
	for what, change := range map[string]func(s *Solution){
		"b is missing":          func(s *Solution) { s.Packages = s.Packages[:1] },
		"a is missing":          func(s *Solution) { s.Packages = s.Packages[1:] },
		"c excludes b":          func(s *Solution) { s.Packages = append(s.Packages, other("c")) },
		"e provides v as b":     func(s *Solution) { s.Packages = append(s.Packages, other("e")) },
		"b is there twice":      func(s *Solution) { s.Packages = append(s.Packages, s.Packages[1]) },
		"another checksum":      func(s *Solution) { s.Packages[0].Checksum = control.Q1(nil) },
		"another size":          func(s *Solution) { s.Packages[0].Size++ },
		"another path":          func(s *Solution) { s.Packages[0].Path = "x86_64/../a-1-r0.apk" },
		"another architecture":  func(s *Solution) { s.Packages[0].Architecture = "aarch64" },
		"another repository":    func(s *Solution) { s.Packages[0].Repository = "x" },
		"a world without a":     func(s *Solution) { s.World = nil },
		"a world with too much": func(s *Solution) { s.World = append(s.World, "zz") },
	} {
		s := *good
		s.Packages = slices.Clone(good.Packages)
		s.World = slices.Clone(good.World)
		change(&s)
		if err := Check(req, &s); err == nil {
			t.Errorf("%s, and Check says nothing", what)
		}
	}
}

// TestUpgrade takes the newest of all that is installed, as "apk upgrade" does, but for
// versions that a lock has or that are asked for.
func TestUpgrade(t *testing.T) {
	const text = "-- repository --\na 2-r0 ; D:new\nnew 1-r0\nb 2-r0\nb 3-r0\nc 1-r0\n-- installed --\na 1-r0\nb 1-r0\nc 2-r0\n"
	for want, change := range map[string]func(r *Request){
		"nothing": func(*Request) {},
		"new-1-r0, a-2-r0, b-3-r0, (a was 1-r0), (b was 1-r0)": func(r *Request) { r.Upgrade = true },
		"new-1-r0, a-2-r0, b-2-r0, (a was 1-r0), (b was 1-r0)": func(r *Request) { r.Upgrade, r.Keep = true, map[string]string{"b": "2-r0"} },
	} {
		req := request(t, txtar.Parse([]byte(text)))
		change(&req)
		if got := answer(Resolve(req)); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// TestAbsent names what is kept out and is nowhere, so that a slip in the name shows.
func TestAbsent(t *testing.T) {
	req := request(t, txtar.Parse([]byte("-- repository --\na 1-r0\nexim 1-r0 ; p:mta\n")))
	for _, word := range []string{"a", "!exmi", "!mta", "!exim"} {
		w, err := ParseWanted(word)
		if err != nil {
			t.Fatal(err)
		}
		req.Wanted = append(req.Wanted, w)
	}
	sol, err := Resolve(req)
	if err != nil {
		t.Fatal(err)
	}
	want := []distro.Warning{{Name: "!exmi", Text: `"!exmi" keeps nothing out: find the package exmi: no repository has it; did you mean exim?`}}
	if diff := cmp.Diff(want, distro.Absent(sol.Absent)); diff != "" {
		t.Errorf("unexpected warnings (-want +got):\n%s", diff)
	}
}

// What is asked for in another order gives the same answer, and so does asking
// twice.
func TestOrderOfRequestsDoesNotMatter(t *testing.T) {
	text, err := os.ReadFile("testdata/cases/order.txtar")
	if err != nil {
		t.Fatal(err)
	}
	req := request(t, txtar.Parse(text))
	var first *Solution
	for _, requests := range []string{"a b c", "c b a", "b a c a"} {
		req.Wanted = nil
		for word := range strings.FieldsSeq(requests) {
			w, _ := ParseWanted(word)
			req.Wanted = append(req.Wanted, w)
		}
		sol, err := Resolve(req)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = sol
		}
		if diff := cmp.Diff(first, sol); diff != "" {
			t.Errorf("%s: %s", requests, diff)
		}
	}
}

func TestNamesArchitectures(t *testing.T) {
	for platform, arch := range map[string]string{
		"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/arm/v7": "armv7", "linux/arm/v6": "armhf", "linux/386": "x86", "linux/mips": "",
	} {
		if got := Architecture(platform); got != arch {
			t.Errorf("%s is %q", platform, got)
		}
	}
}

// Errors show what people wrote, and a file's checksum is none of that.
func TestSaysFileForItsChecksum(t *testing.T) {
	for text, want := range map[string]string{"a><Q1IGw5t46h6u7fWVlrl2qM4Bp1qXk=": "the file of a", "a>=1": "a>=1", "!a": "!a"} {
		r, err := control.ParseRelation(text)
		if got := inWords(r); err != nil || got != want {
			t.Errorf("%q is said as %q, want %q; %v", text, got, want, err)
		}
	}
}
