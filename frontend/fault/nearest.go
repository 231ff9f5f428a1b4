// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// Lister lists a directory of a tree, given without a slash at the start.
type Lister func(dir string) ([]*fstypes.Stat, error)

// Nearest finds the path that a misspelt one was meant to be; empty when there
// is none. Each part of the path may be misspelt.
func Nearest(list Lister, name string) string {
	found := ""
	parts := strings.Split(name, "/")
	for i, part := range parts {
		stats, err := list(found)
		if err != nil {
			return ""
		}
		var among []string
		for _, stat := range stats {
			if last := i == len(parts)-1; last || os.FileMode(stat.Mode).IsDir() {
				among = append(among, path.Base(stat.Path))
			}
		}
		if !slices.Contains(among, part) {
			part = spell.Suggest(part, among)
		}
		if part == "" {
			return ""
		}
		found = path.Join(found, part)
	}
	if found == name {
		return "" // it is there: something else is wrong
	}
	return found
}

// exists reports whether a path is listed.
func exists(list Lister, name string) bool {
	if list == nil {
		return false
	}
	dir, _ := path.Split(name)
	stats, err := list(strings.TrimSuffix(dir, "/"))
	return err == nil && slices.ContainsFunc(stats, func(s *fstypes.Stat) bool { return path.Base(s.Path) == path.Base(name) })
}
