// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

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
	// foreign are other architectures whose packages count.
	foreign []string
	now     time.Time
	// known is what the lock has: an archive older than that is refused.
	known func(id string) *distro.Repository
	keys  *keyrings
}

// all reads the indexes of archives, side by side.
func (l *loader) all(ctx context.Context, archives []*archive) ([]*index.Index, error) {
	if err := l.releases(ctx, archives); err != nil {
		return nil, err
	}
	lists, err := l.listsOf(ctx, archives)
	if err != nil {
		return nil, err
	}
	answers := l.contents(ctx, lists)
	indexes := make([]*index.Index, len(lists))
	var group errgroup.Group
	for i, list := range lists {
		group.Go(func() (err error) {
			if answers[i].Err != nil {
				return fmt.Errorf("read the package list of %s: %w", list.archive.id, answers[i].Err)
			}
			indexes[i], err = list.read(answers[i].Data, l.arch, l.foreign)
			return err
		})
	}
	return indexes, group.Wait()
}

// contents fetches lists, but for those that were found already.
func (l *loader) contents(ctx context.Context, lists []*packageList) []fetch.Answer {
	answers := make([]fetch.Answer, len(lists))
	var requests []fetch.Request
	var places []int
	for i, list := range lists {
		if answers[i].Data = list.found; list.found == nil {
			requests, places = append(requests, list.request), append(places, i)
		}
	}
	for i, answer := range l.fetch.Fetch(ctx, requests) {
		answers[places[i]] = answer
	}
	return answers
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
	// found is its content, where no Release lists it.
	found []byte
}

// read parses the list.
func (p *packageList) read(data []byte, arch string, foreign []string) (*index.Index, error) {
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
	if release == nil {
		release = &index.Release{}
	}
	return index.ReadIndex(r, index.Options{
		Repository: p.archive.id, Suite: cmp.Or(release.Suite, p.archive.suite), Codename: release.Codename, Component: p.component,
		Origin: release.Origin, Label: release.Label, Version: release.Version, Site: p.archive.site(), Architecture: arch, Foreign: foreign,
		Priority: release.Priority(), MaxBytes: p.maxText(),
	})
}

// maxText is the greatest size of the list without its compression, in bytes: what the
// Release says, or many times what any real list becomes.
func (p *packageList) maxText() int64 {
	most := p.size*40 + 16<<20
	if p.archive.release == nil {
		return min(most, maxList)
	}
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
