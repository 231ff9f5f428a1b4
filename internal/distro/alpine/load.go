// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"context"
	"fmt"
	"slices"

	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/distro/alpine/resolve"
	"github.com/strata-build/strata/internal/fetch"
)

// maxIndex is the greatest size of an index, in bytes: Alpine's greatest has 2 MB.
const maxIndex = 128 << 20

// readIndexes reads the indexes of repositories, side by side, and checks who signed
// them.
func readIndexes(ctx context.Context, from fetch.Fetcher, arch string, repositories []*repository) ([]*index.Index, error) {
	requests := make([]fetch.Request, len(repositories))
	for i, r := range repositories {
		requests[i].Name, requests[i].Limit = "load the index of "+r.id, maxIndex
		for _, uri := range r.uris {
			requests[i].URLs = append(requests[i].URLs, index.Repository{URL: uri}.IndexURL(arch))
		}
		requests[i].Valid = func(data []byte) error {
			_, err := r.read(data, arch)
			return err
		}
	}
	out := make([]*index.Index, len(repositories))
	for i, answer := range from.Fetch(ctx, requests) {
		r := repositories[i]
		if answer.Err != nil {
			return nil, fmt.Errorf("repository %s: read APKINDEX.tar.gz for %s: %w", r.id, arch, answer.Err)
		}
		read, err := r.read(answer.Data, arch)
		if err != nil {
			return nil, err
		}
		r.index, out[i] = read, read
	}
	return out, nil
}

// read checks who signed an index, and reads it.
func (r *repository) read(data []byte, arch string) (*index.Index, error) {
	return index.ReadIndex(data, r.keys, index.Options{Repository: r.id, Tag: r.tag, Architecture: arch, Trusted: r.isTrusted()})
}

// batchSize is how many bytes of packages are read at a time.
const batchSize = 64 << 20

// verify reads every package of a repository once, and holds it to its index.
func (v *verified) verify(ctx context.Context, from fetch.Fetcher, repositories []*repository, s *resolve.Solution) error {
	uris := map[string][]string{}
	for _, r := range repositories {
		uris[r.id] = r.uris
	}
	listed := slices.DeleteFunc(slices.Clone(s.Packages), func(p resolve.Package) bool { return p.Repository == filesID })
	for rest := listed; len(rest) > 0; {
		n, size := 1, rest[0].Size
		for n < len(rest) && size+rest[n].Size <= batchSize {
			size += rest[n].Size
			n++
		}
		batch := rest[:n]
		rest = rest[n:]
		requests, sums := make([]fetch.Request, n), make([]string, n)
		for i, p := range batch {
			requests[i].Name, requests[i].Size = "load "+p.Name+" "+p.Version, p.Size
			for _, uri := range uris[p.Repository] {
				requests[i].URLs = append(requests[i].URLs, uri+"/"+p.Path)
			}
			requests[i].Valid = func(data []byte) error {
				sum, err := resolve.Verify(&p, data)
				sums[i] = sum
				return err
			}
		}
		for i, answer := range from.Fetch(ctx, requests) {
			p := &batch[i]
			if answer.Err != nil {
				return fmt.Errorf("read the package %s %s: %w", p.Name, p.Version, answer.Err)
			}
			if sums[i] == "" {
				sum, err := resolve.Verify(p, answer.Data)
				if err != nil {
					return err
				}
				sums[i] = sum
			}
			err := v.add(p.Name, sums[i], answer.Data)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
