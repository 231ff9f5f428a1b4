// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"fmt"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// Unpack unpacks packages side by side into the empty directory out, and writes
// what Install needs to know of them into the empty directory meta. The directory
// image has the directories and links of the image they are for; it is empty for
// scratch. A path that two packages have is that of the one that apk would leave it to.
func Unpack(ctx context.Context, files []string, out, meta, image string, expected []packages.Expected) error {
	unix.Umask(0)
	t, err := unpack.Open(out)
	if err != nil {
		return err
	}
	defer t.Close()
	known, err := unpack.Each(ctx, files, func(_ context.Context, f unpack.Opened) (*Package, error) {
		_, p, err := openFile(f, packages.Of(expected, f.Name()))
		return p, err
	})
	if err != nil {
		return err
	}
	if t.Prefer, err = preferred(known); err != nil {
		return err
	}
	g := &group{}
	g.Packages, err = unpack.Each(ctx, files, func(ctx context.Context, f unpack.Opened) (*Package, error) {
		return unpackFile(ctx, f, t, skeleton(image), packages.Of(expected, f.Name()))
	})
	if err != nil {
		return err
	}
	if g.Conflicts, err = t.Finish(); err != nil {
		return err
	}
	return g.Write(meta)
}

// preferred says of two packages, by their places among those that are unpacked,
// whether a file that both have is the first one's: one has it from when it is installed,
// until another one takes it.
func preferred(all []*Package) (func(first, second int) bool, error) {
	order, err := ordered([]*group{{Packages: all}})
	if err != nil {
		return nil, err
	}
	installed := map[*Package]int{}
	for i, p := range order {
		installed[p] = i
	}
	return func(first, second int) bool {
		a, b := all[first], all[second]
		if installed[a] < installed[b] {
			return a.claim().keeps(b.claim())
		}
		return !b.claim().keeps(a.claim())
	}, nil
}

// openFile reads what a package says of itself, which must be what is expected of its
// file.
func openFile(f unpack.Opened, want packages.Expected) (*archive.Archive, *Package, error) {
	if err := want.CheckFile(f, f.Size); err != nil {
		return nil, nil, fmt.Errorf("unpack %s: %w", filepath.Base(f.Name()), err)
	}
	a, err := archive.Open(f, f.Size)
	if err == nil {
		err = want.Check(a.Info.Name, a.Info.Version, want.Arch)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("unpack %s: %w", filepath.Base(f.Name()), err)
	}
	return a, &Package{Info: a.Info, Checksum: a.Checksum, Size: a.Size, Scripts: a.Scripts}, nil
}

func unpackFile(ctx context.Context, f unpack.Opened, t *unpack.Tree, image skeleton, want packages.Expected) (*Package, error) {
	a, p, err := openFile(f, want)
	if err != nil {
		return nil, err
	}
	u := &unpacker{tree: t, image: image, by: f.Index, p: p}
	if err := u.unpack(ctx, a); err != nil {
		return nil, fmt.Errorf("unpack package %s %s: %w", a.Info.Name, a.Info.Version, err)
	}
	return u.p, nil
}

// databases are the directories that are apk's own.
func databases() []string { return []string{"/lib/apk/db", "/usr/lib/apk/db"} }

// isDatabase reports whether a path is in one of them.
func isDatabase(p string) bool {
	for _, dir := range databases() {
		if p == dir || path.Dir(p) == dir {
			return true
		}
	}
	return false
}
