// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/rootfs"
	"github.com/strata-build/strata/internal/testenv"
)

// entry is a file of a layer.
type entry struct {
	tar.Header
	body string
}

// when is the time of the files of tests.
func when() time.Time { return time.Date(2023, 4, 5, 6, 7, 8, 0, time.UTC) }

func dir(name string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: when()}}
}

func file(name, body string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(body)), ModTime: when()}, body}
}

func symlink(name, target string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777, ModTime: when()}}
}

func hardlink(name, target string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644, ModTime: when()}}
}

func device(name string, kind byte, major, minor int64) entry {
	return entry{Header: tar.Header{
		Typeflag: kind, Name: name, Mode: 0o620, Devmajor: major, Devminor: minor, Gid: 5, ModTime: when(),
	}}
}

func remove(name string) entry {
	at := strings.LastIndexByte(name, '/') + 1
	return file(name[:at]+".wh."+name[at:], "")
}

func opaque(name string) entry { return file(strings.TrimPrefix(name+"/.wh..wh..opq", "/"), "") }

// with changes an entry.
func (e entry) with(change func(*tar.Header)) entry {
	change(&e.Header)
	return e
}

func (e entry) mode(m int64) entry {
	return e.with(func(h *tar.Header) { h.Mode = m })
}

func (e entry) owner(uid, gid int) entry {
	return e.with(func(h *tar.Header) { h.Uid, h.Gid = uid, gid })
}

func (e entry) xattr(name, value string) entry {
	return e.with(func(h *tar.Header) {
		h.PAXRecords = map[string]string{"SCHILY.xattr." + name: value}
	})
}

// archive makes the tar of a layer.
func archive(t testing.TB, entries []entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := e.Header
		if h.Format == 0 {
			h.Format = tar.FormatPAX
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatalf("write %s: %v", h.Name, err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatalf("write %s: %v", h.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// layersOf makes layers of archives.
func layersOf(archives [][]byte) []rootfs.Layer {
	var layers []rootfs.Layer
	for i, data := range archives {
		layers = append(layers, rootfs.Layer{
			Name: fmt.Sprint(i), DiffID: digest(data),
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		})
	}
	return layers
}

func archives(t testing.TB, layers [][]entry) [][]byte {
	t.Helper()
	var all [][]byte
	for _, entries := range layers {
		all = append(all, archive(t, entries))
	}
	return all
}

func flatten(t testing.TB, layers ...[]entry) *rootfs.Tree {
	t.Helper()
	return flattenArchives(t, archives(t, layers))
}

func flattenArchives(t testing.TB, archives [][]byte) *rootfs.Tree {
	t.Helper()
	tree, err := rootfs.Flatten(t.Context(), layersOf(archives), rootfs.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	return tree
}

// layoutOf writes an image of the archives as an OCI layout.
func layoutOf(t testing.TB, archives [][]byte) *testenv.Layout {
	t.Helper()
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
	image, err := mutate.ConfigFile(mutate.MediaType(empty.Image, types.OCIManifestSchema1), config)
	if err != nil {
		t.Fatal(err)
	}
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	for _, data := range archives {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(1))
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatal(err)
		}
	}
	out := testenv.Dir(t)
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	return &testenv.Layout{Dir: out}
}
