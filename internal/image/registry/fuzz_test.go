// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"testing"

	"github.com/distribution/reference"
)

// FuzzDescribe reads manifests that a registry may answer with.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`), "latest", "application/vnd.oci.image.index.v1+json", "")
	f.Add([]byte(`{"schemaVersion":1}`), "sha256:00", "text/plain", "sha256:00")
	f.Fuzz(func(t *testing.T, raw []byte, id, contentType, digest string) {
		header := http.Header{"Content-Type": {contentType}, "Docker-Content-Digest": {digest}}
		d, err := describe(raw, id, header)
		if err == nil && (d.Size != int64(len(raw)) || d.MediaType == "") {
			t.Errorf("%d bytes are described as %+v", len(raw), d)
		}
	})
}

// FuzzPlaces rewrites references by registries.conf and mirrors.
func FuzzPlaces(f *testing.F) {
	f.Add("example.org/a/b:1", "example.org/a", "mirror.example.org/x")
	f.Add("alpine", "*.io", "")
	f.Fuzz(func(t *testing.T, name, prefix, location string) {
		ref, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			return
		}
		h := &hosts{
			options:    Options{Env: func(string) (string, bool) { return "", false }},
			containers: []containersRegistry{{Prefix: prefix, Location: location}},
		}
		if all, err := h.places(reference.Domain(ref), reference.Path(ref)); err != nil || len(all) == 0 || all[len(all)-1].mirror {
			t.Errorf("%s is nowhere: %+v, %v", name, all, err)
		}
	})
}

// FuzzRanges reads what servers say about uploads and pauses.
func FuzzRanges(f *testing.F) {
	f.Add("0-99")
	f.Add("bytes=0-0")
	f.Add("Wed, 21 Oct 2015 07:28:00 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := rangeEnd(text); ok && n < 0 {
			t.Errorf("rangeEnd(%q) = %d", text, n)
		}
		if d, ok := retryAfter(text, fixedTime()); ok && d < 0 {
			t.Errorf("retryAfter(%q) = %s", text, d)
		}
	})
}
