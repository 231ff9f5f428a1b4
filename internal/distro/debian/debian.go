// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package debian is the package system of Debian and Ubuntu: which bases have it,
// where their packages come from, and which packages an image needs.
package debian

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/distro"
	debfile "github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
	"github.com/strata-build/strata/internal/tree"
)

// System is the package system of Debian and Ubuntu.
type System struct{}

var (
	_ distro.System   = System{}
	_ distro.Archives = System{}
)

// Facts returns what is always so for packages of Debian.
func (System) Facts() distro.Facts {
	return distro.Facts{
		Type: "deb", Name: "dpkg", Divides: true, Checks: true, Holds: true, Conffiles: true, Recommends: true, RecordsNames: true,
		Licenses: func(name string) string { return "/usr/share/doc/" + name + "/copyright" },
		Encode:   encodePath, RootLinks: debfile.RootLinks(),
		Patterns: []string{"etc/apt", "usr/share/keyrings", "var/lib/dpkg/status", "var/lib/dpkg/arch", "var/lib/dpkg/status.d", "var/lib/apt/extended_states"},
		Judged:   []string{"var/lib/dpkg/status", "var/lib/dpkg/diversions", "var/lib/dpkg/statoverride", "etc/dpkg", "etc/passwd", "etc/group"},
	}
}

// Detect reports whether a base has dpkg's database.
func (System) Detect(ctx context.Context, base tree.Tree) (bool, error) {
	return distro.HasFile(ctx, base, "/var/lib/dpkg/status")
}

// CheckName says what is wrong with how a package is asked for.
func (System) CheckName(name string) error {
	_, err := resolve.ParseWanted(name)
	return err
}

// Resolve finds packages by apt's rules.
func (System) Resolve(ctx context.Context, r distro.Request) (*distro.Solution, error) {
	p, err := platforms.Parse(r.Platform)
	if err != nil {
		return nil, err
	}
	b, err := readBase(ctx, &r, architecture(p))
	if err != nil {
		return nil, err
	}
	load := &loader{fetch: r.Fetch, arch: architecture(p), foreign: b.foreign, now: r.Now, known: r.Known, keys: &keyrings{base: b, context: r.Context}}
	files, err := readPackageFiles(&r, load.arch)
	if err != nil {
		return nil, err
	}
	archives, err := archivesFor(ctx, &r, b, append([]string{load.arch}, load.foreign...))
	if err != nil {
		return nil, err
	}
	indexes, err := load.all(ctx, archives)
	if err != nil {
		return nil, err
	}
	request := resolve.Request{
		Architecture: load.arch, Foreign: load.foreign, Indexes: indexes, Files: files.index, Installed: b.status, Upgrade: r.Upgrade, Recommends: r.Recommends,
		AllowHeld: r.AllowHeld, Pins: append(pins(r.Keep, b.foreign), b.pins...),
	}
	if request.Wanted, err = wantedOf(&r, files); err != nil {
		return nil, err
	}
	solution, err := resolve.Resolve(request)
	if err == nil {
		err = resolve.Check(request, solution)
	}
	if err != nil {
		name := distro.Requested(err)
		return nil, &distro.Error{Name: cmp.Or(r.Asked(fullNameOf, files.ReadFiles, name), r.Asked(nameOf, files.ReadFiles, name)), Err: err}
	}
	if len(solution.Removed) > 0 {
		return nil, &distro.Error{Err: fmt.Errorf(
			"resolve the packages: they go only without %s of the base; take those out in a build layer before this one, or ask for other packages",
			strings.Join(solution.Removed, ", "))}
	}
	out := answer(&r, files, solution, archives)
	out.Warnings = append(out.Warnings, b.ignoredPins()...)
	if request.LacksSecurity() {
		out.Warnings = append(out.Warnings, distro.Warning{Text: "none of the archives is one of security updates, so that `upgrade: security` brings nothing up to date; " +
			"add it, such as the suite bookworm-security of Debian, or write true"})
	}
	out.Manual = b.manual(&r, files, solution)
	return out, nil
}

// wantedOf are the packages that a request names, files among them.
func wantedOf(r *distro.Request, files *packageFiles) ([]resolve.Wanted, error) {
	wanted := files.wanted()
	for _, name := range slices.Concat(r.Layers...) {
		if r.IsFile(name) {
			continue
		}
		w, err := resolve.ParseWanted(name)
		if err != nil {
			return nil, &distro.Error{Name: name, Err: err}
		}
		wanted = append(wanted, w)
	}
	return wanted, nil
}

// architecture is Debian's name of a platform's architecture.
func architecture(p ocispecs.Platform) string {
	switch p.Architecture + p.Variant {
	case "386":
		return "i386"
	case "armv6", "armv5":
		return "armel"
	case "arm", "armv7":
		return "armhf"
	case "ppc64le":
		return "ppc64el"
	case "mips64le":
		return "mips64el"
	}
	return p.Architecture
}

// keptPriority is the pin of a version that the lock has: newer ones don't count,
// but what is installed isn't taken back for it.
const keptPriority = 990

// pins are those of the versions that the lock has.
func pins(keep []distro.Kept, foreign []string) []index.Pin {
	var pins []index.Pin
	for _, p := range keep {
		pins = append(pins, index.Pin{
			Packages: []string{foreignName(p.Name, p.Arch, foreign)}, Kind: "version", Match: []index.PinMatch{{Value: p.Version}}, Priority: keptPriority,
		})
	}
	return pins
}

// foreignName is what the resolver calls a package of an architecture.
func foreignName(name, arch string, foreign []string) string {
	if slices.Contains(foreign, arch) {
		return index.Qualified(name, arch)
	}
	return name
}

// manual are the requested names of packages that the base has as the need of others.
func (b *base) manual(r *distro.Request, files *packageFiles, s *resolve.Solution) []string {
	var out []string
	for _, name := range slices.Concat(r.Layers...) {
		if r.IsFile(name) {
			if slices.ContainsFunc(files.Packages(name), func(of string) bool { return b.automatic[of] }) {
				out = append(out, name)
			}
			continue
		}
		if w, err := resolve.ParseWanted(name); err == nil && b.automatic[s.For[w.FullName()]] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// answer puts a solution into the words of all systems.
func answer(r *distro.Request, files *packageFiles, s *resolve.Solution, archives []*archive) *distro.Solution {
	found := distro.Answer{Name: chosen(s), Files: files.ReadFiles, Ties: distro.Ties(s.Ties), Absent: s.Absent, Closure: s.Closure}
	for _, u := range s.Upgrades {
		found.Upgraded = append(found.Upgraded, u.Name)
	}
	for _, p := range s.Packages {
		found.Packages = append(found.Packages, distro.Package{
			Name: p.Name, Version: p.Version, Arch: p.Architecture, Source: p.Source, Repository: p.Repository,
			Path: strings.TrimLeft(p.Filename, "/"), Size: p.Size, SHA256: p.SHA256, // below the archive, however it begins
		})
	}
	for _, a := range archives {
		found.Repositories = append(found.Repositories, a.repository())
	}
	out := found.Solution(r)
	for i := range out.Packages {
		out.Packages[i].Name, _ = index.Unqualified(out.Packages[i].Name)
	}
	for _, back := range s.KeptBack {
		out.Warnings = append(out.Warnings, distro.Warning{Text: back.String()})
	}
	for _, a := range archives {
		out.Warnings = append(out.Warnings, a.warnings()...)
	}
	return out
}

// chosen tells which package of a solution a request names. A virtual name is its own.
func chosen(s *resolve.Solution) func(text string) (string, bool) {
	return func(text string) (string, bool) {
		w, err := resolve.ParseWanted(text)
		if found := s.For[w.FullName()]; strings.HasPrefix(found, w.Name+":") {
			return found, err == nil && !w.Not
		}
		return w.Name, err == nil && !w.Not
	}
}

// nameOf is the package that a request names; false for one that is kept out.
func nameOf(text string) (string, bool) {
	w, err := resolve.ParseWanted(text)
	return w.Name, err == nil && !w.Not
}

// fullNameOf is it with the architecture that the request says.
func fullNameOf(text string) (string, bool) {
	w, err := resolve.ParseWanted(text)
	return w.FullName(), err == nil && !w.Not
}
