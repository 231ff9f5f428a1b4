// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// LayerListings describes every layer of the image for an architecture, in the
// archive's own order, one text a layer and one line an entry:
//
//	TYPE MODE UID:GID SIZE TIME PATH [-> LINK] [sha256:…] [name=value]
func (l *Layout) LayerListings(t testing.TB, arch string) []string {
	t.Helper()
	layers, err := l.Image(t, arch).Layers()
	if err != nil {
		t.Fatalf("read layers: %v", err)
	}
	listings := make([]string, len(layers))
	for i, layer := range layers {
		if listings[i], err = listLayer(layer); err != nil {
			t.Fatalf("list layer %d: %v", i, err)
		}
	}
	return listings
}

func listLayer(layer v1.Layer) (string, error) {
	stream, err := layer.Uncompressed()
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var b strings.Builder
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		line, err := describeEntry(h, r)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, line)
	}
}

func describeEntry(h *tar.Header, content io.Reader) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %04o %d:%d %d %s %s", entryLetter(h.Typeflag), h.Mode&0o7777, h.Uid, h.Gid, h.Size,
		h.ModTime.UTC().Format("2006-01-02T15:04:05.999999999"), h.Name)
	if h.Linkname != "" {
		fmt.Fprintf(&b, " -> %s", h.Linkname)
	}
	if h.Typeflag == tar.TypeReg {
		sum := sha256.New()
		if _, err := io.Copy(sum, content); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, " sha256:%x", sum.Sum(nil))
	}
	for _, record := range slices.Sorted(maps.Keys(h.PAXRecords)) {
		if name, ok := strings.CutPrefix(record, "SCHILY.xattr."); ok {
			fmt.Fprintf(&b, " %s=%x", name, h.PAXRecords[record])
		}
	}
	return b.String(), nil
}

func entryLetter(flag byte) string {
	switch flag {
	case tar.TypeReg:
		return "-"
	case tar.TypeDir:
		return "d"
	case tar.TypeSymlink:
		return "l"
	case tar.TypeLink:
		return "h"
	case tar.TypeChar:
		return "c"
	case tar.TypeBlock:
		return "b"
	default:
		return "p"
	}
}
