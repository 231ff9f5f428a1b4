// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/moby/buildkit/util/gitutil"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Pinner finds what addresses lead to now, to write it into a lock.
type Pinner interface {
	// File returns the digest of a server's file (sha256:…) and its length in bytes.
	File(ctx context.Context, url string) (digest.Digest, int64, error)
	// Afresh lets the file be fetched once more, whatever is cached of it, and returns what is
	// in its name from then on.
	Afresh(url string) string
	// Commit returns the full name of a repository's reference, its commit and, where it is
	// a tag with one, its object; an empty reference is the default branch. With a key, the
	// tag or the commit must be signed by it.
	Commit(ctx context.Context, repository, ref, key string) (lock.Git, error)
}

// What Locking.Update can have instead of names: everything of one kind.
const (
	AllImages   = "images"
	AllURLs     = "urls"
	AllGit      = "git"
	AllPackages = "packages"
	AllClosures = "closures"
)

// Kinds are what Locking.Update can have instead of names.
func Kinds() []string { return []string{AllImages, AllURLs, AllGit, AllPackages, AllClosures} }

// Updates reports whether a thing of a kind is to be looked up again, by one of the
// names that it has.
func (l *Locking) Updates(kind string, names ...string) bool {
	for _, u := range l.Update {
		if u == "*" || u == kind || slices.Contains(names, u) {
			return true
		}
	}
	return false
}

// updatesPackages reports whether packages are to be resolved again: all, or some by
// their names. A name that is none of theirs, and that the lock has as something else, is
// none of a package. One of theirs is, though nginx stands for the image nginx:latest, too.
func (l *Locking) updatesPackages(have *lock.Packages) bool {
	for _, u := range l.Update {
		switch {
		case slices.ContainsFunc(have.Packages, func(p lock.Package) bool { return p.Name == u }):
			return true
		case u == AllImages, u == AllURLs, u == AllClosures, u == AllGit:
		case l.File.Image(u) == nil && l.File.URL(u) == nil && l.File.Git(u) == nil && !strings.HasPrefix(u, "/"):
			return true
		}
	}
	return false
}

// Pinned are the images of the lock that stay as they are.
func (l *Locking) Pinned() []lock.Image {
	if l.File == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(l.File.Sources.Images), func(i lock.Image) bool { return l.Updates(AllImages, i.Name) })
}

// unlocked says that the lock doesn't have something that the build file names: an
// error where the lock has to have everything, and else a warning where there is one.
func (p *planner) unlocked(pos spec.Pos, what string) error {
	l := &p.req.Lock
	switch {
	case l.Strict:
		return p.req.Spec.Errorf(pos, "%w: %s does not have %s", ErrStaleLock, l.Name, what).WithHint("run \"strata lock\"")
	case l.File != nil && l.File.Older:
		p.warn(RuleUnlockedSource, spec.Pos{}, "", "%s has packages and store paths alone, as older versions of Strata wrote it; run \"strata lock\" to lock images, urls and git references as well", l.Name)
	case l.File != nil && l.Pinner == nil:
		p.warn(RuleUnlockedSource, pos, "", "%s does not have %s: this build takes what is there today; run \"strata lock\"", l.Name, what)
	}
	return nil
}

// pinImages holds the images that a tree is made of to the lock, or writes them there.
// A tree that a context took the place of has none.
func (p *planner) pinImages(ctx context.Context, asked, found plan.Tree) error {
	l := &p.req.Lock
	if l.File == nil && l.Pinner == nil && !l.Strict {
		return nil
	}
	references := []string{found.Name}
	switch {
	case asked.Kind == plan.Dockerfile && l.Images != nil:
		var err error
		if references, err = l.Images(ctx, asked); err != nil {
			return err
		}
	case asked.Kind != plan.Registry || hasDigest(asked.Name) || !hasDigest(found.Name):
		return nil
	}
	for _, ref := range references {
		name, of, ok := pinnedName(ref)
		if !ok {
			// What a Dockerfile is read by may be taken as it is today.
			if name, ok := lock.ImageName(ref); ok && l.Pinner == nil {
				if err := p.unlocked(asked.Pos, "the image "+name); err != nil {
					return err
				}
			}
			continue
		}
		if l.Pinner != nil {
			l.StoreSources(lock.Sources{Images: []lock.Image{{Name: name, Digest: of.String()}}})
			continue
		}
		if have := l.File.Image(name); have == nil || have.Digest != of.String() {
			if err := p.unlocked(asked.Pos, "the image "+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// outside is an error that is none of the build file, though a line of it asks.
func (p *planner) outside(pos spec.Pos, format string, args ...any) error {
	err := p.req.Spec.Errorf(pos, format, args...)
	err.External = true
	return err
}

// pinnedName takes a reference with a tag and a digest apart; false says that it has no
// digest.
func pinnedName(ref string) (name string, of digest.Digest, ok bool) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", "", false
	}
	pinned, ok := named.(reference.Digested)
	if !ok {
		return "", "", false
	}
	tagged, ok := named.(reference.Tagged)
	if !ok {
		return "", "", false
	}
	name, ok = lock.ImageName(named.Name() + ":" + tagged.Tag())
	return name, pinned.Digest(), ok
}

func hasDigest(ref string) bool { return strings.Contains(ref, "@") }

// pinURL gives a file without a checksum that of the lock.
func (p *planner) pinURL(ctx context.Context, f *plan.HTTP) error {
	l := &p.req.Lock
	address := withoutLogin(f.URL)
	have := l.File.URL(address)
	if have == nil && l.Pinner == nil {
		return p.unlocked(f.Pos, address)
	}
	if have == nil || l.Pinner != nil && l.Updates(AllURLs, address) {
		sum, size, err := l.Pinner.File(ctx, f.URL)
		if err != nil {
			return p.outside(f.Pos, "fetch %s: %w", address, err)
		}
		have = &lock.URL{Address: address, SHA256: sum.Encoded(), Size: size}
	}
	f.Checksum, f.Lock = digest.NewDigestFromEncoded(digest.SHA256, have.SHA256).String(), cmp.Or(l.Name, lock.Name)
	if l.Pinner != nil {
		l.StoreSources(lock.Sources{URLs: []lock.URL{*have}})
	}
	return nil
}

// withoutLogin is an address without what a server is told of who asks.
func withoutLogin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// pinGit gives a checkout the commit of the lock, unless its address names one.
func (p *planner) pinGit(ctx context.Context, pos spec.Pos, g *plan.Git) error {
	ref, isGit, err := dfgitutil.ParseGitRef(g.URL)
	if err != nil || !isGit || ref.Checksum != "" || gitutil.IsCommitSHA(ref.Ref) {
		return nil // what isn't an address is refused where it is used
	}
	l := &p.req.Lock
	address := withoutLogin(ref.Remote)
	if ref.Ref != "" {
		address += "#" + ref.Ref
	}
	have := l.File.Git(address)
	if have == nil && l.Pinner == nil {
		return p.unlocked(pos, address)
	}
	key := ""
	if g.Signature != nil {
		key, pos = g.Signature.KeyText, g.Signature.Pos
	}
	if lacksTag := have != nil && key != "" && have.Tag == "" && strings.HasPrefix(have.Ref, "refs/tags/"); have == nil || l.Pinner != nil && (lacksTag || l.Updates(AllGit, address)) {
		now, err := l.Pinner.Commit(ctx, ref.Remote, ref.Ref, key)
		if err != nil {
			return p.outside(pos, "look up %s: %w", address, err)
		}
		if now.Address = address; !lacksTag || now.Commit == have.Commit || l.Updates(AllGit, address) {
			have = &now
		}
	}
	if have.Commit == "" {
		p.warn(RuleUnlockedSource, pos, "", "%s is not locked: this daemon does not say which commit it is", address)
		return nil
	}
	g.Ref, g.Commit, g.Tag = have.Ref, have.Commit, have.Tag
	if l.Pinner != nil {
		l.StoreSources(lock.Sources{Git: []lock.Git{*have}})
	}
	return nil
}
