// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk" // registers the format
	"github.com/goreleaser/nfpm/v2/files"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
)

// readPackages reads real packages: Alpine's and Wolfi's, which come with
// go-apk's tests, and one that nfpm makes.
func readPackages(dir string) (string, error) {
	var names []string
	for _, pattern := range []string{"*.apk", "*/*.apk"} {
		found, err := filepath.Glob(filepath.Join(dir, "pkg/apk/testdata", pattern))
		if err != nil {
			return "", err
		}
		names = append(names, found...)
	}
	total, count := 0, 0
	check := func(name string, data []byte) error {
		n, err := readPackage(data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		total += n
		count++
		return nil
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err == nil {
			err = check(filepath.Base(name), data)
		}
		if err != nil {
			return "", err
		}
	}
	made, err := makePackage()
	if err == nil {
		err = check("the one that nfpm makes", made)
	}
	return fmt.Sprintf("packages: %d read, with %d files", count, total), err
}

// readPackage reads all of a package and returns how many files it has.
func readPackage(data []byte) (int, error) {
	a, err := archive.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	r, err := a.Data()
	if err != nil {
		return 0, err
	}
	n := 0
	for tr := tar.NewReader(r); ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			_, err = archive.FileChecksum(h)
		}
		if err != nil {
			return n, err
		}
	}
	_, err = io.Copy(io.Discard, r)
	return n, err
}

func makePackage() ([]byte, error) {
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "made", Arch: "amd64", Version: "1.2.3", Release: "r4", Maintainer: "Nobody <nobody@example.org>", Description: "made up",
		Overridables: nfpm.Overridables{
			Depends: []string{"musl>1"}, Provides: []string{"cmd:made=1"}, Replaces: []string{"older"},
			Contents: files.Contents{
				{Destination: "/usr/bin/made", Source: "go.mod", FileInfo: &files.ContentFileInfo{Mode: 0o755}},
				{Destination: "/usr/bin/link", Source: "made", Type: files.TypeSymlink},
			},
		},
	})
	pkg, err := nfpm.Get("apk")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := nfpm.PrepareForPackager(info, "apk"); err != nil {
		return nil, err
	}
	err = pkg.Package(info, &b)
	return b.Bytes(), err
}
