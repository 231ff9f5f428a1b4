// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/extract"
)

// archives are those of files layers, which people download from anywhere.
func archives() []input {
	unpack := func(t *testing.T, b *box, data []byte, o extract.Options) error {
		return extract.File(b.file(t, "evil", data), b.out, o)
	}
	of := func(tries, refused, taken string, entries func(b *box) []entry) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			return unpack(t, b, tarball(t, entries(b)...), extract.Options{})
		}}
	}
	one := func(tries, refused, taken string, entries ...entry) input {
		return of(tries, refused, taken, func(*box) []entry { return entries })
	}
	zipped := func(tries, refused, taken string, files func(b *box) []zip.FileHeader) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			var z bytes.Buffer
			w := zip.NewWriter(&z)
			for _, h := range files(b) {
				text := h.Comment
				h.Comment = ""
				out, err := w.CreateHeader(&h)
				must(t, err)
				_, err = out.Write([]byte(text))
				must(t, err)
			}
			must(t, w.Close())
			return unpack(t, b, z.Bytes(), extract.Options{})
		}}
	}
	plain := func(name string) func(*box) []zip.FileHeader {
		return func(*box) []zip.FileHeader { return []zip.FileHeader{{Name: name, Comment: "x"}} }
	}
	symlink := func(name, target string) zip.FileHeader {
		h := zip.FileHeader{Name: name, Comment: target}
		h.SetMode(fs.ModeSymlink | 0o777)
		return h
	}
	pattern := func(tries, refused, taken, include string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			long := named(strings.Repeat("a", 200))
			return unpack(t, b, tarball(t, long), extract.Options{Include: []string{include}})
		}}
	}
	device := named("dev/sda")
	device.Typeflag, device.Devmajor = tar.TypeBlock, 8
	deleting := device
	deleting.Typeflag, deleting.Devmajor = tar.TypeChar, 0
	return []input{
		one("a file ../../etc/passwd", "leads out of the archive", "", named("../../etc/passwd")),
		one("a file of an absolute name", "", "it goes below the destination, as with tar", named("/etc/passwd")),
		{"a disk", "", "it is there, as with tar: only a privileged container can open it", func(t *testing.T, b *box) error {
			return errors.Join(unpack(t, b, tarball(t, device), extract.Options{}), os.Remove(filepath.Join(b.out, device.Name)))
		}},
		one("a device of overlayfs that deletes", "means a deletion", "", deleting),
		one("a file in a directory that is a deletion", "mean deletions", "", named("etc/.wh.passwd/x")),
		one("a deletion of /etc/passwd in the image", "mean deletions", "", named("etc/.wh.passwd")),
		one("another name of ../../etc/shadow", "leads out of the archive", "", again("x", "../../etc/shadow")),
		one("another name of what isn't there", "no such file", "", again("x", "etc/shadow")),
		one("a link to itself, and a file behind it", "x/y", "", linked("x", "x"), named("x/y")),
		of("a link out, and a file behind it", "", "a directory takes the link's place, as with tar", func(b *box) []entry {
			return []entry{linked("a", b.outside("")), named("a/secret")}
		}),
		of("two links out, and a file behind both", "", "a directory takes the link's place, as with tar", func(b *box) []entry {
			return []entry{linked("a", b.dir), linked("b", "a/outside"), named("b/secret")}
		}),
		of("a link to a file outside, and a file in its place", "", "the file takes the link's place", func(b *box) []entry {
			return []entry{linked("a", b.outside("secret")), named("a")}
		}),
		of("another name of a link that leads out, and a file in its place", "", "the file takes the link's place", func(b *box) []entry {
			return []entry{linked("a", b.outside("secret")), again("c", "a"), named("c")}
		}),
		zipped("a file ../../x in a zip", "leads out of the archive", "", plain("../../x")),
		zipped(`a file ..\..\x in a zip`, "leads out of the archive", "", plain(`..\..\x`)),
		zipped("a deletion in a zip", "mean deletions", "", plain("etc/.wh.passwd")),
		zipped("a link out in a zip, and a file behind it", "", "a directory takes the link's place, as with tar", func(b *box) []zip.FileHeader {
			return []zip.FileHeader{symlink("a", b.outside("")), {Name: "a/secret", Comment: "x"}}
		}),
		zipped("a link of 1 MB in a zip", "link", "", func(*box) []zip.FileHeader {
			return []zip.FileHeader{symlink("a", strings.Repeat("a", 1<<20))}
		}),
		pattern("a pattern that isn't one", "read include", "", "a[b"),
		pattern("a pattern of 30 stars, which other readers try in all ways", "nothing in it is left", "", strings.Repeat("a*", 30)+"b"),
		pattern("a pattern of 20,000 letters", "nothing in it is left", "", strings.Repeat("x", 20_000)),
	}
}
