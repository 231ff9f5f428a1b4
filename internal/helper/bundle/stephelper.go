// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package bundle finds the step helper, the small static binary that works
// inside the steps of a build, and hands it to a build as a local source.
//
// A release of the command line carries one helper for each architecture; a
// plain build finds them as files beside itself. The daemon asks for a helper
// only when a step needs it, so a missing one is an error then and not before.
package bundle

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/internal/helper/program"
)

// Source is the name of the local source that holds the helpers.
const Source = program.Source

// dirEnv names the directory that holds the helpers when they lie elsewhere.
const dirEnv = "STRATA_STEP_DIR"

// Mount is the local source with the helpers, one file strata-step-ARCH for
// each architecture there is one for.
func Mount() (fsutil.FS, error) {
	if files, ok, err := embedded(); ok || err != nil {
		return &mount{files: files}, err
	}
	dirs := []string{}
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			dirs = append(dirs, filepath.Dir(exe))
		}
	}
	if dir := os.Getenv(dirEnv); dir != "" {
		dirs = append(dirs, dir)
	}
	return find(dirs), nil
}

// find looks for helpers in dirs, the first one first.
func find(dirs []string) fsutil.FS {
	for _, dir := range dirs {
		if files := scan(dir); len(files) > 0 {
			return &mount{files: files}
		}
	}
	return &mount{missing: &MissingError{Dirs: dirs}}
}

// scan finds the helpers in one directory. A file without an architecture in its
// name is this machine's.
func scan(dir string) map[string]*helper {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // a directory that cannot be read holds no helper
	}
	files := map[string]*helper{}
	for _, entry := range entries {
		name := entry.Name()
		if name != Source && !strings.HasPrefix(name, Source+"-") {
			continue
		}
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || !fi.Mode().IsRegular() {
			continue
		}
		own := program.File(runtime.GOARCH)
		if name != Source {
			files[name] = newHelper(os.DirFS(dir), name, name)
		} else if files[own] == nil {
			files[own] = newHelper(os.DirFS(dir), name, own)
		}
	}
	return files
}

// MissingError says that a step needs a helper that is nowhere.
type MissingError struct {
	// Dirs are the directories that were looked through.
	Dirs []string
}

// Error says where the helper was looked for and how to get it.
func (e *MissingError) Error() string {
	return fmt.Sprintf("the step helper strata-step is not in %s: run \"go build ./cmd/strata-step\" beside strata, or set %s",
		strings.Join(e.Dirs, " or "), dirEnv)
}

// helper is one file. It is read when its bytes or their checksum are asked for, for the
// checksum once.
type helper struct {
	fsys fs.FS
	path string
	// stat is what the daemon is told of the file.
	stat func() (*types.Stat, error)
}

// newHelper is the helper at path, which the mount shows by name.
func newHelper(fsys fs.FS, path, name string) *helper {
	h := &helper{fsys: fsys, path: path}
	h.stat = sync.OnceValues(func() (*types.Stat, error) { return h.read(name) })
	return h
}

// read sums up the helper. Its time comes from its bytes: the daemon takes files of one
// size and time for equal, and embedded ones have no time. The checksum is CRC-32C, which
// processors have an instruction for: it stands against accidents, and SHA-256 took 14 ms.
func (h *helper) read(name string) (*types.Stat, error) {
	f, err := h.fsys.Open(h.path)
	if err != nil {
		return nil, fmt.Errorf("open step helper: %w", err)
	}
	defer f.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	size, err := io.Copy(sum, f)
	if err != nil {
		return nil, fmt.Errorf("read step helper: %w", err)
	}
	return &types.Stat{Path: name, Mode: mode, Size: size, ModTime: int64(sum.Sum32()) * 1e9}, nil
}

// mode is every helper's mode.
const mode = 0o755

// entry is a helper in the listing of its directory.
type entry struct {
	name string
	*helper
}

var _ fs.DirEntry = entry{}

func (e entry) Name() string      { return e.name }
func (e entry) IsDir() bool       { return false }
func (e entry) Type() fs.FileMode { return 0 }

// Info reads the helper, so a listing out of which some are chosen reads those alone.
func (e entry) Info() (fs.FileInfo, error) {
	stat, err := e.stat()
	if err != nil {
		return nil, err
	}
	return &fsutil.StatInfo{Stat: stat.Clone()}, nil
}

// mount shows helpers as the files of one directory.
type mount struct {
	files   map[string]*helper
	missing error
}

var _ fsutil.FS = (*mount)(nil)

// Walk calls fn for each helper, in the order of their names.
func (m *mount) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	if m.missing != nil {
		return m.missing
	}
	target = strings.Trim(filepath.ToSlash(target), "/.")
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		if target != "" && target != name {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(name, entry{name, m.files[name]}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Open opens the helper of that name.
func (m *mount) Open(name string) (io.ReadCloser, error) {
	h, ok := m.files[strings.TrimPrefix(filepath.ToSlash(name), "/")]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return h.fsys.Open(h.path)
}
