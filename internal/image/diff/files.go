// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/image/rootfs"
)

// The aspects of a file that are compared.
const (
	aspectType    = "type"
	aspectContent = "content"
	aspectMode    = "mode"
	aspectOwner   = "owner"
	aspectLink    = "link"
	aspectDevice  = "device"
	aspectXattr   = "xattr"
	aspectTime    = "time"
)

// Aspects are what files are compared by. "link" is where a symbolic link leads
// and which names are one file.
func Aspects() []string {
	return []string{aspectType, aspectContent, aspectMode, aspectOwner, aspectLink, aspectDevice, aspectXattr, aspectTime}
}

// File is a path that differs.
type File struct {
	// Path begins with a slash.
	Path string `json:"path"`
	// Change is "added", "removed" or "changed": what leads from A to B.
	Change string `json:"change"`
	// Aspects are those that differ, of a file that changed.
	Aspects []string `json:"aspects,omitempty"`
	A       *State   `json:"a,omitempty"`
	B       *State   `json:"b,omitempty"`
}

// State is what is known of a file.
type State struct {
	Type string `json:"type"`
	// Mode is the permissions with setuid, setgid and sticky, in octal.
	Mode string `json:"mode"`
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
	// Size of the body in bytes, and its SHA-256.
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256,omitempty"`
	Time   time.Time `json:"time"`
	// Link is where a symbolic link leads, HardLink the name that a file has
	// besides.
	Link     string `json:"link,omitempty"`
	HardLink string `json:"hard_link,omitempty"`
	// Device has the numbers of a device.
	Device *[2]uint32 `json:"device,omitempty"`
	// Xattrs are the extended attributes, the values in hexadecimal digits.
	Xattrs map[string]string `json:"xattrs,omitempty"`
}

// compareTrees goes through both trees in parallel.
func compareTrees(a, b *rootfs.Tree, ignore []string) []File {
	nextA, stopA := iter.Pull(a.All())
	defer stopA()
	nextB, stopB := iter.Pull(b.All())
	defer stopB()
	var out []File
	l, okA := nextA()
	r, okB := nextB()
	for okA || okB {
		order := comparePaths(l.Path, r.Path)
		switch {
		case !okB || okA && order < 0:
			out = append(out, File{Path: "/" + l.Path, Change: "removed", A: state(l)})
			l, okA = nextA()
		case !okA || order > 0:
			out = append(out, File{Path: "/" + r.Path, Change: "added", B: state(r)})
			r, okB = nextB()
		default:
			if aspects := compareEntries(l, r, ignore); len(aspects) > 0 {
				out = append(out, File{Path: "/" + l.Path, Change: "changed", Aspects: aspects, A: state(l), B: state(r)})
			}
			l, okA = nextA()
			r, okB = nextB()
		}
	}
	return out
}

// comparePaths compares part by part, as trees are sorted.
func comparePaths(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	if n == len(a) || n == len(b) {
		return cmp.Compare(len(a), len(b))
	}
	if a[n] == '/' || b[n] == '/' { // a name that ends comes first
		return cmp.Compare(boolInt(a[n] != '/'), boolInt(b[n] != '/'))
	}
	return cmp.Compare(a[n], b[n])
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareEntries names the aspects that differ.
func compareEntries(a, b rootfs.Entry, ignore []string) []string {
	var out []string
	for _, one := range []struct {
		aspect  string
		differs bool
	}{
		{aspectType, a.Kind != b.Kind},
		{aspectContent, a.Kind == rootfs.File && b.Kind == rootfs.File && (a.Size != b.Size || a.Digest != b.Digest)},
		{aspectMode, a.Mode != b.Mode},
		{aspectOwner, a.UID != b.UID || a.GID != b.GID},
		{aspectLink, a.Target != b.Target || a.Hardlink != b.Hardlink},
		{aspectDevice, a.Major != b.Major || a.Minor != b.Minor},
		{aspectXattr, !maps.Equal(a.Xattrs, b.Xattrs)},
		{aspectTime, !a.ModTime.Equal(b.ModTime)},
	} {
		if one.differs && !slices.Contains(ignore, one.aspect) {
			out = append(out, one.aspect)
		}
	}
	return out
}

func state(e rootfs.Entry) *State {
	s := &State{
		Type: kind(e.Kind), Mode: octal(e.Mode), UID: e.UID, GID: e.GID, Size: e.Size, Time: e.ModTime.UTC(),
		Link: e.Target,
	}
	if e.Hardlink != "" {
		s.HardLink = "/" + e.Hardlink
	}
	switch e.Kind {
	case rootfs.File:
		s.SHA256 = hex.EncodeToString(e.Digest[:])
	case rootfs.CharDevice, rootfs.BlockDevice:
		s.Device = &[2]uint32{e.Major, e.Minor}
	}
	for name, value := range e.Xattrs {
		if s.Xattrs == nil {
			s.Xattrs = map[string]string{}
		}
		s.Xattrs[name] = hex.EncodeToString([]byte(value))
	}
	return s
}

func octal(mode uint32) string {
	const digits = "01234567"
	var b strings.Builder
	for shift := 9; shift >= 0; shift -= 3 {
		b.WriteByte(digits[mode>>shift&7])
	}
	return b.String()
}

func kind(k rootfs.Kind) string {
	switch k {
	case rootfs.Dir:
		return "directory"
	case rootfs.Symlink:
		return "link"
	case rootfs.CharDevice:
		return "character device"
	case rootfs.BlockDevice:
		return "block device"
	case rootfs.Fifo:
		return "pipe"
	default:
		return "file"
	}
}
