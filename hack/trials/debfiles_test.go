// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
)

// treeInputs are archives of files that any package may hold, and what each must get.
// of makes them inputs of one kind of packages.
func treeInputs(of func(tries, refused, taken string, entries func(b *box) []entry) input) []input {
	one := func(tries, refused, taken string, entries ...entry) input {
		return of(tries, refused, taken, func(*box) []entry { return entries })
	}
	with := func(e entry, change func(h *tar.Header)) entry {
		change(&e.Header)
		return e
	}
	deep := strings.Repeat("d/", 400)
	return []input{
		one("a file ../../etc/passwd", "leads out of the root", "", named("../../etc/passwd")),
		one("a file usr/../../x, out and back", "leads out of the root", "", named("usr/../../x")),
		one("a file of an absolute name", "is absolute", "", named("/etc/passwd")),
		one("a file usr//x", "isn't in its shortest form", "", named("usr//x")),
		one("a file with a line's end in its name", "has a newline", "", named("usr/a\nb")),
		one("a file of 5,000 letters", "is too long", "", with(named(strings.Repeat("a/", 2500)+"x"), func(h *tar.Header) { h.Format = tar.FormatPAX })),
		one("a name of 300 letters", "file name too long", "", with(named("usr/"+strings.Repeat("a", 300)), func(h *tar.Header) { h.Format = tar.FormatPAX })),
		one("400 directories in each other", "", "they are all there", with(named(deep+"x"), func(h *tar.Header) { h.Format = tar.FormatPAX })),
		one("a deletion of /etc/passwd in the image", "would be a deletion", "", named("etc/.wh.passwd")),
		one("a directory that hides all of the image's", "would be a deletion", "", named("etc/.wh..wh..opq")),
		one("a disk", "device node", "", with(named("dev/sda"), func(h *tar.Header) { h.Typeflag, h.Devmajor = tar.TypeBlock, 8 })),
		one("the memory of the machine", "device node", "", with(named("dev/mem"), func(h *tar.Header) { h.Typeflag, h.Devmajor, h.Devminor = tar.TypeChar, 1, 1 })),
		one("a device of overlayfs that deletes", "device node", "", with(named("etc/passwd"), func(h *tar.Header) { h.Typeflag = tar.TypeChar })),
		one("a file of an unknown type", "unknown type", "", with(named("usr/x"), func(h *tar.Header) { h.Typeflag = 'Z' })),
		one("another name of ../../etc/shadow", "leads out of the root", "", again("usr/x", "../../etc/shadow")),
		one("another name of /etc/shadow", "absolute", "", again("usr/x", "/etc/shadow")),
		one("another name of a file that isn't in it", "isn't a file before it", "", again("usr/x", "etc/shadow")),
		one("another name of itself", "isn't a file before it", "", again("usr/x", "usr/x")),
		one("another name of a link", "isn't a file before it", "", linked("l", "/etc/shadow"), again("x", "l")),
		one("another name of a directory", "isn't a file before it", "", directory("d/"), again("x", "d")),
		one("a link to nothing", "a link to", "", linked("usr/x", "")),
		one("a link to ../../../etc/shadow, and no more", "", "it leads where it leads in the image", linked("usr/x", "../../../../etc/shadow")),
		one("a link to itself", "", "it leads nowhere, in the image as well", linked("usr/x", "x")),
		of("a link out of the layer, and a file behind it", "lead out of its place", "", func(b *box) []entry {
			return []entry{linked("a", b.outside("")), named("a/secret")}
		}),
		of("two links out of the layer, and a file behind both", "lead out of its place", "", func(b *box) []entry {
			return []entry{linked("a", b.dir), linked("b", "a/outside"), named("b/secret")}
		}),
		of("a link out of the layer, and a directory in its place", "has it twice", "", func(b *box) []entry {
			return []entry{linked("a", b.outside("")), directory("a/")}
		}),
		of("a link to a file outside, and a file in its place", "has it twice", "", func(b *box) []entry {
			return []entry{linked("a", b.outside("secret")), named("a")}
		}),
		of("another name of a link that leads out, and a file in its place", "isn't a file before it", "", func(b *box) []entry {
			return []entry{linked("a", b.outside("secret")), again("c", "a"), named("c")}
		}),
		one("a file below a file", "as a file", "", named("a"), named("a/b")),
		one("a file in the place of a directory", "has it twice", "", directory("a/"), named("a")),
		one("a file twice", "twice", "", named("usr/x"), named("usr/x")),
		one("an owner of 2^33", "can't be an owner", "", with(named("usr/x"), func(h *tar.Header) { h.Uid, h.Format = 1<<33, tar.FormatPAX })),
		one("a group of 2^32-1, which stands for no change", "can't be an owner", "", with(named("usr/x"), func(h *tar.Header) { h.Gid, h.Format = 1<<32-1, tar.FormatPAX })),
		one("a file of 8 EiB", "decompression bomb", "", entry{Header: tar.Header{Name: "x", Typeflag: tar.TypeReg, Mode: 0o644}, text: "x", raw: func(block []byte) {
			copy(block[124:136], "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff")
		}}),
		one("a file of -1 bytes", "invalid tar header", "", entry{Header: tar.Header{Name: "x", Typeflag: tar.TypeReg, Mode: 0o644}, text: "x", raw: func(block []byte) {
			copy(block[124:136], bytes.Repeat([]byte{0xff}, 12))
		}}),
		one("a header with another checksum", "invalid tar header", "", entry{Header: named("x").Header, text: "x"}, entry{Header: named("y").Header, text: "y", raw: func(block []byte) {
			block[0] = 0
			copy(block, "\xff\xff\xff\xff")
			copy(block[257:], "broken")
			copy(block[124:136], "zzzzzzzzzzz")
		}}),
		one("a file of 65 MB of zeros in a small package", "decompression bomb", "", with(entry{Header: named("zeros").Header}, func(h *tar.Header) { h.Size = 65 << 20 })),
	}
}

// debFiles are packages with odd files.
func debFiles() []input {
	of := func(tries, refused, taken string, entries func(b *box) []entry) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			files := content(t, entries(b)...)
			files.name, files.data = "data.tar.gz", gzipped(t, files.data)
			return unpackDeb(t, b, ar(version(), fields(t, evilControl), files))
		}}
	}
	one := func(tries, refused, taken string, entries ...entry) input {
		return of(tries, refused, taken, func(*box) []entry { return entries })
	}
	return append(treeInputs(of),
		one("dpkg's list of what is installed", "dpkg's database", "", named("./var/lib/dpkg/status")),
		one("another package's script", "dpkg's database", "", named("./var/lib/dpkg/info/dpkg.postinst")),
		one("dpkg's database as a link", "dpkg's database", "", linked("./var/lib/dpkg", "/tmp")),
		one("a file in /bin and the same in /usr/bin", "has it twice", "", named("./bin/x"), named("./usr/bin/x")),
	)
}

// debStreams are packages whose archives are packed oddly.
func debStreams() []input {
	packed := func(tries, refused, taken, suffix string, pack func(t *testing.T, data []byte) []byte) input {
		return deb(tries, refused, taken, func(t *testing.T) []part {
			return []part{version(), fields(t, evilControl), {name: "data.tar." + suffix, data: pack(t, content(t, named("./usr/x")).data)}}
		})
	}
	bomb := func(tries, suffix string, pack func(t *testing.T, data []byte) []byte) input {
		return deb(tries, "decompression bomb", "", func(t *testing.T) []part {
			data := append(tarball(t, named("./usr/x")), make([]byte, 66<<20)...)
			return []part{version(), fields(t, evilControl), {name: "data.tar." + suffix, data: pack(t, data)}}
		})
	}
	window := func(_ *testing.T, data []byte) []byte {
		// A frame's header that asks for a window of 2 GiB.
		return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3}, data...)
	}
	cut := func(t *testing.T, data []byte) []byte { z := gzipped(t, data); return z[:len(z)-9] }
	return []input{
		bomb("66 MB of zeros by gzip", "gz", gzipped),
		bomb("66 MB of zeros by zstd", "zst", func(t *testing.T, data []byte) []byte { return zstandard(t, data, 1<<20) }),
		bomb("66 MB of zeros by xz", "xz", func(t *testing.T, data []byte) []byte { return by(t, data, "xz", "-0") }),
		bomb("66 MB of zeros by bzip2", "bz2", func(t *testing.T, data []byte) []byte { return by(t, data, "bzip2", "-1") }),
		bomb("66 MB in a thousand streams of gzip", "gz", func(t *testing.T, data []byte) []byte {
			one := gzipped(t, data[len(data)-66<<10:])
			return append(gzipped(t, tarball(t, named("./usr/x"))), bytes.Repeat(one, 1024)...)
		}),
		packed("a window of 2 GiB by zstd", "decompress zstd", "", "zst", window),
		packed("a stream that ends early", "unexpected EOF", "", "gz", cut),
		packed("another format than its name says", "decompress xz", "", "xz", gzipped),
		packed("text behind the stream", "", "dpkg reads no more than the stream, and so does Strata", "gz", func(t *testing.T, data []byte) []byte { return append(gzipped(t, data), "and more"...) }),
		packed("a stream with another checksum", "checksum", "", "gz", func(t *testing.T, data []byte) []byte {
			z := gzipped(t, data)
			z[len(z)-6] ^= 1
			return z
		}),
	}
}
