// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/registry"
)

// listing is an index of what is about a manifest, under the tag that stands for that
// in a layout.
type listing struct {
	manifest
	tag string
}

// listings are the indexes of what is attached. What a layout has of them already is
// read by old, which gives nothing for none.
func listings(all []attached, old func(tag string) ([]byte, error)) ([]listing, error) {
	var out []listing
	at := map[v1.Hash]int{}
	for _, a := range all {
		if a.tag != "" {
			continue
		}
		i, ok := at[a.subject]
		if !ok {
			l := listing{tag: registry.ReferrersTag(a.subject)}
			var err error
			if l.raw, err = old(l.tag); err != nil {
				return nil, fmt.Errorf("read referrers of %s: %w", a.subject, err)
			}
			i, at[a.subject] = len(out), len(out)
			out = append(out, l)
		}
		raw, err := registry.AppendReferrer(out[i].raw, a.Descriptor, a.raw)
		if err != nil {
			return nil, fmt.Errorf("list referrers of %s: %w", a.subject, err)
		}
		if raw != nil {
			out[i].raw = raw
		}
	}
	for i, l := range out {
		h, size, err := v1.SHA256(bytes.NewReader(l.raw))
		if err != nil {
			return nil, err
		}
		out[i].Descriptor = v1.Descriptor{MediaType: types.OCIImageIndex, Digest: h, Size: size}
	}
	return out, nil
}

// layoutEntries are the entries of a layout's index for the root, for what cosign
// finds by its tag, and for the indexes of referrers.
func layoutEntries(root v1.Descriptor, p *plan, lists []listing) []v1.Descriptor {
	var entries []v1.Descriptor
	for _, a := range p.attached {
		if a.tag != "" {
			entries = append(entries, named(a.Descriptor, a.tag))
		}
	}
	for _, l := range lists {
		entries = append(entries, named(l.Descriptor, l.tag))
	}
	return append(entries, root)
}
