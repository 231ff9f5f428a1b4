// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing/iotest"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/plan"
)

func digestOf(a plan.Archive) digest.Digest { return digest.Digest(a.Digest) }

// An entry is a file of an image, without its time.
type entry struct {
	what string
	// time is in seconds; -1 for directories and links, where it doesn't matter.
	time int64
}

// A tree is the files of an image.
type tree map[string]entry

// read fills the tree from a tar archive.
func (t tree) read(r io.Reader) error {
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e := entry{what: fmt.Sprintf("%c %04o %d:%d", h.Typeflag, h.Mode, h.Uid, h.Gid), time: -1}
		switch h.Typeflag {
		case tar.TypeReg:
			sum := sha256.New()
			if _, err := io.Copy(sum, canonical(h.Name, archive)); err != nil {
				return err
			}
			e.what += fmt.Sprintf(" %d bytes %.12x", h.Size, sum.Sum(nil))
			e.time = h.ModTime.Unix()
		case tar.TypeSymlink, tar.TypeLink:
			e.what += " to " + h.Linkname
		case tar.TypeChar, tar.TypeBlock:
			e.what += fmt.Sprintf(" %d,%d", h.Devmajor, h.Devminor)
		}
		for _, name := range slices.Sorted(maps.Keys(h.PAXRecords)) {
			if strings.HasPrefix(name, "SCHILY.xattr.") {
				e.what += fmt.Sprintf(" %s=%x", name, h.PAXRecords[name])
			}
		}
		t["/"+strings.Trim(strings.TrimPrefix(h.Name, "./"), "/")] = e
	}
}

// canonical is a file's content, its parts sorted where their order has no meaning:
// dpkg keeps the triggers in the order in which packages were unpacked, and apt its
// notes on why packages are there by hashes of their names.
func canonical(name string, r io.Reader) io.Reader {
	part := map[string]string{"triggers/File": "\n", "apt/extended_states": "\n\n"}[path.Base(path.Dir(name))+"/"+path.Base(name)]
	if part == "" {
		return r
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return iotest.ErrReader(err)
	}
	parts := strings.SplitAfter(string(text), part)
	slices.Sort(parts)
	return strings.NewReader(strings.Join(parts, ""))
}

// differences are how the second tree differs from the first. A file that was
// made since the start, in seconds, has the time 0 in the second where fixed is
// set.
func differences(a, b tree, start int64) []string {
	var out []string
	paths := map[string]bool{}
	for p := range a {
		paths[p] = true
	}
	for p := range b {
		paths[p] = true
	}
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		x, inA := a[p]
		y, inB := b[p]
		for _, e := range []*entry{&x, &y} {
			if e.time >= start {
				e.time = 0
			}
		}
		switch {
		case isStub(p):
		case !inB:
			out = append(out, fmt.Sprintf("%s\n  has  %s\n  lacks", p, x.what))
		case !inA:
			out = append(out, fmt.Sprintf("%s\n  lacks\n  has  %s", p, y.what))
		case x != y:
			out = append(out, fmt.Sprintf("%s\n  has  %s, time %d\n  has  %s, time %d", p, x.what, x.time, y.what, y.time))
		}
	}
	return out
}

// isStub reports whether a path may be a mount point that a plain step leaves.
func isStub(p string) bool {
	switch p {
	case "/", "/dev", "/proc", "/sys":
		return true
	}
	return strings.HasPrefix(p, "/dev/") || strings.HasPrefix(p, "/proc/") || strings.HasPrefix(p, "/sys/")
}
