// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// unpacked are packages in a layer of their own that aren't installed yet.
type unpacked struct {
	// trees are the parts of the layer.
	trees []bk.State
	// meta is what the installer needs to know of them.
	meta bk.State
}

// system is a package system that has steps.
type system struct {
	facts distro.Facts
	steps distro.Steps
}

// errUnknownFormat says that packages have a format that no system has.
var errUnknownFormat = errors.New("nothing here can install packages of the format")

// findSystem returns the system of a format.
func findSystem(all []distro.System, format plan.Format) (*system, error) {
	if all == nil {
		all = systems.All()
	}
	found := distro.Find(all, string(format))
	steps, ok := found.(distro.Steps)
	if !ok {
		return nil, fmt.Errorf("%w %q", errUnknownFormat, format)
	}
	return &system{facts: found.Facts(), steps: steps}, nil
}

// skeletonDir is where a step finds the directories and links of the image.
const skeletonDir = "/skeleton"

// unpack is one step on the build platform that depends on nothing but the archives,
// and the skeleton of the image where there is one.
func (f fetcher) unpack(ctx context.Context, s *system, a *plan.Unpack, name string, r spec.Range, skeleton ...bk.State) (unpacked, error) {
	ask := distro.Unpack{Archives: "/d", Outs: []string{"/out"}, Meta: "/meta", Filters: a.Filters, Expected: expected(a.Archives, s.facts.Type)}
	for part := 1; part < a.Count(); part++ {
		ask.Outs = append(ask.Outs, fmt.Sprintf("/out%d", part))
	}
	if a.InStep {
		ask.Archives = op.FetchedDir
	}
	mounted, fetched := f.divide(a, s.facts.Type)
	archives, err := f.mounts(ctx, mounted, ask.Archives, s.facts.Type, r)
	if err != nil {
		return unpacked{}, err
	}
	opts := append(archives, f.ops.At(r))
	for _, st := range skeleton {
		ask.Skeleton = skeletonDir
		opts = append(opts, bk.AddMount(skeletonDir, st, bk.Readonly))
	}
	run, err := f.ops.Fetched(name, fetched, s.steps.Unpack(ask), opts...)
	if err != nil {
		return unpacked{}, err
	}
	u := unpacked{meta: op.Restart(run.AddMount(ask.Meta, bk.Scratch()))}
	for _, out := range ask.Outs {
		u.trees = append(u.trees, op.Restart(run.AddMount(out, bk.Scratch())))
	}
	return u, nil
}

// divide returns which packages are mounted, and which the step fetches.
func (f fetcher) divide(a *plan.Unpack, ext string) (mounted []plan.Archive, fetched []call.FetchedFile) {
	for _, p := range a.Archives {
		if !a.InStep || p.Copy != nil || p.Login != nil {
			mounted = append(mounted, p)
			continue
		}
		fetched = append(fetched, call.FetchedFile{Name: archivePath(p, "", ext), Digest: digest.Digest(p.Digest), Size: p.Size, URLs: p.URLs})
	}
	slices.SortFunc(fetched, func(a, b call.FetchedFile) int { return cmp.Compare(a.Name, b.Name) })
	return mounted, fetched
}

// expected is what is known of archives, in the order of their digests.
func expected(archives []plan.Archive, ext string) []distro.Expected {
	var out []distro.Expected
	for _, a := range archives {
		e := distro.Expected{File: archivePath(a, "", ext), Name: a.Name, Version: a.Version, Arch: a.Arch, Size: a.Size}
		if a.Copy != nil {
			_, e.SHA256, _ = strings.Cut(a.Digest, ":") // what is fetched is held to it by BuildKit
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b distro.Expected) int { return cmp.Compare(a.File, b.File) })
	return out
}

// archivePath is where an archive is mounted in a directory.
func archivePath(a plan.Archive, dir, ext string) string {
	_, sum, _ := strings.Cut(a.Digest, ":")
	return path.Join(dir, sum[:min(16, len(sum))]+"."+ext)
}

// metaMounts mounts what is known of unpacked packages into a directory, in their
// order.
func metaMounts(pending []unpacked, dir string) []bk.RunOption {
	var opts []bk.RunOption
	for i, u := range pending {
		opts = append(opts, bk.AddMount(path.Join(dir, fmt.Sprintf("%04d", i)), u.meta, bk.Readonly))
	}
	return opts
}

// Verdict is the state of a [distro.Verdict], in the file [distro.VerdictFile]: how
// packages of a format get into a base, whether they can be registered there, and
// which paths of packages the base leaves out. Without packages it says only the
// latter. Packages may be files of targets of the plan, all but its last one.
func Verdict(ctx context.Context, p *plan.Plan, o Options, format plan.Format, base bk.State, layers []*plan.Unpack) (bk.State, error) {
	ops := o.ops()
	s, err := findSystem(o.Systems, format)
	if err != nil {
		return bk.State{}, err
	}
	args := s.steps.Check(distro.Check{Base: "/in", Metas: "/m", Out: "/out"})
	if args == nil {
		return bk.State{}, fmt.Errorf("look how packages get into the base: those of %s always can", s.facts.Name)
	}
	l := newLowering(p, o)
	if err := l.makeTargets(ctx, layers); err != nil {
		return bk.State{}, err
	}
	var pending []unpacked
	for _, a := range layers {
		u, err := fetcher{ops, l.tree, base}.unpack(ctx, s, a, "unpack packages "+strconv.Itoa(len(pending)+1), spec.Range{})
		if err != nil {
			return bk.State{}, err
		}
		pending = append(pending, u)
	}
	return ops.Tree("look how packages get into the base", args,
		append(metaMounts(pending, "/m"), ops.Base("/in", base))...)
}

// makeTargets makes the images below the plan's last one, if packages are files of
// any, or if any has their login.
func (l *lowering) makeTargets(ctx context.Context, layers []*plan.Unpack) error {
	if !slices.ContainsFunc(layers, func(a *plan.Unpack) bool {
		return slices.ContainsFunc(a.Archives, func(a plan.Archive) bool {
			return a.Copy != nil && a.Copy.From.Kind == plan.Target || a.Login != nil && a.Login.Image != nil && a.Login.Image.Kind == plan.Target
		})
	}) {
		return nil
	}
	for _, planned := range l.plan.Images[:len(l.plan.Images)-1] {
		img, err := l.image(ctx, planned)
		if err != nil {
			return err
		}
		l.images[planned] = img
	}
	return nil
}
