// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// A Repository is a line of /etc/apk/repositories.
type Repository struct {
	URL string // without a slash at the end
	Tag string // only packages that are asked for with @tag may come from it
}

// IndexURL is the address of the index for an architecture.
func (r Repository) IndexURL(arch string) string { return r.URL + "/" + arch + "/APKINDEX.tar.gz" }

// ParseRepositories reads /etc/apk/repositories.
func ParseRepositories(text string) ([]Repository, error) {
	var all []Repository
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		var r Repository
		if tag, ok := strings.CutPrefix(words[0], "@"); ok {
			if r.Tag, words = tag, words[1:]; tag == "" || len(words) == 0 {
				return nil, fmt.Errorf("read repositories: line %d: %.200q has a tag and no address, or no tag after the @", n, line)
			}
		}
		if len(words) != 1 {
			return nil, fmt.Errorf("read repositories: line %d: %.200q: want an address, and perhaps a @tag in front", n, line)
		}
		if r.URL = strings.TrimRight(words[0], "/"); r.URL == "" || strings.Contains(r.URL, "$") {
			return nil, fmt.Errorf("read repositories: line %d: %.200q is not an address that is supported here", n, line)
		}
		all = append(all, r)
	}
	return all, nil
}

// ParseWorld reads /etc/apk/world. It never returns nil.
func ParseWorld(text string) ([]control.Relation, error) {
	world, err := control.ParseRelations(text)
	if err != nil {
		return nil, fmt.Errorf("read what was asked for in the base: %w", err)
	}
	return world, nil
}
