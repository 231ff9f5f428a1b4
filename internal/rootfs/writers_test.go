// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/rootfs"
	"github.com/strata-build/strata/internal/testenv"
)

// form is what a tree is written as.
type form struct {
	name string
	// write writes it to a file.
	write func(context.Context, *rootfs.Tree, string) (rootfs.Lost, error)
	// unpack gives the folder with what another program makes of that file.
	unpack func(t *testing.T, file string) string
	// look says what the form carries.
	look seen
}

// stream writes to a file.
func stream(write func(*rootfs.Tree, context.Context, io.Writer) (rootfs.Lost, error)) func(context.Context, *rootfs.Tree, string) (rootfs.Lost, error) {
	return func(ctx context.Context, tree *rootfs.Tree, path string) (rootfs.Lost, error) {
		f, err := os.Create(path)
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
			name: "cpio", write: stream((*rootfs.Tree).WriteCpio), look: seen{noXattrs: true, seconds: true, clamped: true, onlyFileTimes: true},
			unpack: func(t *testing.T, file string) string {
				return unpackWith(t, "sh", "-c", "cpio --quiet --numeric-uid-gid -idm <"+file)
			},
		},
		{
			name: "squashfs", look: seen{seconds: true, clamped: true},
			write: func(ctx context.Context, tree *rootfs.Tree, path string) (rootfs.Lost, error) {
				return tree.WriteSquashfs(ctx, path, "")
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
		{name: "mounted squashfs", look: seen{seconds: true, clamped: true, noXattrs: true}, unpack: mounted("squashfs"), write: func(ctx context.Context, tree *rootfs.Tree, path string) (rootfs.Lost, error) {
			return tree.WriteSquashfs(ctx, path, "zstd")
		}},
		{name: "mounted erofs", write: stream((*rootfs.Tree).WriteErofs), unpack: mounted("erofs")},
	}
}

// unpackWith runs a program in an empty folder.
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

// TestForms reads what is written by other programs, and compares it with the
// folder.
func TestForms(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			tree := flatten(t, s.layers...)
			folder := filepath.Join(testenv.Dir(t), "root")
			if lost, err := tree.WriteDir(t.Context(), folder); err != nil || lost.String() != "" {
				t.Fatalf("WriteDir: lost %q, %v", lost, err)
			}
			for _, f := range forms() {
				t.Run(f.name, func(t *testing.T) {
					file := filepath.Join(testenv.Dir(t), "out")
					lost, err := f.write(t.Context(), tree, file)
					if err != nil {
						t.Fatal(err)
					}
					look := f.look
					look.noLinks = look.noLinks || lost.Links > 0
					got := f.unpack(t, file)
					if diff := cmp.Diff(look.list(t, folder), look.list(t, got)); diff != "" {
						t.Errorf("(-folder +%s):\n%s", f.name, diff)
					}
				})
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
				var layers [][]entry
				for _, s := range samples() {
					layers = append(layers, s.layers[0])
				}
				file := filepath.Join(t.TempDir(), "out")
				if _, err := f.write(t.Context(), flatten(t, layers...), file); err != nil {
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
