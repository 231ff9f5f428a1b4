// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/extract"
)

// rawEntry is an entry of a tar archive as no program writes it: change has the block of
// its header before the checksum.
func rawEntry(name string, kind byte, body string, change func(block []byte)) []byte {
	b := make([]byte, 512)
	copy(b, name)
	for at, text := range map[int]string{100: "0000644", 108: "0000000", 116: "0000000", 124: fmt.Sprintf("%011o", len(body)), 136: "00000000000", 257: "ustar\x0000"} {
		copy(b[at:], text)
	}
	b[156] = kind
	if change != nil {
		change(b)
	}
	sum(b)
	out := append(b, body...)
	return append(out, make([]byte, -len(out)&511)...)
}

// rawRecords are extended headers for the next entry, by keys and values in turn.
func rawRecords(kind byte, records ...string) []byte {
	var b strings.Builder
	for i := 0; i < len(records); i += 2 {
		for n := len(records[i]) + len(records[i+1]) + 4; ; n++ {
			if one := fmt.Sprintf("%d %s=%s\n", n, records[i], records[i+1]); len(one) == n {
				b.WriteString(one)
				break
			}
		}
	}
	return rawEntry("pax", kind, b.String(), nil)
}

// sparseTar is an archive of one sparse file, which says how many bytes it has.
func sparseTar(name, size string) []byte {
	return rawTar(rawRecords(tar.TypeXHeader, "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", name, "GNU.sparse.realsize", size),
		rawEntry("GNUSparseFile.0/s", tar.TypeReg, "1\n0\n5\n"+strings.Repeat("\x00", 506)+"text\n", nil))
}

// rawTar is an archive of entries.
func rawTar(entries ...[]byte) []byte {
	return append(bytes.Join(entries, nil), make([]byte, 1024)...)
}

// rawArchives are archives of files layers whose headers contradict each other.
func rawArchives() []input {
	of := func(tries, refused, taken string, data []byte) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			return extract.File(b.file(t, "evil", data), b.out, extract.Options{})
		}}
	}
	file := rawEntry("x", tar.TypeReg, "text\n", nil)
	with := func(tries, refused, taken string, records ...string) input {
		return of(tries, refused, taken, rawTar(rawRecords(tar.TypeXHeader, records...), file))
	}
	target := func(to string) func(block []byte) { return func(block []byte) { copy(block[157:], to) } }
	long := func(kind byte, name string) []byte { return rawEntry("././@LongLink", kind, name+"\x00", nil) }
	return []input{
		with("a path ../../etc/x in a second header", "leads out of the archive", "", "path", "../../etc/x"),
		with("a second header with two paths", "", "the last one counts, as with tar", "path", "a", "path", "b"),
		with("a size of 0 for a file of 5 bytes", "invalid tar header", "", "size", "0"),
		of("a size of 600 for a file of 5 bytes, and a file behind it", "invalid tar header", "", rawTar(rawRecords(tar.TypeXHeader, "size", "600"), file, file)),
		with("a size of -1 in a second header", "invalid tar header", "", "size", "-1"),
		with("a path with a zero byte", "invalid tar header", "", "path", "a\x00b"),
		with("a time that is no number", "invalid tar header", "", "mtime", "nan"),
		with("a time in 300 million years", "", "no layer has it", "mtime", "9999999999999999"),
		with("an owner of -5", "can't be an owner", "", "uid", "-5"),
		with("an owner of 2^32, which would be root", "can't be an owner", "", "uid", "4294967296"),
		with("an owner of 2^32-1, which stands for no change", "can't be an owner", "", "gid", "4294967295"),
		with("capabilities that no kernel reads", "set extended attribute", "", "SCHILY.xattr.security.capability", "x"),
		with("an attribute of overlayfs of a user that deletes", "", "it isn't there", "SCHILY.xattr.user.overlay.whiteout", "y"),
		with("an attribute with a name of 300 letters", "set extended attribute", "", "SCHILY.xattr.user."+strings.Repeat("n", 300), "y"),
		with("2 MB of a comment", "header field too long", "", "comment", strings.Repeat("x", 2<<20)),
		of("a path ../../etc/x for all entries", "", "it counts for none", rawTar(rawRecords(tar.TypeXGlobalHeader, "path", "../../etc/x"), file)),
		of("a long name with a zero byte, and more behind it", "", "it ends there, as with tar", rawTar(long(tar.TypeGNULongName, "a\x00../../x"), file)),
		of("another name of a long ../../../etc/passwd", "leads out of the archive", "", rawTar(long(tar.TypeGNULongLink, "../../../etc/passwd"), rawEntry("y", tar.TypeLink, "", target("x")))),
		of("a link of 5,000 letters", "file name too long", "", rawTar(long(tar.TypeGNULongLink, strings.Repeat("a/", 2500)), rawEntry("l", tar.TypeSymlink, "", nil))),
		of("a directory ../../etc in the old prefix", "leads out of the archive", "", rawTar(rawEntry("x", tar.TypeReg, "x", func(b []byte) { copy(b[345:], "../../etc") }))),
		of("a sparse file ../../etc/x", "leads out of the archive", "", sparseTar("../../etc/x", "5")),
		of("a sparse file of 1 TiB", "a decompression bomb", "", sparseTar("s", "1099511627776")),
		of("a sparse file of 8 EiB", "a decompression bomb", "", sparseTar("s", "9223372036854775807")),
		of("a file with more behind the archive's end", "", "nothing counts behind it, as with tar", append(rawTar(file), rawTar(rawEntry("../y", tar.TypeReg, "x", nil))...)),
		of("the root as a link to /tmp", "", "it isn't made, and what follows stays inside", rawTar(rawEntry("./", tar.TypeSymlink, "", target("/tmp")), file)),
		of("a part of a file on another volume", "of the unknown type", "", rawTar(rawEntry("x", 'M', "x", nil))),
		of("a pipe, and a file in its place", "", "the file takes its place", rawTar(rawEntry("x", tar.TypeFifo, "", nil), file)),
		of("a directory with a file in it, and a link in its place", "", "the link takes its place, and leads where it leads in the image",
			rawTar(rawEntry("d/", tar.TypeDir, "", nil), rawEntry("d/x", tar.TypeReg, "x", nil), rawEntry("d", tar.TypeSymlink, "", target("/e")), rawEntry("d/y", tar.TypeReg, "x", nil))),
	}
}
