// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// settleCaches puts caches back as the base has them, or away, that are different
// in every run: man's indexes, whose bytes follow from where on the disk the pages
// are, and lists of fonts in directories that were made or changed just now, which
// hold that time. man and fontconfig do without them.
func settleCaches(root, base rootdir.Root, start time.Time) error {
	var unlike []string
	for _, dir := range []string{"/var/cache/man", "/var/cache/fontconfig"} {
		err := filepath.WalkDir(root.At(dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			is := d.Name() == "index.db"
			if strings.Contains(d.Name(), ".cache-") {
				is, err = isFreshFontCache(p, start)
			}
			if is {
				unlike = append(unlike, strings.TrimPrefix(p, strings.TrimSuffix(string(root), "/")))
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("settle caches: %w", err)
		}
	}
	before, err := base.Remember(unlike)
	if err != nil {
		return fmt.Errorf("settle caches: %w", err)
	}
	return root.Restore(before)
}

// isFreshFontCache reports whether fontconfig's cache of a directory has a time since
// start as the directory's. It stands after a number of four bytes and pointers; see
// FcCache in fontconfig's fcint.h. A cache that isn't for 64 bits counts as fresh.
func isFreshFontCache(file string, start time.Time) (bool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if strings.Contains(file, "-be64.") {
		order = binary.BigEndian
	} else if !strings.Contains(file, "-le64.") {
		return true, nil
	}
	const at = 48
	if len(data) < at+4 {
		return true, nil
	}
	return int64(order.Uint32(data[at:])) >= start.Unix(), nil
}
