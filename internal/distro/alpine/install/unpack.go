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
// scratch. The order of the files only decides between packages that have the
// same path.
func Unpack(ctx context.Context, files []string, out, meta, image string, expected []packages.Expected) error {
	unix.Umask(0)
	t, err := unpack.Open(out)
	if err != nil {
		return err
	}
	defer t.Close()
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

func unpackFile(ctx context.Context, f unpack.Opened, t *unpack.Tree, image skeleton, want packages.Expected) (*Package, error) {
	if err := want.CheckFile(f, f.Size); err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(f.Name()), err)
	}
	a, err := archive.Open(f, f.Size)
	if err == nil {
		err = want.Check(a.Info.Name, a.Info.Version, want.Arch)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(f.Name()), err)
	}
	u := &unpacker{tree: t, image: image, by: f.Index, p: &Package{Info: a.Info, Checksum: a.Checksum, Size: a.Size, Scripts: a.Scripts}}
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
