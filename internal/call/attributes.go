// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Attributes are those of a directory: the permission bits with setuid, setgid and sticky,
// and the numbers of its owner.
type Attributes struct {
	Mode     uint32
	UID, GID int
}

// eachDirectory repeats an option for each directory, as MODE:UID:GID:PATH.
func eachDirectory(name string, dirs map[string]Attributes) []string {
	words := make([]string, 0, len(dirs))
	for _, p := range slices.Sorted(maps.Keys(dirs)) {
		words = append(words, fmt.Sprintf("%04o:%d:%d:%s", dirs[p].Mode, dirs[p].UID, dirs[p].GID, p))
	}
	return Each(name, words)
}

// directories reads what eachDirectory wrote.
func directories(into *map[string]Attributes) func(word string) error {
	return func(word string) error {
		f := strings.SplitN(word, ":", 4)
		if len(f) != 4 || !strings.HasPrefix(f[3], "/") {
			return errors.New("want MODE:UID:GID:PATH")
		}
		mode, err := strconv.ParseUint(f[0], 8, 12)
		if err != nil {
			return fmt.Errorf("read mode: %w", err)
		}
		var ids [2]uint64
		for i := range ids {
			if ids[i], err = strconv.ParseUint(f[i+1], 10, 32); err != nil {
				return fmt.Errorf("read owner: %w", err)
			}
		}
		if *into == nil {
			*into = map[string]Attributes{}
		}
		(*into)[f[3]] = Attributes{Mode: uint32(mode), UID: int(ids[0]), GID: int(ids[1])}
		return nil
	}
}

// eachLink repeats an option for each link, as PATH//TARGET.
func eachLink(name string, links map[string]string) []string {
	words := make([]string, 0, len(links))
	for _, p := range slices.Sorted(maps.Keys(links)) {
		words = append(words, p+"//"+links[p])
	}
	return Each(name, words)
}

// links reads what eachLink wrote.
func links(into *map[string]string) func(word string) error {
	return func(word string) error {
		p, target, ok := strings.Cut(word, "//")
		if !ok || !strings.HasPrefix(p, "/") || target == "" {
			return errors.New("want PATH//TARGET")
		}
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[p] = target
		return nil
	}
}
