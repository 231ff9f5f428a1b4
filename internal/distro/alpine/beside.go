// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"bytes"
	"slices"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// verified is what was read of packages once: the SHA-256 of their files, and the names
// of packages whose files they replace.
type verified struct {
	sums     map[string]string
	replaces map[string][]string
}

// add notes what a package's file, which was held to its index, says of itself.
func (v *verified) add(name, sum string, data []byte) error {
	a, err := archive.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	v.sums[name] = sum
	for _, text := range a.Info.Replaces {
		if r, err := control.ParseRelation(text); err == nil && r.Name != name {
			v.replaces[name] = append(v.replaces[name], r.Name)
		}
	}
	return nil
}

// beside are the packages that are unpacked with others, as one may have files of
// another: each with the first of them by name.
func (v *verified) beside() map[string]string {
	first := map[string]string{}
	var find func(name string) string
	find = func(name string) string {
		if to, ok := first[name]; ok && to != name {
			return find(to)
		}
		return name
	}
	for name, others := range v.replaces {
		for _, other := range others {
			if _, ok := v.sums[other]; ok {
				both := []string{find(name), find(other)}
				slices.Sort(both)
				first[both[1]] = both[0]
			}
		}
	}
	out := map[string]string{}
	for name := range first {
		if to := find(name); to != name {
			out[name] = to
		}
	}
	return out
}
