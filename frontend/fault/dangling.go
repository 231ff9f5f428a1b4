// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/strata-build/strata/internal/inroot"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/llb/plan"
)

// Follow returns where a path of the tree leads to, without links, as an absolute path
// in it.
func (list Lister) Follow(p string) (string, error) {
	at, _, err := inroot.Follow(list.look, p)
	return at, err
}

// look says what is at a path of the tree.
func (list Lister) look(at, _ string) (inroot.Kind, string, error) {
	stat, err := list.stat(at)
	switch {
	case err != nil || stat == nil:
		return inroot.Absent, "", err
	case os.FileMode(stat.Mode).IsDir():
		return inroot.Directory, "", nil
	case os.FileMode(stat.Mode)&os.ModeSymlink != 0:
		return inroot.Link, stat.Linkname, nil
	default:
		return inroot.Other, "", nil
	}
}

// stat is what is at a path; nil if nothing is there.
func (list Lister) stat(at string) (*fstypes.Stat, error) {
	dir, name := path.Split(strings.TrimPrefix(at, "/"))
	stats, err := list(strings.TrimSuffix(dir, "/"))
	if err != nil {
		return nil, err
	}
	for _, stat := range stats {
		if path.Base(stat.Path) == name {
			return stat, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing is there
}

// dangling is a link that leads to nothing.
type dangling struct {
	name, target string
	// circle says that it leads back to itself.
	circle bool
}

func (d dangling) words(in plan.Tree) string {
	if d.circle {
		return fmt.Sprintf("%q is a link to %q, which leads in a circle", d.name, d.target)
	}
	return fmt.Sprintf("%q is a link to %q, which isn't in %s", d.name, d.target, in.Words())
}

// danglingOnWay finds the link on the way to a path, or at its end, that leads to
// nothing.
func danglingOnWay(list Lister, name string) (dangling, bool) {
	for i := range strings.Count(name, "/") + 1 {
		upTo := strings.Join(strings.SplitAfterN(name, "/", i+2)[:i+1], "")
		if d, ok := list.dangles(strings.TrimSuffix(upTo, "/")); ok {
			return d, true
		}
	}
	return dangling{}, false
}

// danglingMatch finds the first match of a pattern that is a link to nothing.
func danglingMatch(list Lister, pattern string) (dangling, bool) {
	for _, name := range list.matching(pattern) {
		if d, ok := danglingOnWay(list, name); ok {
			return d, true
		}
	}
	return dangling{}, false
}

// matching are the paths that match a pattern of path.Match, links to nothing among them.
func (list Lister) matching(pattern string) []string {
	matches := []string{""}
	for part := range strings.SplitSeq(pattern, "/") {
		var below []string
		for _, dir := range matches {
			at, err := list.Follow("/" + dir)
			if err != nil {
				continue
			}
			stats, err := list(strings.TrimPrefix(at, "/"))
			if err != nil {
				continue
			}
			for _, stat := range stats {
				if ok, err := path.Match(part, path.Base(stat.Path)); ok && err == nil {
					below = append(below, path.Join(dir, path.Base(stat.Path)))
				}
			}
		}
		matches = below
	}
	return matches
}

// dangles reports whether there is a link at a path that leads to nothing.
func (list Lister) dangles(name string) (dangling, bool) {
	dir, base := path.Split(name)
	at, err := list.Follow("/" + dir)
	if err != nil {
		return dangling{}, false
	}
	stat, err := list.stat(path.Join(at, base))
	if err != nil || stat == nil || os.FileMode(stat.Mode)&os.ModeSymlink == 0 {
		return dangling{}, false
	}
	to, err := list.Follow(path.Join(at, base))
	if err != nil {
		return dangling{name, stat.Linkname, true}, true
	}
	if found, err := list.stat(to); err != nil || found != nil || to == "/" {
		return dangling{}, false
	}
	return dangling{name, stat.Linkname, false}, true
}
