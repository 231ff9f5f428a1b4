// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	apkindex "github.com/strata-build/strata/internal/distro/alpine/index"
	apkresolve "github.com/strata-build/strata/internal/distro/alpine/resolve"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

type fetcher = fetch.Fetcher

// apkRepository is one repository of apk.
type apkRepository struct {
	id string
	// uris are addresses of the same, the preferred one first.
	uris []string
	tag  string
	// given says that the build file gives the address.
	given bool
	keys  apkindex.Keys
	// from is the line of the build file that gives it, if one does.
	from  *spec.Repository
	index *apkresolve.Index
}

// apkRepositories are those that the build file gives, or those that the base is
// configured for, with their keys.
func (t *Target) apkRepositories(ctx context.Context, set *packageSet, base *apkBase) ([]*apkRepository, error) {
	all, err := t.givenAPKs(set)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		if all, err = base.repositories(ctx); err != nil {
			return nil, t.packagesFault(set, err)
		}
	}
	if len(all) == 0 {
		return nil, t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start,
			"the base is configured for no package archive; say with `repositories` where packages come from")
	}
	for _, r := range all {
		if r.from != nil && r.from.SignedBy.IsSet() {
			r.keys, err = t.givenKeys(ctx, r.from)
		} else if r.keys, err = base.keys(ctx); err == nil && len(r.keys) == 0 {
			at := set.entries[0].layer.Packages.Range.Start
			if r.from != nil {
				at = r.from.Range.Start
			}
			return nil, t.Spec.Errorf(at, "find the keys of %s: the base has none in /etc/apk/keys; give one with `signed_by`", r.id)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// givenAPKs are the repositories of the build file, without their keys.
func (t *Target) givenAPKs(set *packageSet) ([]*apkRepository, error) {
	var out []*apkRepository
	seen := map[string]bool{}
	for _, e := range set.entries {
		for i := range e.layer.Packages.Repositories {
			r := &e.layer.Packages.Repositories[i]
			if r.Type.Value != string(plan.APK) {
				return nil, t.Spec.Errorf(r.Range.Start, "the packages of one image come from repositories of one type, not of %s and apk", r.Type.Value)
			}
			urls, err := t.apkURLs(r)
			if err != nil {
				return nil, err
			}
			for _, uris := range urls {
				if key := strings.Join(uris, " "); !seen[key] {
					seen[key] = true
					out = append(out, &apkRepository{uris: uris, given: true, from: r})
				}
			}
		}
	}
	return namedAPKs(out), nil
}

// apkURLs are the addresses of the repositories that an entry of the build file
// stands for, each with its mirrors: with suites and components, each of those is
// a folder.
func (t *Target) apkURLs(r *spec.Repository) ([][]string, error) {
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
	folders := []string{""}
	for _, level := range [][]string{suites, components} {
		if len(level) == 0 {
			continue
		}
		var next []string
		for _, folder := range folders {
			for _, part := range level {
				next = append(next, folder+"/"+strings.Trim(part, "/"))
			}
		}
		folders = next
	}
	mirrors := strings.Fields(uri)
	if len(mirrors) == 0 {
		return nil, t.Spec.Errorf(r.URI.Pos, "the repository has no address")
	}
	for _, u := range mirrors {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return nil, t.Spec.Errorf(r.URI.Pos, "the repository %s is at no http address", u)
		}
	}
	out := make([][]string, 0, len(folders))
	for _, folder := range folders {
		var uris []string
		for _, u := range mirrors {
			uris = append(uris, strings.TrimRight(u, "/")+folder)
		}
		out = append(out, uris)
	}
	return out, nil
}

// givenKeys is the key in the context that the build file names, or all keys of
// a folder there. A key is known by its file's name, as apk knows it.
func (t *Target) givenKeys(ctx context.Context, r *spec.Repository) (apkindex.Keys, error) {
	name, err := t.expand(r.SignedBy)
	if err != nil {
		return nil, err
	}
	files, err := t.Looker.Look(ctx, t.plan, plan.Tree{Kind: plan.Main}, []string{name})
	if err != nil {
		return nil, t.Spec.Errorf(r.SignedBy.Pos, "read key %s: %w", name, err)
	}
	keys := apkindex.Keys{}
	data, err := files.ReadFile(ctx, "/"+name)
	if err == nil {
		keys[path.Base(name)], err = apkindex.ParseKey(data)
	} else if all, dirErr := readKeys(ctx, files, "/"+name); dirErr == nil && len(all) > 0 {
		return all, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, t.Spec.Errorf(r.SignedBy.Pos, "the context has no key %s", name)
	}
	if err != nil {
		return nil, t.Spec.Errorf(r.SignedBy.Pos, "read key %s: %w", name, err)
	}
	return keys, nil
}

// keys are the ones that the base's apk trusts.
func (b *apkBase) keys(ctx context.Context) (apkindex.Keys, error) {
	all := apkindex.Keys{}
	for _, dir := range []string{"/usr/lib/apk/keys", "/lib/apk/keys", "/etc/apk/keys"} {
		keys, err := readKeys(ctx, b, dir)
		if err != nil {
			return nil, fmt.Errorf("read the base's keys: %w", err)
		}
		for name, key := range keys {
			all[name] = key
		}
	}
	return all, nil
}

// readKeys reads the keys of a folder. What is no key there is passed over.
func readKeys(ctx context.Context, files tree.Tree, dir string) (apkindex.Keys, error) {
	names, err := files.ReadDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	keys := apkindex.Keys{}
	for _, name := range names {
		if path.Ext(name) != ".pub" {
			continue
		}
		data, err := files.ReadFile(ctx, dir+"/"+name)
		if err != nil {
			return nil, err
		}
		var key *rsa.PublicKey
		if key, err = apkindex.ParseKey(data); err == nil {
			keys[name] = key
		}
	}
	return keys, nil
}

// repositories are those that the base is configured for.
func (b *apkBase) repositories(ctx context.Context) ([]*apkRepository, error) {
	text, err := b.ReadFile(ctx, "/etc/apk/repositories")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the base's repositories: %w", err)
	}
	lines, err := apkresolve.ParseRepositories(string(text))
	if err != nil {
		return nil, err
	}
	out := make([]*apkRepository, 0, len(lines))
	for _, r := range lines {
		if !strings.HasPrefix(r.URL, "http://") && !strings.HasPrefix(r.URL, "https://") {
			continue // a folder of the base, or a disc
		}
		out = append(out, &apkRepository{uris: []string{r.URL}, tag: r.Tag})
	}
	return namedAPKs(out), nil
}

// namedAPKs gives repositories their ids: the last part of the address, with a
// number where that would be the same twice.
func namedAPKs(all []*apkRepository) []*apkRepository {
	count := map[string]int{}
	for _, r := range all {
		r.id = "packages"
		if u, err := url.Parse(r.uris[0]); err == nil {
			if base := path.Base(u.Path); base != "." && base != "/" {
				r.id = base
			}
		}
		count[r.id]++
		if n := count[r.id]; n > 1 {
			r.id += "-" + strconv.Itoa(n)
		}
	}
	return all
}

// locked is the repository as the lock has it.
func (r *apkRepository) locked() lock.Repository {
	out := lock.Repository{ID: r.id, Type: string(plan.APK), Signers: r.index.Signers(), Distribution: apkDistribution(r.uris[0])}
	if !r.given {
		out.URIs = r.uris
	}
	return out
}

// apkDistribution is what an archive's packages are made for, by its address.
func apkDistribution(address string) string {
	if m := regexp.MustCompile(`/v(\d+\.\d+)/`).FindStringSubmatch(address + "/"); m != nil {
		return "alpine-" + m[1]
	}
	for _, name := range []string{"wolfi", "alpine"} {
		if strings.Contains(address, name) {
			return name
		}
	}
	return ""
}

// indexes reads the indexes of repositories, side by side, and checks who signed
// them.
func (l *apkLoader) indexes(ctx context.Context, repositories []*apkRepository) ([]*apkresolve.Index, error) {
	requests := make([]fetch.Request, len(repositories))
	for i, r := range repositories {
		requests[i].Name = "load the index of " + r.id
		for _, uri := range r.uris {
			requests[i].URLs = append(requests[i].URLs, apkresolve.Repository{URL: uri}.IndexURL(l.arch))
		}
	}
	out := make([]*apkresolve.Index, len(repositories))
	for i, answer := range l.fetch.Fetch(ctx, requests) {
		r := repositories[i]
		if answer.Err != nil {
			return nil, fmt.Errorf("repository %s: read APKINDEX.tar.gz for %s: %w", r.id, l.arch, answer.Err)
		}
		index, err := apkresolve.ReadIndex(answer.Data, r.keys, apkresolve.IndexOptions{Repository: r.id, Tag: r.tag, Architecture: l.arch})
		if err != nil {
			return nil, err
		}
		r.index, out[i] = index, index
	}
	return out, nil
}

// batchSize is how many bytes of packages are read at a time.
const batchSize = 64 << 20

// verify reads every package once, holds it to its index, and returns the
// SHA-256 of the files by the packages' names.
func (l *apkLoader) verify(ctx context.Context, set *packageSet, s *apkresolve.Solution) (map[string]string, error) {
	sums := map[string]string{}
	for rest := s.Packages; len(rest) > 0; {
		n, size := 1, rest[0].Size
		for n < len(rest) && size+rest[n].Size <= batchSize {
			size += rest[n].Size
			n++
		}
		batch := rest[:n]
		rest = rest[n:]
		requests := make([]fetch.Request, n)
		for i, p := range batch {
			requests[i].Name = "load " + p.Name + " " + p.Version
			for _, uri := range set.uris[p.Repository] {
				requests[i].URLs = append(requests[i].URLs, uri+"/"+p.Path)
			}
		}
		for i, answer := range l.fetch.Fetch(ctx, requests) {
			p := &batch[i]
			if answer.Err != nil {
				return nil, problem(p, answer.Err)
			}
			sum, err := apkresolve.Verify(p, answer.Data)
			if err != nil {
				return nil, err
			}
			sums[p.Name] = sum
		}
	}
	return sums, nil
}
