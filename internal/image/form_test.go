// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"errors"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestForm has manifests that would be an index to those who go by another field than
// the media type, and the other way round.
func TestForm(t *testing.T) {
	for _, c := range []struct {
		as   types.MediaType
		raw  string
		fits bool
	}{
		{types.OCIManifestSchema1, `{"config":{},"layers":[]}`, true},
		{types.OCIManifestSchema1, `{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[],"manifests":null}`, true},
		{types.DockerManifestSchema2, `{"config":{},"layers":[],"manifests":[]}`, false},
		{types.OCIManifestSchema1, `{"config":{},"layers":[],"Manifests":[{}]}`, false},
		{types.OCIManifestSchema1, `{"mediaType":"application/vnd.oci.image.index.v1+json","config":{},"layers":[]}`, false},
		{types.OCIImageIndex, `{"manifests":[]}`, true},
		{types.DockerManifestList, `{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","manifests":[]}`, false},
		{types.OCIImageIndex, `{"manifests":[],"layers":[]}`, false},
		{types.OCIImageIndex, `{"manifests":[],"config":{}}`, false},
		{types.OCIConfigJSON, `{"config":{},"manifests":[]}`, true},
		{types.OCIImageIndex, `no JSON`, true}, // whoever reads it says so
		{types.OCIImageIndex, `{"manifests":[],"layers":[]} {}`, false},
		{types.OCIManifestSchema1, `{"layers":[],"manifests":[]} no JSON`, false},
	} {
		if err := checkForm(v1.Descriptor{MediaType: c.as}, []byte(c.raw)); (err == nil) != c.fits {
			t.Errorf("%s as %s: %v", c.raw, c.as, err)
		}
	}
}

// TestFormOfWhatWasRead reads a manifest as something else before, such as another image's
// configuration.
func TestFormOfWhatWasRead(t *testing.T) {
	raw := []byte(`{"config":{},"layers":[],"manifests":[]}`)
	h, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	s := &Source{blobs: &dockerArchive{tarFile: &tarFile{}, made: map[v1.Hash][]byte{h: raw}}}
	for _, c := range []struct {
		as   types.MediaType
		fits bool
	}{{types.OCIConfigJSON, true}, {types.OCIManifestSchema1, false}, {types.OCIImageIndex, false}, {types.OCIConfigJSON, true}} {
		if _, err := s.Manifest(t.Context(), v1.Descriptor{MediaType: c.as, Digest: h, Size: size}); errors.Is(err, ErrDamaged) == c.fits {
			t.Errorf("as %s: %v", c.as, err)
		}
	}
}
