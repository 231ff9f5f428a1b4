// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/strata-build/strata/internal/image/rootfs"
)

func TestRefused(t *testing.T) {
	odd := dir("odd").with(func(h *tar.Header) { h.Typeflag, h.Name = 'Q', "odd" })
	tests := []struct {
		name   string
		layers [][]entry
		want   string
	}{
		{"link to nothing", [][]entry{{hardlink("a", "b")}}, `apply layer 0: entry "a": it is a hard link to "b", which is not there`},
		{"link to a directory", [][]entry{{dir("b"), hardlink("a", "b")}}, `hard link to "b", which is a directory`},
		{"link to itself", [][]entry{{file("a", ""), hardlink("a", "a")}}, "hard link to itself"},
		{"link into what is gone", [][]entry{{file("b", "")}, {remove("b")}, {hardlink("a", "b")}}, "apply layer 2: "},
		{"circle", [][]entry{{symlink("a", "b"), symlink("b", "a"), file("a/x", "")}}, "too many symbolic links"},
		{"circle in a whiteout", [][]entry{{symlink("a", "a")}, {remove("a/x")}}, "too many symbolic links"},
		{"root as a file", [][]entry{{file(".", "")}}, "the root can only be a directory"},
		{"whiteout of nothing", [][]entry{{file("a/.wh.", "")}}, "whiteout of no file"},
		{"whiteout of the directory above", [][]entry{{file("a/.wh...", "")}}, "whiteout of no file"},
		{"long name", [][]entry{{file(strings.Repeat("n", 256), "")}}, "256 bytes, more than the 255"},
		{"long path", [][]entry{{file(strings.Repeat("n/", 2048)+"n", "")}}, "more than the 4095"},
		{"long path through links", [][]entry{{
			symlink("l", strings.Repeat("n/", 2000)+"n"), file("l/"+strings.Repeat("m", 100), ""),
		}}, "links lead it to a path of more than"},
		{"unknown type", [][]entry{{odd}}, `tar entries of type 'Q' are unknown`},
		{"no such device", [][]entry{{device("d", tar.TypeChar, 1<<12, 0)}}, "there is no device 4096:0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			temp := t.TempDir()
			layers := layersOf(archives(t, test.layers))
			_, err := rootfs.Flatten(t.Context(), layers, rootfs.Options{TempDir: temp})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if _, _, again := rootfs.Unpack(t.Context(), layers, temp); err != nil && (again == nil || again.Error() != err.Error()) {
				t.Errorf("Unpack fails with %v, Flatten with %v", again, err)
			}
			expectEmpty(t, temp)
		})
	}
}

// expectEmpty makes sure that no temporary file stays.
func expectEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files %v, %v", left, err)
	}
}

func TestCompressed(t *testing.T) {
	data := archive(t, []entry{file("a", "body")})
	zipped := bytes.Buffer{}
	zw := gzip.NewWriter(&zipped)
	if _, err := zw.Write(data); err != nil || zw.Close() != nil {
		t.Fatal(err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{
		"plain": data, "gzip": zipped.Bytes(), "zstd": encoder.EncodeAll(data, nil),
		"two parts": append(zipped.Bytes()[:len(zipped.Bytes()):len(zipped.Bytes())], encodeEmpty(t)...),
	} {
		layers := layersOf([][]byte{data})
		layers[0].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }
		tree, err := rootfs.Flatten(t.Context(), layers, rootfs.Options{TempDir: t.TempDir()})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for e := range tree.All() {
			if body, err := io.ReadAll(tree.Body(e.Inode)); e.Path == "a" && (err != nil || string(body) != "body") {
				t.Errorf("%s: body %q, %v", name, body, err)
			}
		}
		tree.Close()
	}
}

// encodeEmpty is a gzip member with nothing in it.
func encodeEmpty(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := gzip.NewWriter(&buf).Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestDamaged(t *testing.T) {
	data := archive(t, []entry{file("a", strings.Repeat("body", 1000))})
	tests := []struct {
		name  string
		spoil func([]byte) []byte
		want  error
	}{
		{"a bit", func(b []byte) []byte { b[600] ^= 1; return b }, rootfs.ErrDiffID},
		{"behind the end", func(b []byte) []byte { return append(b, 0) }, rootfs.ErrDiffID},
		{"cut", func(b []byte) []byte { return b[:1500] }, io.ErrUnexpectedEOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			temp := t.TempDir()
			broken := test.spoil(bytes.Clone(data))
			layers := layersOf([][]byte{data})
			layers[0].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(broken)), nil }
			if _, err := rootfs.Flatten(t.Context(), layers, rootfs.Options{TempDir: temp}); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if _, _, err := rootfs.Unpack(t.Context(), layers, temp); !errors.Is(err, test.want) {
				t.Errorf("Unpack: error %v, want %v", err, test.want)
			}
			expectEmpty(t, temp)
		})
	}
}

// TestStopped ends a reading that would never end.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endless := rootfs.Layer{Name: "endless", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(&endless{block: archive(t, []entry{dir("d")})[:512], after: func(n int) {
			if n == 10_000 {
				cancel()
			}
		}}), nil
	}}
	temp := t.TempDir()
	if _, err := rootfs.Flatten(ctx, []rootfs.Layer{endless}, rootfs.Options{TempDir: temp}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	expectEmpty(t, temp)
}

// endless repeats a block.
type endless struct {
	block []byte
	n     int
	after func(int)
}

func (e *endless) Read(p []byte) (int, error) {
	e.n++
	e.after(e.n)
	return copy(p, e.block), nil
}
