// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/image/rootfs"
	"github.com/strata-build/strata/internal/testenv"
)

// form is what a tree is written as.
type form struct {
	name string
	// write writes it to a file.
	write func(context.Context, *rootfs.Tree, string) (rootfs.Lost, error)
	// unpack gives the directory with what another program makes of that file.
	unpack func(t *testing.T, file string) string
	// look says what the form carries, lost what is said of it.
	look seen
	lost string
}

// stream writes to a file.
func stream(write func(*rootfs.Tree, context.Context, io.Writer) (rootfs.Lost, error)) func(context.Context, *rootfs.Tree, string) (rootfs.Lost, error) {
	return func(ctx context.Context, tree *rootfs.Tree, file string) (rootfs.Lost, error) {
		f, err := os.Create(file)
		if err != nil {
			return rootfs.Lost{}, err
		}
		defer f.Close()
		return write(tree, ctx, f)
	}
}

func forms() []form {
	return []form{
		{
			name: "tar",
			write: stream(func(tree *rootfs.Tree, ctx context.Context, w io.Writer) (rootfs.Lost, error) {
				return rootfs.Lost{}, tree.WriteTar(ctx, w)
			}),
			unpack: func(t *testing.T, file string) string {
				return unpackWith(t, "tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", file)
			},
		},
		{
			name: "cpio", write: stream((*rootfs.Tree).WriteCpio), lost: "3 extended attributes, 1 hard link, 1 modification time",
			look: seen{noXattrs: true, seconds: true, clamped: true, onlyFileTimes: true, noRoot: true, noSymlinkLinks: true},
			unpack: func(t *testing.T, file string) string {
				return unpackWith(t, "sh", "-c", "cpio --quiet --numeric-uid-gid -idm <"+file)
			},
		},
		{
			name: "squashfs", lost: "1 modification time", look: seen{seconds: true, clamped: true},
			write: func(ctx context.Context, tree *rootfs.Tree, file string) (rootfs.Lost, error) {
				return tree.WriteSquashfs(ctx, file, "gzip")
			},
			unpack: func(t *testing.T, file string) string {
				return filepath.Join(unpackWith(t, "unsquashfs", "-q", "-n", "-d", "root", file), "root")
			},
		},
		{
			name: "erofs", write: stream((*rootfs.Tree).WriteErofs), look: seen{noXattrs: true, noSetuid: true, noLinks: true},
			unpack: func(t *testing.T, file string) string {
				return unpackWith(t, "fsck.erofs", "--overwrite", "--extract=.", file)
			},
		},
		{name: "mounted squashfs", lost: "1 modification time", look: seen{seconds: true, clamped: true, noXattrs: true}, unpack: mounted("squashfs"), write: func(ctx context.Context, tree *rootfs.Tree, file string) (rootfs.Lost, error) {
			return tree.WriteSquashfs(ctx, file, "zstd")
		}},
		{name: "mounted erofs", write: stream((*rootfs.Tree).WriteErofs), unpack: mounted("erofs")},
	}
}

// unpackWith runs a program in an empty directory.
func unpackWith(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(testenv.Program(t, name), args...)
	cmd.Dir = testenv.Dir(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return cmd.Dir
}

// mounted has the kernel read an image.
func mounted(kind string) func(*testing.T, string) string {
	return func(t *testing.T, file string) string {
		t.Helper()
		dir := testenv.Dir(t) // it unmounts
		out, err := exec.Command("mount", "-t", kind, "-o", "loop,ro", file, dir).CombinedOutput()
		if known, _ := os.ReadFile("/proc/filesystems"); err != nil && !strings.Contains(string(known), "\t"+kind+"\n") {
			t.Skipf("this kernel has no %s: %s", kind, out)
		}
		if err != nil {
			t.Fatalf("mount %s: %v: %s", kind, err, out)
		}
		return dir
	}
}

// together puts all samples into one image, each in a directory of its own.
func together() [][]entry {
	var layers [][]entry
	for i, s := range samples() {
		prefix := fmt.Sprintf("%02d", i)
		for n, entries := range s.layers {
			if n == len(layers) {
				layers = append(layers, nil)
			}
			for _, e := range entries {
				e.Name = prefix + path.Clean("/"+e.Name) + map[bool]string{true: "/"}[strings.HasSuffix(e.Name, "/")]
				if e.Typeflag == tar.TypeLink {
					e.Linkname = prefix + path.Clean("/"+e.Linkname)
				}
				layers[n] = append(layers[n], e)
			}
		}
	}
	return layers
}

// TestForms reads what is written by other programs, and compares it with the
// directory.
func TestForms(t *testing.T) {
	tree := flatten(t, append(together(), []entry{dir(".").mode(0o711)})...)
	directory := filepath.Join(testenv.Dir(t), "root")
	if lost, err := tree.WriteDir(t.Context(), directory); err != nil || lost.String() != "" {
		t.Fatalf("WriteDir: lost %q, %v", lost, err)
	}
	for _, f := range forms() {
		t.Run(f.name, func(t *testing.T) {
			file := filepath.Join(testenv.Dir(t), "out")
			lost, err := f.write(t.Context(), tree, file)
			if err != nil {
				t.Fatal(err)
			}
			if got := lost.String(); got != f.lost {
				t.Errorf("lost %q, want %q", got, f.lost)
			}
			got := f.unpack(t, file)
			if diff := cmp.Diff(f.look.list(t, directory), f.look.list(t, got)); diff != "" {
				t.Errorf("(-directory +%s):\n%s", f.name, diff)
			}
		})
	}
}

// TestSameBytes writes everything twice, from archives in two forms.
func TestSameBytes(t *testing.T) {
	for _, f := range forms() {
		t.Run(f.name, func(t *testing.T) {
			var want []byte
			for i := range 2 {
				t.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(1_000_000*i))
				file := filepath.Join(t.TempDir(), "out")
				if _, err := f.write(t.Context(), flatten(t, together()...), file); err != nil {
					t.Fatal(err)
				}
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					want = data
				}
				if !bytes.Equal(want, data) {
					t.Error("two writings differ")
				}
			}
		})
	}
}
