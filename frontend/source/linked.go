// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
)

// FollowLinks looks once for what was used of a context and not sent: BuildKit follows
// a link on the way for the first of several paths only. It reports whether such paths
// are sent without links from now on, after a failure to find a file.
func (t *Trees) FollowLinks(ctx context.Context, failure error) bool {
	if t.followed || ctx.Err() != nil || !fault.IsNotFound(failure) {
		return false
	}
	t.mainMu.Lock()
	defer t.mainMu.Unlock()
	t.followed = true
	more := false
	for name, part := range t.parts {
		real := withoutLinks(t.finder.names(ctx, name), part.Paths)
		if len(real)+len(part.Exclude) == 0 {
			continue
		}
		part.Paths, part.Exclude = slices.Concat(part.Paths, real), nil // a link may lead to what is left out
		t.parts[name] = part
		more = true
	}
	if more {
		t.main, t.found = nil, map[plan.Tree]*found{}
	}
	return more
}

// names lists a context that is a directory of the client; nil for another one.
func (f *Finder) names(ctx context.Context, name string) fault.Lister {
	if name == "" {
		return f.daemon.contextNames(ctx)
	}
	caps := f.daemon.Client.BuildOpts().LLBCaps
	if caps.Supports(pb.CapSourceMetadataTransfer) != nil {
		return nil
	}
	st := f.onlyNames(ctx, name)
	if st == nil {
		return nil
	}
	return f.daemon.listNames(ctx, *st)
}

// withoutLinks are the paths, without links on the way, of those that have some, and
// these links. Of a pattern, the directory that it looks into counts.
func withoutLinks(list fault.Lister, paths []string) []string {
	if list == nil {
		return nil
	}
	var real []string
	for _, p := range paths {
		at, links := "/", []string(nil)
		for name := range strings.SplitSeq(path.Dir(path.Join("/", p)), "/") {
			to, err := list.Follow(path.Join(at, name))
			if err != nil {
				break
			}
			if link := path.Join(at, name); link != to {
				links = append(links, itself(strings.TrimPrefix(link, "/")))
			}
			at = to
		}
		if len(links) > 0 {
			real = append(append(real, links...), strings.TrimPrefix(path.Join(at, path.Base(p)), "/"))
		}
	}
	return real
}

// itself is a pattern of a link that BuildKit sends without what it leads to. At the top
// there is none, and it need not be sent: it is, with the first path below it.
func itself(link string) string {
	dir, base := path.Split(link)
	i := strings.IndexFunc(dir, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' })
	if i < 0 {
		return link
	}
	return dir[:i] + "[" + dir[i:i+1] + "]" + dir[i+1:] + base
}
