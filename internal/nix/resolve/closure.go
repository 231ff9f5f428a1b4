// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/spell"
)

// maxInfo is the greatest size of a path's description, in bytes: one with 10,000
// references has 600 KB.
const maxInfo = 4 << 20

// What a closure has at most; that of a whole system has some thousands of paths, and each
// one's description a kilobyte. A cache can name new ones without an end.
const (
	maxPaths = 200_000
	// maxInfos is for all descriptions together, in bytes.
	maxInfos = 512 << 20
)

// sideBySide is how many paths a cache is asked for at once: a small server takes
// minutes when it is asked for hundreds.
const sideBySide = 32

// Options say where a closure comes from.
type Options struct {
	Fetcher fetch.Fetcher
	// Caches are the addresses of binary caches, the preferred one first.
	Caches []string
	// Keys are those that signatures are checked with.
	Keys []Key
	// Unsigned takes paths without a signature, too: for a cache that is trusted as
	// it is.
	Unsigned bool
	// Known are paths that were looked up and checked before, by their paths: no
	// cache is asked for them.
	Known map[string]*Info
}

// A Fault is a store path that no cache gives, with what each of them said.
type Fault struct {
	Path string
	// By is a path that refers to it; empty for one that was asked for.
	By string
	// Tried are what the caches said, in their order.
	Tried []Try
}

// A Try is what came of asking a cache for a path.
type Try struct {
	Cache string
	Err   error
}

func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "find %s", f.Path)
	if f.By != "" {
		fmt.Fprintf(&b, " (which %s refers to)", f.By)
	}
	for i, t := range f.Tried {
		if i > 0 {
			b.WriteString(";")
		} else {
			b.WriteString(":")
		}
		fmt.Fprintf(&b, " in %s: %v", t.Cache, t.Err)
	}
	return b.String()
}

// Unwrap returns what the caches said.
func (f *Fault) Unwrap() []error {
	var all []error
	for _, t := range f.Tried {
		all = append(all, t.Err)
	}
	return all
}

// Closure asks binary caches for store paths and all that they refer to. A
// path comes from the first cache that has it with a signature that holds.
func Closure(ctx context.Context, roots []string, o Options) (*Graph, error) {
	if _, err := CheckRoots(roots); err != nil {
		return nil, err
	}
	for _, cache := range o.Caches {
		if err := CheckCache(cache); err != nil {
			return nil, err
		}
	}
	s := search{Options: o, found: map[string]*Info{}, by: map[string]string{}, down: make([]error, len(o.Caches))}
	wanted := slices.Compact(slices.Sorted(slices.Values(roots)))
	for len(wanted) > 0 {
		if len(s.found)+len(wanted) > maxPaths {
			return nil, fmt.Errorf("find %s and what it refers to: these are more than %d paths", spell.List(roots, "and"), maxPaths)
		}
		level, err := s.level(ctx, wanted)
		if err != nil {
			return nil, err
		}
		wanted = s.next(level)
	}
	all := make([]*Info, 0, len(s.found))
	for _, p := range slices.Sorted(maps.Keys(s.found)) {
		all = append(all, s.found[p])
	}
	return NewGraph(roots, all)
}

// CheckCache returns an error unless a binary cache can be asked at that address.
func CheckCache(address string) error {
	u, err := fetch.ParseAddress(address)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not an address of a binary cache: %w", fetch.Shown(address), err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%q is not an address of a binary cache: it needs https:// or http:// and a host", fetch.Shown(address))
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q is not an address of a binary cache: leave out what follows the path", fetch.Shown(address))
	case u.User != nil:
		return fmt.Errorf("the binary cache %s has a password in its address; give it as a secret", fetch.Shown(address))
	}
	return nil
}

// A search asks level by level: all paths at the same distance from the roots
// at once.
type search struct {
	Options
	found map[string]*Info
	// by is who refers to a path.
	by map[string]string
	// down is why a cache can't be reached.
	down []error
	// read is how many bytes of descriptions came so far.
	read int
}

// next is what the paths of a level refer to and wasn't asked for yet.
func (s *search) next(level []*Info) []string {
	var wanted []string
	for _, info := range level {
		for _, ref := range info.References {
			if s.found[ref] == nil && s.by[ref] == "" && ref != info.Path {
				s.by[ref] = info.Path
				wanted = append(wanted, ref)
			}
		}
	}
	slices.Sort(wanted)
	return wanted
}

// level finds paths, in one cache after the other.
func (s *search) level(ctx context.Context, wanted []string) ([]*Info, error) {
	tried := map[string][]Try{}
	level, left := s.known(wanted)
	for i, cache := range s.Caches {
		if len(left) == 0 {
			break
		}
		var missed []string
		for j, err := range s.ask(ctx, i, left, &level) {
			if err != nil {
				missed = append(missed, left[j])
				tried[left[j]] = append(tried[left[j]], Try{Cache: cache, Err: err})
			}
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		left = missed
	}
	if len(left) > 0 {
		return nil, &Fault{Path: left[0], By: s.by[left[0]], Tried: tried[left[0]]}
	}
	return level, nil
}

// known takes the paths that need not be looked up, and returns the others too.
func (s *search) known(wanted []string) (level []*Info, left []string) {
	for _, p := range wanted {
		info := s.Known[p]
		if info == nil {
			left = append(left, p)
			continue
		}
		s.found[p] = info
		level = append(level, info)
	}
	return level, left
}

// ask asks one cache for paths, some of them at a time. It returns an error or nil for
// each of them. A cache that fails for all is asked for nothing more.
func (s *search) ask(ctx context.Context, cache int, paths []string, level *[]*Info) []error {
	errs := make([]error, 0, len(paths))
	failed := 0
	for some := range slices.Chunk(paths, sideBySide) {
		if s.read > maxInfos {
			s.down[cache] = fmt.Errorf("what caches say of paths has more than %d bytes", maxInfos)
		}
		if s.down[cache] != nil {
			errs = append(errs, slices.Repeat([]error{s.down[cache]}, len(some))...)
			continue
		}
		got, down := s.askAtOnce(ctx, cache, some, level)
		errs, failed = append(errs, got...), failed+down
		if failed == len(errs) {
			s.down[cache] = errs[0]
		}
	}
	return errs
}

// askAtOnce is ask for paths that are asked for side by side; failed is for how many of
// them the cache gave no answer.
func (s *search) askAtOnce(ctx context.Context, cache int, paths []string, level *[]*Info) (errs []error, failed int) {
	errs = make([]error, len(paths))
	base := strings.TrimRight(s.Caches[cache], "/") + "/"
	requests := make([]fetch.Request, len(paths))
	for i, p := range paths {
		requests[i] = fetch.Request{
			URLs: []string{base + hashPart(p) + ".narinfo"},
			Name: "look up " + Name(p), Limit: maxInfo,
			Valid: func(text []byte) error {
				_, err := s.parse(text, base, p)
				return err
			},
		}
	}
	for i, answer := range s.Fetcher.Fetch(ctx, requests) {
		if answer.Err != nil {
			errs[i] = answer.Err
			if !errors.Is(answer.Err, fetch.ErrNotFound) {
				failed++
			}
			continue
		}
		s.read += len(answer.Data)
		info, err := s.parse(answer.Data, base, paths[i])
		if err != nil {
			errs[i] = err
			continue
		}
		s.found[info.Path] = info
		*level = append(*level, info)
	}
	return errs, failed
}

// parse checks a narinfo and makes its URL a full one.
func (s *search) parse(text []byte, base, wanted string) (*Info, error) {
	info, err := ParseNarinfo(text)
	if err != nil {
		return nil, err
	}
	if info.Path != wanted {
		return nil, fmt.Errorf("the cache has %s for that hash", info.Path)
	}
	signature, err := info.Verify(s.Keys)
	if err != nil && !s.Unsigned {
		return nil, err
	}
	info.Signatures = nil
	if signature != "" {
		info.Signatures = []string{signature}
	}
	if info.FileHash == "" && info.Compression == "none" {
		info.FileHash, info.FileSize = info.NarHash, info.NarSize
	}
	info.URL, err = resolveURL(base, info.URL)
	return info, err
}

// resolveURL is the address of an archive. It may be on another host, but not
// without encryption: a URL isn't signed.
func resolveURL(base, to string) (string, error) {
	at, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u, err := at.Parse(to)
	if err != nil {
		return "", fmt.Errorf("the archive's URL %q: %w", to, err)
	}
	foreign := u.Host != at.Host || u.Scheme != at.Scheme
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return "", fmt.Errorf("the archive's URL %q is none that can be fetched", to)
	case foreign && u.Scheme != "https":
		return "", fmt.Errorf("the archive's URL %q leads to another host without https", to)
	}
	return u.String(), nil
}
