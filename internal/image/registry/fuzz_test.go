// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
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
	f.Add("0-9223372036854775807")
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

// FuzzAppendReferrer adds to indexes of referrers that anybody may have written.
func FuzzAppendReferrer(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:00"}],"x":1}`), []byte(`{"artifactType":"a"}`))
	f.Add([]byte(``), []byte(`[]`))
	f.Add([]byte(`{"manifests":null}`), []byte(`{"config":{"mediaType":"m"}}`))
	d := v1.Descriptor{MediaType: "m", Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}}
	f.Fuzz(func(t *testing.T, index, raw []byte) {
		out, err := AppendReferrer(index, d, raw)
		if err != nil || out == nil {
			return
		}
		if again, err := AppendReferrer(out, d, raw); again != nil || err != nil {
			t.Errorf("%s lists it, and gets it again: %s, %v", out, again, err)
		}
	})
}

// FuzzChallenges reads what registries ask for.
func FuzzChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://example.org/token",service="s",scope="repository:a:pull"`, "<https://example.org/v2/a?n=1>; rel=next")
	f.Add("Basic", "</v2/b>; rel=\"next\"")
	f.Fuzz(func(t *testing.T, challenge, link string) {
		req, err := http.NewRequest(http.MethodGet, "https://example.org/v2/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp := &http.Response{Header: http.Header{"Www-Authenticate": {challenge}, "Link": {link}}, Request: req}
		if c := challengeOf(resp, false); c != nil && c.Scheme != "basic" && c.Scheme != "bearer" {
			t.Errorf("%q asks for %q", challenge, c.Scheme)
		}
		if next, err := nextPage(resp); err == nil && next != "" {
			if u, err := url.Parse(next); err != nil || u.Host != "example.org" {
				t.Errorf("%q leads to %q, another host: %v", link, next, err)
			}
		}
	})
}
