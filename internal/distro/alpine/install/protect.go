// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// newSuffix ends the names of packages' files that protected ones stand in the way of.
const newSuffix = ".apk-new"

// Protect leaves files of the base as they are where apk protects them, such as those of
// /etc, and someone changed them or made them: the package's file lies beside such a one,
// unless it is the same. It goes before Install, and before accounts are entered.
func Protect(opt Options) error {
	if opt.Base == "" {
		return nil
	}
	groups, db, err := opt.read()
	if err != nil {
		return err
	}
	known, err := db.checksums()
	if err != nil {
		return err
	}
	rules, err := readProtected(opt.Base)
	if err != nil {
		return err
	}
	for _, g := range groups {
		for _, p := range g.Packages {
			for i := range p.Files {
				if f := &p.Files[i]; !f.Directory && rules.protect(dirOf(f.Path)) {
					if err := protect(opt, f, known); err != nil {
						return fmt.Errorf("keep /%s: %w", f.Path, err)
					}
				}
			}
		}
	}
	return nil
}

// checksums are those of the files that packages have, by apk's paths.
func (db *database) checksums() (map[string]string, error) {
	known := map[string]string{}
	for _, r := range db.installed {
		files, err := r.Files()
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if !f.Directory {
				known[f.Path] = f.Checksum
			}
		}
	}
	return known, nil
}

// protect puts a file of the base back if it isn't as its package had it.
func protect(opt Options, f *File, known map[string]string) error {
	from, at := filepath.Join(opt.Base, f.At), filepath.Join(opt.Root, f.At)
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	has, err := checksumAt(from)
	if err != nil {
		return err
	}
	if was, owned := known[f.Path]; owned && (was == has || was == "") {
		return nil
	}
	comes, err := checksumAt(at)
	if err != nil {
		return err
	}
	if comes == has {
		err = os.Remove(at)
	} else {
		err = os.Rename(at, at+newSuffix)
	}
	return errors.Join(err, copyFile(from, at, info))
}

// copyFile copies a file or a link with its mode, owner and time.
func copyFile(from, to string, info fs.FileInfo) error {
	var st unix.Stat_t
	if err := unix.Lstat(from, &st); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return errors.Join(os.Symlink(target, to), os.Lchown(to, int(st.Uid), int(st.Gid)))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, data, 0o600), os.Lchown(to, int(st.Uid), int(st.Gid)), unix.Chmod(to, st.Mode&0o7777),
		os.Chtimes(to, info.ModTime(), info.ModTime()))
}

// A protectedPath is a line of /etc/apk/protected_paths.d: a pattern of directories, whose
// files are protected, or aren't.
type protectedPath struct {
	pattern []string
	ignored bool
}

type protectedPaths []protectedPath

// readProtected reads the paths that apk protects in an image; those of /etc always.
func readProtected(root string) (protectedPaths, error) {
	rules := protectedPaths{{pattern: []string{"etc"}}}
	files, err := filepath.Glob(filepath.Join(root, "etc/apk/protected_paths.d/*.list"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			pattern := strings.Trim(strings.TrimLeft(line[:1], "-+@!")+line[1:], "/")
			rules = append(rules, protectedPath{strings.Split(pattern, "/"), line[0] == '-'})
		}
	}
	return rules, nil
}

// protect reports whether files of a directory are protected: the rule for the directory
// counts, or that for the next one above it that has one; of several the last.
func (rules protectedPaths) protect(dir string) bool {
	parts := strings.Split(dir, "/")
	protected, depth := false, 0
	for _, rule := range rules {
		if n := len(rule.pattern); n >= depth && n <= len(parts) && rule.matches(parts[:n]) {
			protected, depth = !rule.ignored, n
		}
	}
	return protected
}

func (p protectedPath) matches(parts []string) bool {
	for i, pattern := range p.pattern {
		if ok, err := path.Match(pattern, parts[i]); !ok || err != nil {
			return false
		}
	}
	return true
}
