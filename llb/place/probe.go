// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// Prober looks into states while the graph is being made. Its methods may be
// called at the same time.
type Prober interface {
	// List returns what is in a directory, whose path is absolute: an error that
	// satisfies errors.Is(err, fs.ErrNotExist) or a nil slice where there is
	// nothing. Links of the path are followed.
	List(ctx context.Context, st bk.State, dir string) ([]*fstypes.Stat, error)
	// Open opens a state to read files.
	Open(ctx context.Context, st bk.State) (tree.Tree, error)
}

// probe is the directories and links of a base, read as they are asked for. A
// base is never opened itself: an exact copy of the wanted paths is, which
// BuildKit keeps, so that a cached build doesn't pull the base.
type probe struct {
	prober Prober
	base   bk.State
	known  map[string]*node
}

func newProbe(p Prober, base bk.State) *probe {
	return &probe{prober: p, base: base, known: map[string]*node{}}
}

func (p *probe) lookup(ctx context.Context, name string) (node, bool, error) {
	if name == "/" {
		return node{mode: 0o755}, true, nil
	}
	if _, ok := p.known[name]; !ok {
		if err := p.expect(ctx, name); err != nil {
			return node{}, false, err
		}
	}
	if n := p.known[name]; n != nil {
		return *n, true, nil
	}
	return node{}, false, nil
}

// expect reads all of paths at once, with what is above them.
func (p *probe) expect(ctx context.Context, paths ...string) error {
	want := map[string]bool{}
	for _, name := range paths {
		for _, a := range append(ancestors(name), name) {
			if _, ok := p.known[a]; !ok {
				want[a] = true
			}
		}
	}
	if len(want) == 0 {
		return nil
	}
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	slices.Sort(names)
	exact := p.exactCopy(names)
	var dirs []string
	for _, name := range names {
		dirs = append(dirs, path.Dir(name))
		p.known[name] = nil
	}
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a, b)) })
	dirs = slices.Compact(dirs)
	together := len(dirs) <= fewDirs
	for len(dirs) > 0 {
		n := 1
		for n < len(dirs) && (together || depth(dirs[n]) == depth(dirs[0])) {
			n++
		}
		if err := p.readDirs(ctx, exact, dirs[:n], want, together); err != nil {
			return err
		}
		dirs = dirs[n:]
	}
	return nil
}

// exactCopy is a state that holds the named paths and nothing below them.
func (p *probe) exactCopy(names []string) bk.State {
	include := make([]string, 0, len(names))
	exclude := make([]string, 0, 2*len(names))
	for _, name := range names {
		pattern := escapePattern(strings.TrimPrefix(name, "/"))
		include = append(include, pattern)
		exclude = append(exclude, pattern+"/*")
	}
	for _, pattern := range include {
		if strings.Contains(pattern, "/") {
			exclude = append(exclude, "!"+pattern)
		}
	}
	return bk.Scratch().File(bk.Copy(p.base, "/", "/", &bk.CopyInfo{
		CopyDirContentsOnly: true,
		IncludePatterns:     include,
		ExcludePatterns:     exclude,
	}), bk.WithCustomName("[internal] look at the base's directories"))
}

// fewDirs are so many that they are read without waiting for those above them, which may
// show that they aren't there: an answer takes longer than some more questions.
const fewDirs = 8

// readDirs reads directories at once, those above others first in the list. With unseen,
// wanted ones are read that may be none: of those that turn out so nothing counts, not even
// an error.
func (p *probe) readDirs(ctx context.Context, st bk.State, dirs []string, want map[string]bool, unseen bool) error {
	found, failed := make([][]*fstypes.Stat, len(dirs)), make([]error, len(dirs))
	var group sync.WaitGroup
	for i, dir := range dirs {
		if p.isDir(dir) || unseen && want[dir] {
			group.Go(func() { found[i], failed[i] = p.prober.List(ctx, st, dir) })
		}
	}
	group.Wait()
	for i, dir := range dirs {
		if !p.isDir(dir) {
			continue
		}
		if err := failed[i]; err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing of what was asked for is in it
			return fmt.Errorf("read directory %s of the base: %w", dir, err)
		}
		p.note(dir, found[i], want)
	}
	return nil
}

// isDir reports whether a path is known to be a directory.
func (p *probe) isDir(name string) bool {
	n := p.known[name]
	return name == "/" || n != nil && n.isDir()
}

// note remembers what of a directory was asked for.
func (p *probe) note(dir string, stats []*fstypes.Stat, want map[string]bool) {
	for _, s := range stats {
		name := path.Join(dir, path.Base(s.Path))
		if !want[name] {
			continue
		}
		if mode := os.FileMode(s.Mode); mode.IsDir() || mode&os.ModeSymlink != 0 {
			p.known[name] = &node{
				link: s.Linkname,
				mode: tree.UnixMode(mode),
				uid:  int(s.Uid),
				gid:  int(s.Gid),
			}
		}
	}
}

// depth is how many components a clean absolute path has.
func depth(p string) int { return len(ancestors(p)) + min(len(p)-1, 1) }

// escapePattern makes a name stand for itself in a .dockerignore pattern.
func escapePattern(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if strings.IndexByte(`*?[]\!#`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return plan.AtEnds(b.String())
}
