// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"fmt"
	"slices"
)

// Answer is what a system's resolver found, before it is put into the words of all
// systems.
type Answer struct {
	// Name is the package that a request names, in whatever version; ok is false for
	// a request that keeps one out.
	Name func(request string) (name string, ok bool)
	// Files are the packages of the request that are files.
	Files ReadFiles
	// Ties are the choices that nothing but the order decided.
	Ties []Tie
	// Absent are the names that keep nothing out.
	Absent []*UnknownPackageError
	// Upgraded are the packages of the base that get another version.
	Upgraded []string
	// Closure is all that packages need, themselves included.
	Closure func(names []string) []string
	// Packages and Repositories are those of the solution; the layers of the packages
	// aren't looked at.
	Packages     []Package
	Repositories []Repository
}

// Tie is a choice with what is to be said of it.
type Tie interface {
	fmt.Stringer
	// Needs is the package that needs one of them; empty for the request.
	Needs() string
}

// Ties are ties of one system as those of all.
func Ties[T Tie](all []T) []Tie {
	var out []Tie
	for _, t := range all {
		out = append(out, t)
	}
	return out
}

// Solution puts the answer to a request into the words of all systems.
func (a Answer) Solution(r *Request) *Solution {
	out := &Solution{Repositories: a.Repositories}
	for _, t := range a.Ties {
		out.Warnings = append(out.Warnings, Warning{Name: r.Asked(a.Name, a.Files, t.Needs()), Text: t.String()})
	}
	out.Warnings = append(out.Warnings, Absent(a.Absent)...)
	layers := a.layers(r)
	for _, p := range a.Packages {
		layer, ok := layers[p.Name]
		if !ok {
			// Several layers together bring it in.
			layer = len(r.Layers) - 1
		}
		p.Layer = layer
		if p.Source == p.Name {
			p.Source = ""
		}
		if f := a.Files.Named(p.Name); f != nil {
			p.Repository, p.Path, p.File, p.SHA256 = "", "", f.ID, f.SHA256()
		}
		out.Packages = append(out.Packages, p)
	}
	out.addPresent(a.Files, layers)
	return out
}

// layers are the first layers that need the packages. The one that asks for upgrades
// counts as if it named what was brought up to date.
func (a Answer) layers(r *Request) map[string]int {
	layers := map[string]int{}
	for i, names := range r.Layers {
		var wanted []string
		for _, name := range names {
			if r.IsFile(name) {
				wanted = append(wanted, a.Files.Packages(name)...)
			} else if parsed, ok := a.Name(name); ok {
				wanted = append(wanted, parsed)
			}
		}
		if r.Upgrade != UpgradeNothing && i == r.UpgradeLayer {
			wanted = append(wanted, a.Upgraded...)
		}
		for _, name := range a.Closure(wanted) {
			if _, ok := layers[name]; !ok {
				layers[name] = i
			}
		}
	}
	return layers
}

// Asked is how the request names a package, in whatever version, as the build file has
// it; empty when it doesn't. parse reads a name of the request as that of an [Answer].
func (r *Request) Asked(parse func(request string) (name string, ok bool), files ReadFiles, name string) string {
	for _, names := range r.Layers {
		i := slices.IndexFunc(names, func(text string) bool {
			if r.IsFile(text) {
				return slices.Contains(files.Packages(text), name)
			}
			parsed, ok := parse(text)
			return name != "" && (text == name || ok && parsed == name)
		})
		if i >= 0 {
			return names[i]
		}
	}
	return ""
}
