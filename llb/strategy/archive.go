// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// debArchive is one suite of a Debian archive.
type debArchive struct {
	id         string
	uris       []string
	suite      string
	components []string
	// keyrings reads the keys that may have signed it.
	keyrings func(ctx context.Context) ([][]byte, error)
	// signers are fingerprints; when there are any, no other keys count.
	signers []string
	// everValid says that the archive's time limit doesn't count.
	everValid bool
	// trusted says that the base's configuration asks for no signature.
	trusted bool
	// given says that the build file gives the address.
	given   bool
	release *index.Release
}

// debArch is Debian's name of a platform's architecture.
func debArch(p ocispecs.Platform) string {
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

// debArchives are those that the build file gives, or those that the base is
// configured for.
func (t *Target) debArchives(ctx context.Context, set *packageSet, base *debBase, arch string) ([]*debArchive, error) {
	given, err := t.givenArchives(set, base)
	if err != nil || len(given) > 0 {
		return given, err
	}
	found, err := base.archives(ctx, arch)
	if err != nil {
		return nil, t.packagesFault(set, err)
	}
	if len(found) == 0 {
		return nil, t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start,
			"the base is configured for no package archive; say with `repositories` where packages come from")
	}
	return named(found), nil
}

// named gives archives their ids: the suite, with a number where that would be
// the same twice.
func named(archives []*debArchive) []*debArchive {
	count := map[string]int{}
	for _, a := range archives {
		id := strings.Trim(a.suite, "./")
		if id == "" {
			id = "flat"
		}
		count[id]++
		a.id = id
		if n := count[id]; n > 1 {
			a.id += "-" + strconv.Itoa(n)
		}
	}
	return archives
}

// givenArchives are the repositories of the build file. The base may be nil where
// nothing is read from them.
func (t *Target) givenArchives(set *packageSet, base *debBase) ([]*debArchive, error) {
	var out []*debArchive
	seen := map[string]bool{}
	for _, e := range set.entries {
		for i := range e.layer.Packages.Repositories {
			made, err := t.givenArchive(&e.layer.Packages.Repositories[i], base)
			if err != nil {
				return nil, err
			}
			for _, a := range made {
				if key := fmt.Sprint(a.uris, a.suite, a.components); !seen[key] {
					seen[key] = true
					out = append(out, a)
				}
			}
		}
	}
	return named(out), nil
}

func (t *Target) givenArchive(r *spec.Repository, base *debBase) ([]*debArchive, error) {
	uri, err := t.expand(r.URI)
	if err != nil {
		return nil, err
	}
	suites, err := t.expandAll(r.Suites)
	if err != nil {
		return nil, err
	}
	components, err := t.expandAll(r.Components)
	if err != nil {
		return nil, err
	}
	if len(suites) == 0 {
		return nil, t.Spec.Errorf(r.Range.Start, "a deb repository needs `suites`")
	}
	keyrings := func(ctx context.Context) ([][]byte, error) { return t.givenKeyring(ctx, r, base) }
	out := make([]*debArchive, 0, len(suites))
	for _, suite := range suites {
		if len(components) == 0 && !strings.HasSuffix(suite, "/") {
			return nil, t.Spec.Errorf(r.Range.Start, "the suite %s needs `components`, main for example", suite)
		}
		out = append(out, &debArchive{uris: strings.Fields(uri), suite: suite, components: components, keyrings: keyrings, given: true})
	}
	return out, nil
}

// givenKeyring is the keyring in the context that the build file names, or the
// base's.
func (t *Target) givenKeyring(ctx context.Context, r *spec.Repository, base *debBase) ([][]byte, error) {
	if !r.SignedBy.IsSet() {
		keyrings, err := base.trustedKeyrings(ctx)
		if err == nil && len(keyrings) == 0 {
			err = errors.New("the base has no keyring; give one with `signed_by`")
		}
		if err != nil {
			return nil, t.Spec.Errorf(r.Range.Start, "find the keys of %s: %w", r.URI.Value, err)
		}
		return keyrings, nil
	}
	file, err := t.expand(r.SignedBy)
	if err != nil {
		return nil, err
	}
	files, err := t.Looker.Look(ctx, t.plan, plan.Tree{Kind: plan.Main}, []string{file})
	if err != nil {
		return nil, t.Spec.Errorf(r.SignedBy.Pos, "read keyring %s: %w", file, err)
	}
	data, err := files.ReadFile(ctx, "/"+file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, t.Spec.Errorf(r.SignedBy.Pos, "the context has no keyring %s", file)
	}
	if err != nil {
		return nil, t.Spec.Errorf(r.SignedBy.Pos, "read keyring %s: %w", file, err)
	}
	return [][]byte{data}, nil
}

// archives are those that the base is configured for.
func (b *debBase) archives(ctx context.Context, arch string) ([]*debArchive, error) {
	files := []string{"/etc/apt/sources.list"}
	names, err := b.ReadDir(ctx, "/etc/apt/sources.list.d")
	if err != nil {
		return nil, fmt.Errorf("read the base's package sources: %w", err)
	}
	for _, name := range names {
		if ext := path.Ext(name); ext == ".list" || ext == ".sources" {
			files = append(files, "/etc/apt/sources.list.d/"+name)
		}
	}
	var out []*debArchive
	for _, file := range files {
		data, err := b.ReadFile(ctx, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s of the base: %w", file, err)
		}
		sources, err := index.ReadSources(file, data)
		if err != nil {
			return nil, fmt.Errorf("read %s of the base: %w", file, err)
		}
		for i := range sources {
			if s, ok := sources[i].For(arch); ok {
				out = append(out, b.archive(&s)...)
			}
		}
	}
	return out, nil
}

func (b *debBase) archive(s *index.Source) []*debArchive {
	keyrings := func(ctx context.Context) ([][]byte, error) { return b.keyrings(ctx, s) }
	var out []*debArchive
	for _, suite := range s.Suites {
		a := &debArchive{uris: s.URIs, suite: suite, components: s.Components, keyrings: keyrings, trusted: s.Trusted}
		a.everValid = s.Options["check-valid-until"] == "no"
		for _, key := range s.SignedBy {
			if !strings.HasPrefix(key, "/") {
				a.signers = append(a.signers, key)
			}
		}
		out = append(out, a)
	}
	return out
}

// keyrings are those that a source names, or those that hold for all.
func (b *debBase) keyrings(ctx context.Context, s *index.Source) ([][]byte, error) {
	if s.Key != "" {
		return [][]byte{[]byte(s.Key)}, nil
	}
	var out [][]byte
	for _, file := range s.SignedBy {
		if !strings.HasPrefix(file, "/") {
			continue
		}
		data, err := b.ReadFile(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("read keyring %s of the base: %w", file, err)
		}
		out = append(out, data)
	}
	if out == nil {
		return b.trustedKeyrings(ctx)
	}
	return out, nil
}

// trustedKeyrings are the ones that apt trusts for every source.
func (b *debBase) trustedKeyrings(ctx context.Context) ([][]byte, error) {
	out, err := b.readAll(ctx, "/etc/apt/trusted.gpg.d", func(name string) bool {
		return path.Ext(name) == ".gpg" || path.Ext(name) == ".asc"
	})
	if err != nil {
		return nil, err
	}
	if data, err := b.ReadFile(ctx, "/etc/apt/trusted.gpg"); err == nil {
		out = append(out, data)
	}
	return out, nil
}

// withSnapshots adds the public snapshots of Debian and Ubuntu archives.
func withSnapshots(uris []string, date time.Time) []string {
	out := append([]string{}, uris...)
	if date.IsZero() {
		return out
	}
	stamp := date.UTC().Format("20060102T150405Z")
	seen := map[string]bool{}
	for _, uri := range uris {
		name := path.Base(strings.TrimSuffix(uri, "/"))
		var snapshot string
		switch name {
		case "debian", "debian-security":
			snapshot = "https://snapshot.debian.org/archive/" + name + "/" + stamp
		case "ubuntu":
			snapshot = "https://snapshot.ubuntu.com/ubuntu/" + stamp
		}
		if snapshot != "" && !seen[snapshot] {
			seen[snapshot] = true
			out = append(out, snapshot)
		}
	}
	return out
}

// distribution is what the packages are made for, such as debian-12; empty when
// the archive doesn't say.
func (a *debArchive) distribution() string {
	if a.release == nil || a.release.Origin == "" {
		return ""
	}
	name := strings.ToLower(strings.ReplaceAll(a.release.Origin, " ", "-"))
	version := a.release.Version
	if name == "debian" {
		version, _, _ = strings.Cut(version, ".")
	}
	if version == "" {
		return name
	}
	return name + "-" + version
}

// lockedArchives are archives as the lock has them.
func lockedArchives(archives []*debArchive) []lock.Repository {
	out := make([]lock.Repository, 0, len(archives))
	for _, a := range archives {
		r := lock.Repository{ID: a.id, Type: "deb", Suite: a.suite, Components: a.components, Distribution: a.distribution()}
		if !a.given {
			r.URIs = a.uris
		}
		if a.release != nil {
			r.Date, r.Signers = a.release.Date, a.release.Signers
		}
		out = append(out, r)
	}
	return out
}
