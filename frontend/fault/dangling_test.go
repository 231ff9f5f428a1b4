// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"maps"
	"os"
	"path"
	"slices"
	"testing"

	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/llb/plan"
)

// listed is a tree of files, which have the target of a link or are empty, and of the
// directories above them.
func listed(files map[string]string) Lister {
	dirs := map[string][]*fstypes.Stat{}
	seen := map[string]bool{"": true}
	var add func(name string, mode os.FileMode, target string)
	add = func(name string, mode os.FileMode, target string) {
		if seen[name] {
			return
		}
		seen[name] = true
		dir := path.Dir(name)
		if dir == "." {
			dir = ""
		}
		add(dir, os.ModeDir, "")
		dirs[dir] = append(dirs[dir], &fstypes.Stat{Path: name, Mode: uint32(mode), Linkname: target})
	}
	for _, name := range slices.Sorted(maps.Keys(files)) { // as a daemon lists them
		target := files[name]
		mode := os.FileMode(0o644)
		if target != "" {
			mode |= os.ModeSymlink
		}
		add(name, mode, target)
	}
	return func(dir string) ([]*fstypes.Stat, error) { return dirs[dir], nil }
}

func TestDangling(t *testing.T) {
	list := listed(map[string]string{
		"d/a.txt": "", "d/b.txt": "none", "d/c.md": "a.txt", "up": "../../d/a.txt", "linked": "d", "gone": "lost/dir",
		"round": "round", "d/abs": "/d/a.txt", "d/deep/e": "/nowhere",
	})
	for name, want := range map[string]string{
		"d/a.txt": "", "d/c.md": "", "up": "", "d/abs": "", "linked/a.txt": "", "linked/c.md": "",
		"d/b.txt":      `"d/b.txt" is a link to "none", which isn't in the build context`,
		"linked/b.txt": `"linked/b.txt" is a link to "none", which isn't in the build context`,
		"gone/x":       `"gone" is a link to "lost/dir", which isn't in the build context`,
		"d/deep/e":     `"d/deep/e" is a link to "/nowhere", which isn't in the build context`,
		"round":        `"round" is a link to "round", which leads in a circle`,
		"none":         "",
	} {
		got := ""
		if d, ok := danglingOnWay(list, name); ok {
			got = d.words(plan.Tree{Kind: plan.Main})
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for pattern, want := range map[string]string{
		"d/*.txt": "d/b.txt", "d/*.md": "", "*/b.*": "d/b.txt", "linked/?.txt": "linked/b.txt", "g*/x": "", "g*": "gone", "d/*/e": "d/deep/e", "[": "",
	} {
		if d, _ := danglingMatch(list, pattern); d.name != want {
			t.Errorf("%s: %q, want %q", pattern, d.name, want)
		}
	}
}

func TestFollow(t *testing.T) {
	list := listed(map[string]string{"real/sub/a": "", "lnk": "real", "real/in": "/lnk/sub"})
	for p, want := range map[string]string{
		"": "/", "/": "/", "lnk/sub": "/real/sub", "lnk/in/a": "/real/sub/a", "none/x": "/none/x", "lnk/../lnk": "/real",
	} {
		if got, err := list.Follow(p); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", p, got, err, want)
		}
	}
}
