// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/compress"
)

// Info is what is known of a store path.
type Info struct {
	// Path is the store path, with its store.
	Path string
	// NarHash is the SHA-256 of the path's archive, NarSize its length in bytes.
	NarHash digest.Digest
	NarSize int64
	// References are store paths, sorted; the path itself may be among them.
	References []string
	// Deriver is the store path of the derivation that it was built from, or empty.
	Deriver string
	// CA says how the path's hash follows from its contents, or is empty.
	CA string
	// Signatures are name:base64, in a closure of binary caches only the one that holds.
	Signatures []string

	// URL is where the packed archive is, as the cache writes it; empty when there
	// is not an archive but the tree itself.
	URL string
	// Compression is how it is packed: none, xz and so on.
	Compression string
	// FileHash is the packed archive's SHA-256, or empty; FileSize its length in
	// bytes, or 0.
	FileHash digest.Digest
	FileSize int64
}

// maxSignatures bounds the work on a hostile narinfo: each signature is held to all of it.
// Real ones have one or two.
const maxSignatures = 64

// ErrNarinfo says that a text is not a narinfo.
var ErrNarinfo = errors.New("no valid narinfo")

// ParseNarinfo reads a narinfo file. Keys that it doesn't know are nothing to
// it, because caches have some of their own.
func ParseNarinfo(text []byte) (*Info, error) {
	info := &Info{}
	n := narinfo{Info: info, seen: map[string]bool{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%w: %.80q isn't a key and a value", ErrNarinfo, line)
		}
		if err := n.set(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrNarinfo, key, err)
		}
	}
	if err := n.finish(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNarinfo, err)
	}
	return info, nil
}

// narinfo is an Info while it is read.
type narinfo struct {
	*Info
	seen    map[string]bool
	deriver string
}

// set reads one line.
func (n *narinfo) set(key, value string) (err error) {
	if n.seen[key] && key != "Sig" && n.knows(key) {
		return errors.New("it is there twice")
	}
	n.seen[key] = true
	switch key {
	case "StorePath":
		n.Path = value
		err = CheckPath(value)
	case "URL":
		n.URL = value
	case "Compression":
		n.Compression = value
	case "FileHash":
		n.FileHash, err = parseHash(value)
	case "FileSize":
		n.FileSize, err = parseSize(value)
	case "NarHash":
		n.NarHash, err = parseHash(value)
	case "NarSize":
		n.NarSize, err = parseSize(value)
	case "References":
		n.References = strings.Fields(value)
	case "Deriver":
		n.deriver = value
	case "Sig":
		if n.Signatures = append(n.Signatures, value); len(n.Signatures) > maxSignatures {
			err = fmt.Errorf("there are more than %d", maxSignatures)
		}
	case "CA":
		n.CA = value
	}
	return err
}

func (n *narinfo) knows(key string) bool {
	return slices.Contains([]string{
		"StorePath", "URL", "Compression", "FileHash", "FileSize", "NarHash", "NarSize", "References", "Deriver", "CA",
	}, key)
}

// finish checks what needs all lines, and puts the store before names.
func (n *narinfo) finish() error {
	for _, key := range []string{"StorePath", "URL", "NarHash", "NarSize"} {
		if !n.seen[key] {
			return fmt.Errorf("it has no %s", key)
		}
	}
	if n.URL == "" || n.NarSize == 0 {
		return errors.New("its URL or its NarSize is empty")
	}
	if n.Compression == "" {
		// What caches packed with before they could say it.
		n.Compression = compress.Bzip2
	}
	if !slices.Contains(compress.Formats(), n.Compression) {
		// It isn't signed, so it must not be one of the words that steps have besides.
		return fmt.Errorf("in Compression: %w %.40q; known are %s", compress.ErrFormat, n.Compression, strings.Join(compress.Formats(), ", "))
	}
	store := path.Dir(n.Path)
	for i, base := range n.References {
		if err := checkBase(base); err != nil {
			return fmt.Errorf("in References: %w", err)
		}
		n.References[i] = path.Join(store, base)
	}
	n.References = sortedSet(n.References)
	if n.deriver != "" && n.deriver != "unknown-deriver" {
		if err := checkBase(n.deriver); err != nil {
			return fmt.Errorf("in Deriver: %w", err)
		}
		n.Deriver = path.Join(store, n.deriver)
	}
	return nil
}

func parseSize(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number of bytes", text)
	}
	return n, nil
}

// sortedSet sorts in place and drops doubles; it keeps nil for nothing.
func sortedSet(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	return slices.Compact(all)
}
