// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// fixedTime is the time of every file that testenv writes into an image: a time
// that is neither now nor the epoch, so that a test can tell them apart.
func fixedTime() time.Time { return time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC) }

// Entry is one file of an image that a test makes.
type Entry struct {
	// Path has no slash at the start; a directory's ends in one.
	Path string
	// Data is the content of a file.
	Data []byte
	// Symlink is the target of a symbolic link.
	Symlink string
	// Mode is the permissions; when 0, 0755 for a directory and 0644 for a file.
	Mode int64
	// UID and GID own the file.
	UID, GID int
}

// header returns the entry as a tar header.
func (e Entry) header() *tar.Header {
	h := &tar.Header{
		Name: e.Path, Mode: e.Mode, Uid: e.UID, Gid: e.GID, ModTime: fixedTime(), Format: tar.FormatPAX,
	}
	mode := int64(0o644)
	switch {
	case e.Symlink != "":
		h.Typeflag, h.Linkname, mode = tar.TypeSymlink, e.Symlink, 0o777
	case e.Path[len(e.Path)-1] == '/':
		h.Typeflag, mode = tar.TypeDir, 0o755
	default:
		h.Typeflag, h.Size = tar.TypeReg, int64(len(e.Data))
	}
	if h.Mode == 0 {
		h.Mode = mode
	}
	return h
}

// Tar returns an archive of the entries.
func Tar(t testing.TB, entries []Entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		if err := w.WriteHeader(e.header()); err != nil {
			t.Fatalf("write tar: %v", err)
		}
		if _, err := w.Write(e.Data); err != nil {
			t.Fatalf("write tar: %v", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write tar: %v", err)
	}
	return buf.Bytes()
}

// Image makes an OCI image with one layer of the entries for each list, and the
// configuration.
func Image(t testing.TB, arch string, config v1.Config, layers ...[]Entry) v1.Image {
	t.Helper()
	file := &v1.ConfigFile{
		OS: "linux", Architecture: arch, Config: config, Created: v1.Time{Time: fixedTime()},
		RootFS: v1.RootFS{Type: "layers"},
	}
	image, err := mutate.ConfigFile(empty.Image, file)
	if err != nil {
		t.Fatalf("make image: %v", err)
	}
	image = mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, entries := range layers {
		data := Tar(t, entries)
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		}, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			t.Fatalf("make layer: %v", err)
		}
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:   layer,
			History: v1.History{Created: v1.Time{Time: fixedTime()}, CreatedBy: "testenv"},
		})
		if err != nil {
			t.Fatalf("append layer: %v", err)
		}
	}
	return image
}
