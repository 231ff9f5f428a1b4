// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	goapk "github.com/chainguard-dev/go-apk/pkg/apk"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/distro/alpine/resolve"
)

// A verdict says how two answers differ.
type verdict string

const (
	exact     verdict = "the same packages"
	neither   verdict = "neither has an answer"
	tie       verdict = "a tie that we report"
	installIf verdict = "differ in what comes by install_if alone"
	choice    verdict = "both good, another provider or version"
	wrong     verdict = "go-apk's answer breaks a rule, ours is good"
	bothNone  verdict = "go-apk's answer breaks a rule, we have none"
	missing   verdict = "go-apk has no answer, ours is good"
	unnamed   verdict = "apk wants a provider to be named, and so do we"
	gaveUp    verdict = "apk's rules find no way, though there is one"
	bug       verdict = "bug"
)

func verdicts() []verdict {
	return []verdict{exact, neither, tie, installIf, choice, wrong, bothNone, missing, unnamed, gaveUp, bug}
}

type tally struct {
	count map[verdict]int
	show  int
	// strict takes it for a bug if apk's rules find no way: archives don't publish
	// packages that apk can't install.
	strict bool
}

func (t *tally) line(what string) string {
	total := 0
	var parts []string
	for _, v := range verdicts() {
		total += t.count[v]
		if t.count[v] > 0 || v == bug {
			parts = append(parts, fmt.Sprintf("%d %s", t.count[v], v))
		}
	}
	return fmt.Sprintf("%s, %d sets: %s", what, total, strings.Join(parts, "; "))
}

func (t *tally) compare(x *listing, names []string) {
	req := resolve.Request{Architecture: x.arch, Indexes: []*index.Index{x.ours}}
	for _, name := range names {
		w, err := resolve.ParseWanted(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Wanted = append(req.Wanted, w)
	}
	ours, err := resolve.Resolve(req)
	packages, otherErr := x.other(names)
	theirs := x.solution(packages, names)
	v, why := judge(req, ours, err, theirs, otherErr)
	if v == gaveUp && t.strict {
		v = bug
	}
	t.count[v]++
	if v != exact && v != neither && v != unnamed && t.count[v] <= t.show {
		fmt.Printf("%s: %v: %s\n", v, names, why)
	}
}

// judge says what a difference is.
func judge(req resolve.Request, ours *resolve.Solution, err error, theirs *resolve.Solution, otherErr error) (verdict, string) {
	if err != nil && strings.Contains(err.Error(), "check the resolved packages") {
		return bug, err.Error()
	}
	if otherErr != nil {
		if err != nil {
			return neither, ""
		}
		return missing, oneLine(otherErr)
	}
	broken := resolve.Check(req, theirs)
	var virtual *distro.VirtualPackageError
	switch {
	case errors.As(err, &virtual):
		return unnamed, err.Error()
	case err != nil && broken == nil:
		return gaveUp, err.Error()
	case err != nil:
		return bothNone, oneLine(broken) + "; we: " + err.Error()
	}
	less, more := minus(theirs, ours), minus(ours, theirs)
	why := fmt.Sprintf("only we have %v, only go-apk has %v", more, less)
	switch {
	case len(less) == 0 && len(more) == 0:
		return exact, ""
	case broken != nil:
		return wrong, oneLine(broken)
	case len(ours.Ties) > 0:
		return tie, ours.Ties[0].String()
	case byInstallIf(ours, more) && byInstallIf(theirs, less):
		return installIf, why
	}
	return choice, why
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// solution is go-apk's answer in our form.
func (x *listing) solution(packages []*goapk.RepositoryPackage, names []string) *resolve.Solution {
	sol := &resolve.Solution{World: names}
	for _, p := range packages {
		sol.Packages = append(sol.Packages, resolve.Package{
			Name: p.Name, Version: p.Version, Architecture: p.Arch, Size: int64(p.Size), Repository: "r",
			Path:     x.arch + "/" + p.Name + "-" + p.Version + ".apk",
			Checksum: "Q1" + base64.StdEncoding.EncodeToString(p.Checksum),
			Record:   "i:" + strings.Join(p.InstallIf, " "),
		})
	}
	slices.SortFunc(sol.Packages, func(a, b resolve.Package) int { return strings.Compare(a.Name, b.Name) })
	return sol
}

func minus(a, b *resolve.Solution) []string {
	var out []string
	for _, p := range a.Packages {
		if !slices.ContainsFunc(b.Packages, func(q resolve.Package) bool { return q.Name == p.Name && q.Version == p.Version }) {
			out = append(out, p.Name+"-"+p.Version)
		}
	}
	return out
}

// byInstallIf reports whether all those packages, or what they need, came by
// install_if.
func byInstallIf(sol *resolve.Solution, names []string) bool {
	return slices.ContainsFunc(sol.Packages, func(p resolve.Package) bool {
		return slices.Contains(names, p.Name+"-"+p.Version) && strings.Contains(p.Record, "i:") && !strings.HasSuffix(p.Record, "i:")
	}) || len(names) == 0
}
