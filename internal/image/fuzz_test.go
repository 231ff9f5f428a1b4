// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// FuzzLayoutIndex looks for images in indexes that anybody may have written.
func FuzzLayoutIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:00","size":1}]}`), "v1")
	f.Add([]byte(`{"manifests":[{"annotations":{"org.opencontainers.image.ref.name":"v1"}},{}]}`), "")
	f.Fuzz(func(t *testing.T, data []byte, tag string) {
		s := &Source{blobs: &dockerArchive{tarFile: &tarFile{}}}
		o := Options{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}
		d, err := s.findRoot(context.Background(), data, Name{Transport: Layout, Path: "x", Tag: tag}, o)
		if err == nil && !isNamed(d, Name{Tag: tag}) {
			t.Errorf("asked for %q, got %+v", tag, d)
		}
	})
}

// FuzzManifest selects platforms in an index with a manifest and a configuration
// that anybody may have written.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"manifests":[]}`), []byte(`{"layers":[]}`), []byte(`{"os":"linux","architecture":"arm","variant":"v7"}`))
	f.Add([]byte(`{}`), []byte(`{"config":null}`), []byte(`{"architecture":7}`))
	f.Fuzz(func(t *testing.T, index, manifest, config []byte) {
		made := map[v1.Hash][]byte{}
		put := func(data []byte, mediaType types.MediaType) v1.Descriptor {
			h, size, err := v1.SHA256(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			made[h] = data
			return v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}
		}
		var m v1.Manifest
		if json.Unmarshal(manifest, &m) == nil {
			m.Config = put(config, types.OCIConfigJSON)
			manifest, _ = json.Marshal(m)
		}
		entry := put(manifest, types.OCIManifestSchema1)
		var i v1.IndexManifest
		if json.Unmarshal(index, &i) == nil {
			i.Manifests = append(i.Manifests, entry)
			index, _ = json.Marshal(i)
		}
		s := &Source{Root: put(index, types.OCIImageIndex), blobs: &dockerArchive{tarFile: &tarFile{}, made: made}}
		d, err := s.Select(context.Background(), nil)
		if err == nil {
			_, _ = s.ImageOf(context.Background(), d) // it may fail, not panic
		}
	})
}

// FuzzDockerArchive opens archives with any list of images and any
// configuration.
func FuzzDockerArchive(f *testing.F) {
	f.Add([]byte(`[{"Config":"config.json","RepoTags":["a:1"],"Layers":["layer.tar"]}]`), []byte(`{"rootfs":{"diff_ids":["sha256:00"]}}`), []byte("layer"))
	f.Add([]byte(`[{"Config":"manifest.json"}]`), []byte(`{}`), []byte("\x1f\x8b"))
	path := filepath.Join(f.TempDir(), "docker.tar") // a directory for each round would be most of its time
	f.Fuzz(func(t *testing.T, list, config, layer []byte) {
		archive := smallTar(t, []string{dockerManifest, "config.json", "layer.tar"}, list, config, layer)
		if err := os.WriteFile(path, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(context.Background(), Name{Transport: DockerArchive, Path: path}, Options{})
		if err != nil {
			return
		}
		if _, err := s.Manifest(context.Background(), s.Root); err != nil {
			t.Errorf("the manifest that was made cannot be read: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// smallTar is an archive whose order is always the same: the fuzzer takes what it
// cannot repeat for something new.
func smallTar(t *testing.T, names []string, contents ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(contents[i])), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(contents[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzKeepUnknown keeps the members of objects that anybody may have written.
func FuzzKeepUnknown(f *testing.F) {
	f.Add([]byte(`{"mediaType":"x","a":[1,{"b":null}],"":0}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, original []byte) {
		out, err := KeepUnknown(v1.Descriptor{MediaType: "m", Digest: v1.Hash{Algorithm: "sha256"}}, original)
		if err != nil {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(out, &members); err != nil || string(members["mediaType"]) != `"m"` {
			t.Errorf("%s becomes %s, %v", original, out, err)
		}
	})
}
