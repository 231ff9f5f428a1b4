// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// sourceFile is a file of a package that dpkg-deb makes. Names that end in a
// slash are directories, and a target makes a link.
type sourceFile struct {
	name, text, target string
	mode               os.FileMode
	uid, gid           int
}

// buildDeb makes a package by dpkg-deb, and returns its file.
func buildDeb(t testing.TB, compression, name, fields string, files ...sourceFile) string {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	must(t, os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755))
	control := "Package: " + name + "\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n" + fields + "Description: test\n"
	must(t, os.WriteFile(filepath.Join(root, "DEBIAN/control"), []byte(control), 0o644))
	for _, f := range files {
		at := filepath.Join(root, f.name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case strings.HasSuffix(f.name, "/"):
			must(t, os.MkdirAll(at, 0o755))
		case strings.HasPrefix(f.target, "="):
			must(t, os.Link(filepath.Join(root, f.target[1:]), at))
			continue
		case f.target != "":
			must(t, os.Symlink(f.target, at))
		default:
			must(t, os.WriteFile(at, []byte(f.text), 0o644))
		}
		must(t, os.Lchown(at, f.uid, f.gid))
		if f.mode != 0 {
			must(t, unix.Chmod(at, uint32(f.mode)))
		}
		stamp := []unix.Timespec{{Sec: 1_500_000_000}, {Sec: 1_500_000_000}}
		must(t, unix.UtimesNanoAt(unix.AT_FDCWD, at, stamp, unix.AT_SYMLINK_NOFOLLOW))
	}
	deb := filepath.Join(dir, name+".deb")
	command(t, "dpkg-deb", "-Z"+compression, "--build", root, deb)
	return deb
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t testing.TB, file, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(text), 0o644))
}

func command(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// unpackTo unpacks packages and returns the directories of their files and of what
// is known of them.
func unpackTo(t testing.TB, opt UnpackOptions, debs ...string) (out, meta string) {
	t.Helper()
	out, meta = t.TempDir(), t.TempDir()
	must(t, Unpack(context.Background(), debs, out, meta, opt))
	return out, meta
}

// listing is a tree as text. The times of directories are left out where they differ
// by nature.
func listing(t testing.TB, root string, dirTimes bool) string {
	t.Helper()
	var b strings.Builder
	first := map[uint64]string{}
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		must(t, err)
		var st unix.Stat_t
		must(t, unix.Lstat(p, &st))
		name := strings.TrimPrefix(p, root)
		fmt.Fprintf(&b, "%s %06o %d:%d", name, st.Mode, st.Uid, st.Gid)
		if dirTimes || !d.IsDir() {
			fmt.Fprintf(&b, " @%d", st.Mtim.Sec)
		}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			must(t, err)
			b.WriteString(" -> " + target)
		case d.Type().IsRegular():
			text, err := os.ReadFile(p)
			must(t, err)
			fmt.Fprintf(&b, " %q", text)
			if st.Nlink > 1 {
				if first[st.Ino] == "" {
					first[st.Ino] = name
				}
				b.WriteString(" = " + first[st.Ino])
			}
		}
		b.WriteByte('\n')
		return nil
	}))
	return b.String()
}

// rawDeb makes a package that dpkg-deb wouldn't, of any entries.
func rawDeb(t testing.TB, control string, entries ...tar.Header) string {
	t.Helper()
	pack := func(headers []tar.Header, text string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			if h.Typeflag == 0 {
				h.Typeflag = tar.TypeReg
			}
			if h.Typeflag == tar.TypeReg && h.Size == 0 {
				h.Size = int64(len(text))
			}
			must(t, w.WriteHeader(&h))
			if h.Typeflag == tar.TypeReg {
				if h.Size == int64(len(text)) {
					_, err := io.WriteString(w, text)
					must(t, err)
				} else {
					_, err := io.CopyN(w, zeros{}, h.Size)
					must(t, err)
				}
			}
		}
		must(t, w.Close())
		return b.Bytes()
	}
	if control == "" {
		control = "Package: evil\nVersion: 1\nArchitecture: all\nInstalled-Size: 1\n"
	}
	file := filepath.Join(t.TempDir(), "evil.deb")
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		data []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar", pack([]tar.Header{{Name: "./control", Mode: 0o644}}, control)},
		{"data.tar.xz", compressed(t, pack(entries, "text\n"))},
	} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", m.name, 0, 0, 0, "100644", len(m.data), m.data)
		if len(m.data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	must(t, os.WriteFile(file, b.Bytes(), 0o644))
	return file
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func compressed(t testing.TB, data []byte) []byte {
	t.Helper()
	cmd := exec.Command("xz", "-c", "-1")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	must(t, err)
	return out
}
