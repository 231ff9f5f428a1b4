// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/alpine/install"
)

// An apk is a package of apk's format 2 as it is put together.
type apk struct {
	// front are segments before the control segment.
	front [][]byte
	// info is .PKGINFO, without the hash of the files, and hash is what it has in its
	// place.
	info, hash string
	control    []entry
	// files is the segment of files.
	files []byte
}

const evilInfo = "pkgname = evil\npkgver = 1-r0\narch = noarch\nsize = 1\n"

// segment is a gzip stream of a tar archive without its end.
func segment(t *testing.T, entries ...entry) []byte {
	data := tarball(t, entries...)
	return gzipped(t, data[:len(data)-1024])
}

func (a apk) bytes(t *testing.T) []byte {
	if a.info == "" {
		a.info = evilInfo
	}
	if a.files == nil {
		a.files = gzipped(t, tarball(t, named("usr/x")))
	}
	if a.hash == "" {
		sum := sha256.Sum256(a.files)
		a.hash = hex.EncodeToString(sum[:])
	}
	info := named(".PKGINFO")
	info.text = a.info
	if a.hash != "-" {
		info.text += "datahash = " + a.hash + "\n"
	}
	control := segment(t, append([]entry{info}, a.control...)...)
	return append(append(bytes.Join(a.front, nil), control...), a.files...)
}

// unpackAPK hands a package to the step helper's reader.
func unpackAPK(t *testing.T, b *box, data []byte) error {
	return install.Unpack(t.Context(), []string{b.file(t, "evil.apk", data)}, b.out, b.meta, "", nil)
}

func apkInput(tries, refused, taken string, made func(t *testing.T) apk) input {
	return input{tries, refused, taken, func(t *testing.T, b *box) error { return unpackAPK(t, b, made(t).bytes(t)) }}
}

// apkSegments are packages whose segments or fields are odd.
func apkSegments() []input {
	info := func(tries, refused, taken, text string) input {
		return apkInput(tries, refused, taken, func(*testing.T) apk { return apk{info: text} })
	}
	set := func(key, value string) string {
		var b strings.Builder
		for line := range strings.Lines(evilInfo) {
			if strings.HasPrefix(line, key+" ") {
				line = key + " = " + value + "\n"
			}
			b.WriteString(line)
		}
		return b.String()
	}
	control := func(tries, refused, taken string, more ...entry) input {
		return apkInput(tries, refused, taken, func(*testing.T) apk { return apk{control: more} })
	}
	signature := named(".SIGN.RSA.evil.rsa.pub")
	zeros := entry{Header: named(".SIGN.RSA.evil.rsa.pub").Header}
	zeros.Size = 15 << 20
	large := entry{Header: named(".post-install").Header}
	large.Size = 17 << 20
	return []input{
		{"nothing at all", "not a package of apk's format 2", "", func(t *testing.T, b *box) error { return unpackAPK(t, b, nil) }},
		{"format 3", "format 3, which is not supported", "", func(t *testing.T, b *box) error { return unpackAPK(t, b, []byte("ADBd\x00\x00\x00\x00")) }},
		{"no files behind the fields", "files: unexpected EOF", "", func(t *testing.T, b *box) error {
			return unpackAPK(t, b, apk{files: []byte{}}.bytes(t))
		}},
		{"text behind the files", "read package: files: ", "", func(t *testing.T, b *box) error {
			return unpackAPK(t, b, append(apk{}.bytes(t), "and more"...))
		}},
		{"another archive of files behind the first", "checksum differs", "", func(t *testing.T, b *box) error {
			return unpackAPK(t, b, append(apk{}.bytes(t), gzipped(t, tarball(t, named("etc/passwd")))...))
		}},
		apkInput("1,000 segments of signatures of 15 MB each", "segments of signatures", "", func(t *testing.T) apk {
			return apk{front: repeat(segment(t, zeros), 1000)}
		}),
		apkInput("a signature by a stranger", "", "a package counts by its index's checksum alone", func(t *testing.T) apk {
			return apk{front: [][]byte{segment(t, signature)}}
		}),
		apkInput("a control segment of 17 MB", "larger than allowed", "", func(*testing.T) apk { return apk{control: []entry{large}} }),
		apkInput("another hash of its files", "checksum differs", "", func(*testing.T) apk { return apk{hash: strings.Repeat("0", 64)} }),
		apkInput("no hash of its files", "no datahash", "", func(*testing.T) apk { return apk{hash: "-"} }),
		apkInput("a hash of its files that is none", "is not a SHA-256", "", func(*testing.T) apk { return apk{hash: "../../x"} }),
		control("a second .PKGINFO", "has .PKGINFO twice", "", named(".PKGINFO")),
		control("a script in a directory", "its control segment has", "", named(".a/post-install")),
		control("a file without a dot among the fields", "its control segment has", "", named("etc/passwd")),
		control("a script that is a link to /etc/shadow", "its control segment has", "", linked(".post-install", "/etc/shadow")),
		control("a script that is a disk", "its control segment has", "", entry{Header: tar.Header{Name: ".post-install", Typeflag: tar.TypeBlock, Devmajor: 8}}),
		info("a name ../x", `pkgname is "../x"`, "", set("pkgname", "../x")),
		info("a name with a space", "pkgname is", "", set("pkgname", "evil x")),
		info("a name of a terminal's commands", "a character that cannot be there", "", set("pkgname", "\x1b[2J")),
		info("no name", `pkgname is ""`, "", set("pkgname", "")),
		info("a version 1/../x", "pkgver is", "", set("pkgver", "1/../x")),
		info("a version that apk doesn't know", "is not a version that apk knows", "", set("pkgver", "one")),
		info("a size of -1", "size: ", "", set("size", "-1")),
		info("a size of 2^70", "size: ", "", set("size", "1180591620717411303424")),
		info("a need with a line's end", "a character that cannot be there", "", evilInfo+"depend = a\rb\n"),
		info("a need that is no relation", "neither a package nor a package with a version", "", evilInfo+"depend = a<<<1\n"),
		info("a trigger of ../../etc", "", "no directory is called so", evilInfo+"triggers = ../../etc\n"),
		info("a line that is no field", "is not \"key = value\"", "", evilInfo+"no field\n"),
	}
}

// apkFiles are packages with odd files.
func apkFiles() []input {
	of := func(tries, refused, taken string, entries func(b *box) []entry) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			return unpackAPK(t, b, apk{files: gzipped(t, tarball(t, entries(b)...))}.bytes(t))
		}}
	}
	one := func(tries, refused, taken string, entries ...entry) input {
		return of(tries, refused, taken, func(*box) []entry { return entries })
	}
	record := func(key, value string) entry {
		e := named("usr/x")
		e.PAXRecords, e.Format = map[string]string{key: value}, tar.FormatPAX
		return e
	}
	return append(treeInputs(of),
		one("apk's list of what is installed", "apk's database", "", named("lib/apk/db/installed")),
		one("apk's list where newer releases have it", "apk's database", "", named("usr/lib/apk/db/installed")),
		one("apk's database as a link", "apk's database", "", linked("lib/apk/db", "/tmp")),
		one("a second .PKGINFO among the files", "", "what has a dot in front isn't installed", named(".PKGINFO")),
		one("another checksum than its file has", "checksum differs", "", record("APK-TOOLS.checksum.SHA1", strings.Repeat("0", 40))),
		one("a checksum that is none", "read the checksum", "", record("APK-TOOLS.checksum.SHA1", "../x")),
		one("an attribute of a security module", "must not have", "", record("SCHILY.xattr.security.selinux", "x")),
		one("an attribute of overlayfs that hides a directory", "must not have", "", record("SCHILY.xattr.trusted.overlay.opaque", "y")),
		one("capabilities that are none", "set extended attribute", "", record("SCHILY.xattr.security.capability", "x")),
	)
}

// repeat is a list of the same.
func repeat(one []byte, n int) [][]byte {
	var all [][]byte
	for range n {
		all = append(all, one)
	}
	return all
}
