// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command apk-oracle holds Strata's resolver for apk against another one, that
// of github.com/chainguard-dev/go-apk, on seeded sets of packages: from the
// indexes of Alpine that come with that module, and from generated ones.
//
// The two follow apk in different ways, so a difference isn't a fault by itself.
// Both answers are held to the checker. An answer of ours that it refuses is a
// bug, and so is a set of Alpine's packages that we say can't be had and that
// go-apk has a good answer for. In generated indexes that happens: apk doesn't
// try alternatives, and neither do we. The last lines are the verdict.
//
//	cd hack/apk-oracle && go run . --seed 1 --sets 1000
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	goapk "github.com/chainguard-dev/go-apk/pkg/apk"
	"github.com/strata-build/strata/internal/distro/alpine/index"
)

func main() {
	seed := flag.Uint64("seed", 1, "what the sets are drawn by")
	sets := flag.Int("sets", 1000, "sets for each kind of index")
	show := flag.Int("show", 5, "differences of each kind to print")
	flag.Parse()
	if err := run(*seed, *sets, *show); err != nil {
		fmt.Fprintln(os.Stderr, "apk-oracle:", err)
		os.Exit(1)
	}
}

func run(seed uint64, sets, show int) error {
	t := &tally{count: map[verdict]int{}, show: show, strict: true}
	dir, err := findModule()
	if err != nil {
		return err
	}
	real, err := alpineIndexes(dir)
	if err != nil {
		return err
	}
	packages, err := readPackages(dir)
	if err != nil {
		return err
	}
	for _, x := range real {
		r := rand.New(rand.NewPCG(seed, uint64(len(x.text))))
		for range sets / len(real) {
			t.compare(x, pick(r, x.names, 1+r.IntN(4)))
		}
	}
	generated := &tally{count: map[verdict]int{}, show: show}
	for n := range sets {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		x, err := newListing(generate(r), "x86_64")
		if err != nil {
			return err
		}
		generated.compare(x, pick(r, x.names, 1+r.IntN(3)))
	}
	fmt.Println(packages)
	fmt.Println(t.line("Alpine's indexes"))
	fmt.Println(generated.line("generated indexes"))
	if n := t.count[bug] + generated.count[bug]; n > 0 {
		return fmt.Errorf("%d bugs", n)
	}
	return nil
}

// A listing is an index that both resolvers read.
type listing struct {
	text   string
	ours   *index.Index
	theirs []goapk.NamedIndex
	names  []string
	arch   string
}

func newListing(text, arch string) (*listing, error) {
	x := &listing{text: text, arch: arch}
	var err error
	x.ours, err = index.ParseIndex(text, index.Options{Repository: "r", Architecture: arch})
	if err != nil {
		return nil, err
	}
	packages, err := goapk.ParsePackageIndex(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	repo := goapk.NewRepositoryFromComponents("http://example.org", "v1", "main", arch)
	x.theirs = []goapk.NamedIndex{goapk.NewNamedRepositoryWithIndex("", repo.WithIndex(&goapk.APKIndex{Packages: packages}))}
	seen := map[string]bool{}
	for _, p := range packages {
		if !seen[p.Name] {
			seen[p.Name] = true
			x.names = append(x.names, p.Name)
		}
	}
	return x, nil
}

func pick(r *rand.Rand, names []string, n int) []string {
	var out []string
	seen := map[string]bool{}
	for range n {
		if name := names[r.IntN(len(names))]; !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

// other asks go-apk.
func (x *listing) other(names []string) ([]*goapk.RepositoryPackage, error) {
	ctx := context.Background()
	packages, _, err := goapk.NewPkgResolver(ctx, x.theirs).GetPackagesWithDependencies(ctx, names)
	return packages, err
}
