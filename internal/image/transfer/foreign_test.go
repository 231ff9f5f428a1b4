// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// TestForeignAndNot copies an index of two images that have one layer: in the first it is a
// foreign one, in the second it is like any other, and has to come along.
func TestForeignAndNot(t *testing.T) {
	from, to := testenv.Dir(t), filepath.Join(testenv.Dir(t), "to")
	put := func(kind types.MediaType, data []byte) v1.Descriptor {
		t.Helper()
		h, size, err := v1.SHA256(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(from, "blobs", "sha256")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, h.Hex), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return v1.Descriptor{MediaType: kind, Digest: h, Size: size}
	}
	encode := func(v any) []byte {
		t.Helper()
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	layer := put(types.OCILayer, []byte("layer"))
	foreign := layer
	foreign.MediaType, foreign.URLs = types.DockerForeignLayer, []string{"https://example.org/layer"}
	var index v1.IndexManifest
	for _, l := range []v1.Descriptor{foreign, layer} {
		m := v1.Manifest{SchemaVersion: 2, Config: put(types.OCIConfigJSON, []byte("{}")), Layers: []v1.Descriptor{l}}
		index.Manifests = append(index.Manifests, put(types.OCIManifestSchema1, encode(m)))
	}
	top := v1.IndexManifest{Manifests: []v1.Descriptor{put(types.OCIImageIndex, encode(index))}}
	if err := os.WriteFile(filepath.Join(from, "index.json"), encode(top), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Copy(t.Context(), image.Name{Transport: image.Layout, Path: from}, image.Name{Transport: image.Layout, Path: to}, transfer.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(to, "blobs", "sha256", layer.Digest.Hex)); err != nil {
		t.Error(err)
	}
}
