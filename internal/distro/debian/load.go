// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/fetch"
)

// loader reads archives' indexes: the signed list of files first, then the
// package lists by the digests that it has.
type loader struct {
	fetch fetch.Fetcher
	arch  string
	now   time.Time
	// known is what the lock has: an archive older than that is refused.
	known func(id string) *distro.Repository
	keys  *keyrings
}

// all reads the indexes of archives, side by side.
func (l *loader) all(ctx context.Context, archives []*archive) ([]*index.Index, error) {
	if err := l.releases(ctx, archives); err != nil {
		return nil, err
	}
	var lists []*packageList
	for _, a := range archives {
		found, err := l.lists(a)
		if err != nil {
			return nil, err
		}
		lists = append(lists, found...)
	}
	requests := make([]fetch.Request, len(lists))
	for i, list := range lists {
		requests[i] = list.request
	}
	answers := l.fetch.Fetch(ctx, requests)
	indexes := make([]*index.Index, len(lists))
	var group errgroup.Group
	for i, list := range lists {
		group.Go(func() (err error) {
			if answers[i].Err != nil {
				return fmt.Errorf("read the package list of %s: %w", list.archive.id, answers[i].Err)
			}
			indexes[i], err = list.read(answers[i].Data, l.arch)
			return err
		})
	}
	return indexes, group.Wait()
}

// releases reads and verifies what the archives sign.
func (l *loader) releases(ctx context.Context, archives []*archive) error {
	requests := make([]fetch.Request, len(archives))
	for i, a := range archives {
		requests[i] = a.file("InRelease")
	}
	answers := l.fetch.Fetch(ctx, requests)
	for i, a := range archives {
		if err := l.release(ctx, a, answers[i]); err != nil {
			return fmt.Errorf("archive %s: %w", a.id, err)
		}
	}
	return nil
}

func (l *loader) release(ctx context.Context, a *archive, in fetch.Answer) (err error) {
	verify := index.VerifyOptions{Now: l.now, Signers: a.signers, IgnoreDate: a.undated, IgnoreValidUntil: a.everValid || a.undated || strings.HasPrefix(a.site(), "snapshot.")}
	if l.known != nil {
		if r := l.known(a.id); r != nil && r.Suite == a.suite {
			verify.NotBefore = r.Date
		}
	}
	keyrings, err := l.keys.of(ctx, a)
	if err != nil {
		return err
	}
	if a.trusted || errors.Is(in.Err, fetch.ErrNotFound) {
		return l.detached(ctx, a, keyrings, verify)
	}
	if in.Err != nil {
		return in.Err
	}
	a.release, err = index.VerifyInRelease(in.Data, keyrings, verify)
	return err
}

// detached reads a Release file whose signature is another file.
func (l *loader) detached(ctx context.Context, a *archive, keyrings [][]byte, verify index.VerifyOptions) (err error) {
	answers := l.fetch.Fetch(ctx, []fetch.Request{a.file("Release"), a.file("Release.gpg")})
	switch {
	case errors.Is(answers[0].Err, fetch.ErrNotFound):
		return fmt.Errorf("there is no such suite at %s: %w", strings.Join(a.uris, ", "), answers[0].Err)
	case answers[0].Err != nil:
		return answers[0].Err
	case a.trusted:
		a.release, err = index.ReadRelease(answers[0].Data)
	case answers[1].Err != nil:
		return fmt.Errorf("it is not signed: %w", answers[1].Err)
	default:
		a.release, err = index.VerifyRelease(answers[0].Data, answers[1].Data, keyrings, verify)
	}
	return err
}

// dir is the archive's directory for its suite.
func (a *archive) dir() string {
	if strings.HasSuffix(a.suite, "/") {
		return path.Clean(a.suite)
	}
	return "dists/" + a.suite
}

// file asks for a file that is there now.
func (a *archive) file(name string) fetch.Request {
	r := a.request(path.Join(a.dir(), name), name)
	r.Limit = maxRelease
	return r
}

func (a *archive) request(file, name string) fetch.Request {
	r := fetch.Request{Name: "load " + name + " of " + a.id}
	for _, uri := range a.uris {
		r.URLs = append(r.URLs, strings.TrimSuffix(uri, "/")+"/"+encodePath(file))
	}
	return r
}

// encodePath is a path of an archive as apt asks for it: as it stands there, but for
// what can't be in an address, for "%", and for "+" and "~", which some servers take
// for others.
func encodePath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("%+~", c) >= 0 {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// maxRelease is the greatest size of a list of an archive's files, in bytes: Debian's
// greatest has 250 KB.
const maxRelease = 32 << 20

// maxList is the greatest size of a package list, in bytes: Debian's greatest has 60 MB.
const maxList = 1 << 30

// packageList is one list of packages of an archive.
type packageList struct {
	archive   *archive
	component string
	// file is its path below the suite's directory.
	file string
	size int64
	// sha512 is in hex; empty where the request has a digest.
	sha512  string
	request fetch.Request
}

// lists are the package lists of an archive for the architecture.
func (l *loader) lists(a *archive) ([]*packageList, error) {
	var out []*packageList
	if strings.HasSuffix(a.suite, "/") {
		list, err := a.list("", "Packages")
		if err != nil {
			return nil, err
		}
		return []*packageList{list}, nil
	}
	for _, component := range a.components {
		if known := a.release.Components; len(known) > 0 && !slices.ContainsFunc(known, func(k string) bool {
			return k == component || path.Base(k) == component
		}) {
			return nil, fmt.Errorf("archive %s: it has no component %s; it has %s", a.id, component, strings.Join(known, ", "))
		}
		list, err := a.list(component, component+"/binary-"+l.arch+"/Packages")
		if err != nil {
			return nil, fmt.Errorf("archive %s: it has no packages of component %s for %s: %w", a.id, component, l.arch, err)
		}
		out = append(out, list)
		if a.release.AllApart {
			if list, err := a.list(component, component+"/binary-all/Packages"); err == nil {
				out = append(out, list)
			}
		}
	}
	return out, nil
}

// list finds a package list in the compression that is read fastest.
func (a *archive) list(component, file string) (*packageList, error) {
	for _, ext := range []string{".gz", ".xz", ".zst", ".bz2", ""} {
		entry, ok := a.release.Files[file+ext]
		if !ok {
			continue
		}
		where := path.Join(a.dir(), file+ext)
		if a.release.AcquireByHash {
			where = path.Join(a.dir(), a.release.ByHash(file+ext))
		}
		list := &packageList{archive: a, component: component, file: file + ext, size: entry.Size, request: a.request(where, path.Base(file))}
		if component != "" {
			list.request.Name = "load Packages of " + a.id + " " + component
		}
		if list.request.Size = entry.Size; entry.Size == 0 {
			list.request.Limit = 1 // it is empty
		}
		if entry.SHA256 != "" {
			list.request.Digest = digest.NewDigestFromEncoded(digest.SHA256, entry.SHA256)
		} else {
			list.sha512 = entry.SHA512 // BuildKit can't hold a file to it
		}
		return list, nil
	}
	return nil, fetch.ErrNotFound
}

// read parses the list.
func (p *packageList) read(data []byte, arch string) (*index.Index, error) {
	if p.size != int64(len(data)) {
		return nil, fmt.Errorf("read %s of %s: it has %d bytes, and the archive says %d", p.file, p.archive.id, len(data), p.size)
	}
	if sum := sha512.Sum512(data); p.sha512 != "" && p.sha512 != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("read %s of %s: it has the SHA512 %x, and the archive says %s", p.file, p.archive.id, sum, p.sha512)
	}
	r, err := compress.Reader(bytes.NewReader(data), "")
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", p.file, p.archive.id, err)
	}
	defer r.Close()
	release := p.archive.release
	return index.ReadIndex(r, index.Options{
		Repository: p.archive.id, Suite: cmp.Or(release.Suite, p.archive.suite), Codename: release.Codename, Component: p.component,
		Origin: release.Origin, Label: release.Label, Version: release.Version, Site: p.archive.site(), Architecture: arch,
		Priority: release.Priority(), MaxBytes: p.maxText(),
	})
}

// maxText is the greatest size of the list without its compression, in bytes: what the
// Release says, or many times what any real list becomes.
func (p *packageList) maxText() int64 {
	most := p.size*40 + 16<<20
	if plain, ok := p.archive.release.Files[strings.TrimSuffix(p.file, path.Ext(p.file))]; ok {
		most = min(most, plain.Size)
	}
	return min(max(most, 1), maxList)
}

// site is the host of the archive, for pins by origin.
func (a *archive) site() string {
	u, err := url.Parse(a.uris[0])
	if err != nil {
		return ""
	}
	return u.Hostname()
}
