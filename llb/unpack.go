// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

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
func unpack(ops *op.Maker, s *system, a *plan.Unpack, name string, r spec.Range, skeleton ...bk.State) (unpacked, error) {
	ask := distro.Unpack{Archives: "/d", Outs: []string{"/out"}, Meta: "/meta", Filters: a.Filters, Expected: expected(a.Archives, s.facts.Type)}
	for part := 1; part < a.Count(); part++ {
		ask.Outs = append(ask.Outs, fmt.Sprintf("/out%d", part))
	}
	opts := append(archiveMounts(ops, a.Archives, ask.Archives, s.facts.Type, r), ops.At(r))
	for _, st := range skeleton {
		ask.Skeleton = skeletonDir
		opts = append(opts, bk.AddMount(skeletonDir, st, bk.Readonly))
	}
	run, err := ops.Run(name, s.steps.Unpack(ask), opts...)
	if err != nil {
		return unpacked{}, err
	}
	u := unpacked{meta: op.Restart(run.AddMount(ask.Meta, bk.Scratch()))}
	for _, out := range ask.Outs {
		u.trees = append(u.trees, op.Restart(run.AddMount(out, bk.Scratch())))
	}
	return u, nil
}

// archiveFile is what a fetched archive is called: names and versions are no part
// of what is fetched.
func archiveFile(a plan.Archive) string { return op.AttemptName("archive", a.Attempt) }

// fetchArchive is the state of an archive, as the file [archiveFile].
func fetchArchive(ops *op.Maker, a plan.Archive, r spec.Range) bk.State {
	words := strings.TrimSpace("fetch " + a.Name + " " + a.Version)
	return bk.HTTP(a.URLs[0], bk.Checksum(digest.Digest(a.Digest)), bk.Filename(archiveFile(a)), bk.Chmod(0o644), bk.Chown(0, 0),
		ops.At(r), bk.WithCustomName(words))
}

// archiveMounts mounts archives into a directory, each named by its digest.
func archiveMounts(ops *op.Maker, archives []plan.Archive, dir, ext string, r spec.Range) []bk.RunOption {
	byDigest := slices.Clone(archives)
	slices.SortFunc(byDigest, func(a, b plan.Archive) int { return cmp.Compare(a.Digest, b.Digest) })
	var opts []bk.RunOption
	for _, a := range byDigest {
		opts = append(opts, bk.AddMount(archivePath(a, dir, ext), fetchArchive(ops, a, r), bk.SourcePath("/"+archiveFile(a)), bk.Readonly))
	}
	return opts
}

// expected is what is known of archives, in the order of their digests.
func expected(archives []plan.Archive, ext string) []distro.Expected {
	var out []distro.Expected
	for _, a := range archives {
		out = append(out, distro.Expected{File: archivePath(a, "", ext), Name: a.Name, Version: a.Version, Arch: a.Arch, Size: a.Size})
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
// latter.
func Verdict(o Options, format plan.Format, base bk.State, layers []*plan.Unpack) (bk.State, error) {
	ops := o.ops()
	s, err := findSystem(o.Systems, format)
	if err != nil {
		return bk.State{}, err
	}
	args := s.steps.Check(distro.Check{Base: "/in", Metas: "/m", Out: "/out"})
	if args == nil {
		return bk.State{}, fmt.Errorf("look how packages get into the base: those of %s always can", s.facts.Name)
	}
	var pending []unpacked
	for _, a := range layers {
		u, err := unpack(ops, s, a, "unpack packages "+strconv.Itoa(len(pending)+1), spec.Range{})
		if err != nil {
			return bk.State{}, err
		}
		pending = append(pending, u)
	}
	return ops.Tree("look how packages get into the base", args,
		append(metaMounts(pending, "/m"), bk.AddMount("/in", base, bk.Readonly, bk.ContentCache(bk.MountContentCacheOff)))...)
}
