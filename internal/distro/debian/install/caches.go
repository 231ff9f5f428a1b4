// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// settleCaches puts caches back as the base has them, or away, that are different
// in every run: man's indexes, whose bytes follow from where on the disk the pages
// are, and lists of fonts in folders that were made or changed just now, which
// hold that time. man and fontconfig do without them.
func settleCaches(root, base string, start time.Time) error {
	var unlike []string
	for _, dir := range []string{"/var/cache/man", "/var/cache/fontconfig"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			is := d.Name() == "index.db"
			if strings.Contains(d.Name(), ".cache-") {
				is, err = isFreshFontCache(p, start)
			}
			if is {
				unlike = append(unlike, strings.TrimPrefix(p, strings.TrimSuffix(root, "/")))
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("settle caches: %w", err)
		}
	}
	before, err := remember(base, unlike)
	if err != nil {
		return fmt.Errorf("settle caches: %w", err)
	}
	for i := range before {
		before[i].path = filepath.Join(root, strings.TrimPrefix(before[i].path, base))
	}
	return before.restore()
}

// isFreshFontCache tells whether fontconfig's cache of a folder has a time since
// start as the folder's. It stands after a number of four bytes and pointers; see
// FcCache in fontconfig's fcint.h. Of what isn't a cache for 64 bits nobody knows.
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
