// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Listing is a file tree as text, a line a file: mode, owner, time, path, and
// what a file holds or a link points to. The applets of busybox, which every
// case has, are left out.
func Listing(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := describe(t, p, info)
		if !strings.HasSuffix(line, "busybox") {
			st := info.Sys().(*syscall.Stat_t)
			fmt.Fprintf(&b, "%s %d:%d %d %s%s\n", info.Mode(), st.Uid, st.Gid, info.ModTime().Unix(), strings.TrimPrefix(p, root), line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// describe is what a file holds or where a link points.
func describe(t *testing.T, p string, info fs.FileInfo) string {
	t.Helper()
	st := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(p)
		if err != nil {
			t.Fatal(err)
		}
		return " -> " + target
	case !info.Mode().IsRegular():
		return ""
	case info.Size() > 1024:
		return fmt.Sprintf(" %d bytes", info.Size())
	}
	data, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	links := ""
	if st.Nlink > 1 {
		links = fmt.Sprintf(" (%d links)", st.Nlink)
	}
	return fmt.Sprintf("%s %q", links, data)
}
