// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

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

// unpack lowers an Unpack layer: one step on the build platform that depends on
// nothing but the archives.
func unpack(ops *op.Maker, a *plan.Unpack, name string, r spec.Range, opts ...bk.RunOption) (unpacked, error) {
	switch a.Format {
	case "deb":
		return unpackDebs(ops, a, name, r)
	case "apk":
		return unpackAPKs(ops, a, name, r, opts...)
	default:
		return unpacked{}, fmt.Errorf("unpack %s archives: the format isn't supported", a.Format)
	}
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

// archiveMounts mounts archives into a folder, each named by its digest.
func archiveMounts(ops *op.Maker, archives []plan.Archive, dir, suffix string, r spec.Range) []bk.RunOption {
	byDigest := slices.Clone(archives)
	slices.SortFunc(byDigest, func(a, b plan.Archive) int { return cmp.Compare(a.Digest, b.Digest) })
	var opts []bk.RunOption
	for _, a := range byDigest {
		opts = append(opts, bk.AddMount(archivePath(a, dir, suffix), fetchArchive(ops, a, r), bk.SourcePath("/"+archiveFile(a)), bk.Readonly))
	}
	return opts
}

// archivePath is where an archive is mounted in a folder.
func archivePath(a plan.Archive, dir, suffix string) string {
	_, sum, _ := strings.Cut(a.Digest, ":")
	return path.Join(dir, sum[:min(16, len(sum))]+suffix)
}

// unpackDebs unpacks packages of Debian.
func unpackDebs(ops *op.Maker, a *plan.Unpack, name string, r spec.Range) (unpacked, error) {
	const dir = "/d"
	args := []string{"unpack-deb"}
	for _, f := range a.Filters {
		args = append(args, "--filter", f)
	}
	outs := []string{"/out"}
	for part := 1; part < a.Parts; part++ {
		outs = append(outs, fmt.Sprintf("/out%d", part))
		args = append(args, "--more", outs[part])
	}
	run, err := ops.Run(name, append(args, dir, "/out", "/meta"), append(archiveMounts(ops, a.Archives, dir, ".deb", r), ops.At(r))...)
	if err != nil {
		return unpacked{}, err
	}
	u := unpacked{meta: op.Restart(run.AddMount("/meta", bk.Scratch()))}
	for _, out := range outs {
		u.trees = append(u.trees, op.Restart(run.AddMount(out, bk.Scratch())))
	}
	return u, nil
}

// metaMounts mounts what is known of unpacked packages into a folder, in their
// order.
func metaMounts(pending []unpacked, dir string) []bk.RunOption {
	var opts []bk.RunOption
	for i, u := range pending {
		opts = append(opts, bk.AddMount(path.Join(dir, fmt.Sprintf("%04d", i)), u.meta, bk.Readonly))
	}
	return opts
}

// Verdict is the state of a [distro.Verdict], in the file [distro.VerdictFile]: how packages get into a base, whether they
// can be registered there, and which paths of packages the base leaves out. With
// no packages it only tells the latter.
func Verdict(o Options, base bk.State, layers []*plan.Unpack) (bk.State, error) {
	ops := o.ops()
	var pending []unpacked
	for _, a := range layers {
		if a.Part > 0 {
			continue
		}
		u, err := unpack(ops, a, "unpack packages "+strconv.Itoa(len(pending)+1), spec.Range{})
		if err != nil {
			return bk.State{}, err
		}
		pending = append(pending, u)
	}
	run, err := ops.Run("look how packages get into the base", []string{"check-deb", "/in", "/m", "/out"},
		append(metaMounts(pending, "/m"), bk.AddMount("/in", base, bk.Readonly, bk.ContentCache(bk.MountContentCacheOff)))...)
	if err != nil {
		return bk.State{}, err
	}
	return op.Restart(run.AddMount("/out", bk.Scratch())), nil
}
