// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/testenv"
)

// saved is an archive as docker 25 and later write it from the store of its own: an
// OCI layout with plain layers, and docker's list of images beside it.
type saved struct {
	t     *testing.T
	files []testenv.Entry
	image v1.Image
	// layers are the paths of the layers.
	layers []string
}

func newSaved(t *testing.T, img v1.Image) *saved {
	t.Helper()
	s := &saved{t: t, image: img}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		rc, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		rc.Close()
		s.layers = append(s.layers, "blobs/sha256/"+s.blob(data, "").Digest.Hex)
	}
	return s
}

func (s *saved) blob(data []byte, mediaType types.MediaType) v1.Descriptor {
	s.t.Helper()
	h, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	s.files = append(s.files, testenv.Entry{Path: "blobs/sha256/" + h.Hex, Data: data})
	return v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}
}

// write writes the archive, with a manifest that lists a number of the layers.
func (s *saved) write(listed int) string {
	s.t.Helper()
	config, err := s.image.RawConfigFile()
	if err != nil {
		s.t.Fatal(err)
	}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: s.blob(config, types.OCIConfigJSON), Layers: []v1.Descriptor{}}
	for _, f := range s.files[:listed] {
		h, err := v1.NewHash("sha256:" + filepath.Base(f.Path))
		if err != nil {
			s.t.Fatal(err)
		}
		m.Layers = append(m.Layers, v1.Descriptor{MediaType: types.OCIUncompressedLayer, Digest: h, Size: int64(len(f.Data))})
	}
	root := s.blob(marshal(s.t, m), types.OCIManifestSchema1)
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{root}}
	list := []map[string]any{{"Config": "blobs/sha256/" + m.Config.Digest.Hex, "RepoTags": []string{"app:1"}, "Layers": s.layers}}
	files := append(s.files,
		testenv.Entry{Path: "oci-layout", Data: []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		testenv.Entry{Path: "index.json", Data: marshal(s.t, index)},
		testenv.Entry{Path: "manifest.json", Data: marshal(s.t, list)})
	path := filepath.Join(testenv.Dir(s.t), "saved.tar")
	if err := os.WriteFile(path, testenv.Tar(s.t, files), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// TestDockerManifestWithoutLayers opens what the first releases of docker 25 saved:
// the OCI manifest lists no layers, docker's own list all of them.
func TestDockerManifestWithoutLayers(t *testing.T) {
	for listed := range 3 {
		path := newSaved(t, twoLayers(t, "amd64")).write(listed)
		img, err := open(t, "docker-archive:"+path+":app:1").Image(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		checkLayers(t, img)
	}
	path := newSaved(t, twoLayers(t, "amd64")).write(0)
	if _, err := open(t, "oci-archive:"+path).Image(t.Context(), nil); err == nil {
		t.Error("an image without its layers is taken")
	}
}

// TestKeepUnknown encodes structs with what they do not know.
func TestKeepUnknown(t *testing.T) {
	for original, want := range map[string]string{
		``:                                `{"mediaType":"m","size":0,"digest":"sha256:"}`,
		`{"mediatype":"x","size":5}`:      `{"mediaType":"m","size":0,"digest":"sha256:"}`,
		`{"z":{"b": 1},"a":[],"urls":[]}`: `{"mediaType":"m","size":0,"digest":"sha256:","a":[],"z":{"b": 1}}`,
	} {
		got, err := image.KeepUnknown(v1.Descriptor{MediaType: "m", Digest: v1.Hash{Algorithm: "sha256"}}, []byte(original))
		if err != nil || string(got) != want || !json.Valid(got) {
			t.Errorf("%s: %s, %v; want %s", original, got, err, want)
		}
	}
	if got, err := image.KeepUnknown(struct{}{}, []byte(`{"a":1}`)); err != nil || string(got) != `{"a":1}` {
		t.Errorf("an empty struct: %s, %v", got, err)
	}
}
