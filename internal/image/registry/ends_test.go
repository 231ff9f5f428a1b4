// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

// TestUploadEnds sends a blob to a registry that takes every part of it, never ends the
// upload, and forgets what it has.
func TestUploadEnds(t *testing.T) {
	var sent atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case r.URL.Path == "/v2/":
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "/v2/a/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		case r.Method == http.MethodPatch:
			sent.Add(1)
			w.Header().Set("Location", "/v2/a/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	blob := make([]byte, 2<<20)
	sum := sha256.Sum256(blob)
	d := v1.Descriptor{Size: int64(len(blob)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
	_, err := repository(t, registry.Options{Env: noEnv, Wait: time.Millisecond}, server.Listener.Addr().String()+"/a").Upload(t.Context(), d, "", func(offset int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(blob[offset:])), nil
	})
	if err == nil || sent.Load() == 0 || sent.Load() > 10 {
		t.Errorf("the blob was sent %d times, and the error is %v", sent.Load(), err)
	}
}

// TestPagesElsewhere lists what a registry says to go on with at another host: a part of the list
// isn't taken for all of it.
func TestPagesElsewhere(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<http://user:secret@elsewhere.example.org/v2/a/next>; rel="next"`)
		if strings.Contains(r.URL.Path, "/referrers/") {
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
		}
		_, _ = io.WriteString(w, `{"schemaVersion": 2, "tags": ["1"], "manifests": []}`)
	}))
	t.Cleanup(server.Close)
	r := repository(t, registry.Options{Env: noEnv}, server.Listener.Addr().String()+"/a")
	_, tags := r.Tags(t.Context())
	_, referrers := r.Referrers(t.Context(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)})
	for _, err := range []error{tags, referrers} {
		if err == nil || !strings.Contains(err.Error(), "goes on at http://user:xxxxx@elsewhere.example.org/v2/a/next, and only "+server.Listener.Addr().String()) {
			t.Errorf("got %v", err)
		}
	}
}

// TestTagsWithoutEnd lists the tags of a registry that always has another page.
func TestTagsWithoutEnd(t *testing.T) {
	page := `{"tags": ["` + strings.Repeat("x", 4<<20) + `"]}`
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Link", `</v2/a/tags/list?last=x>; rel="next"`)
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(server.Close)
	_, err := repository(t, registry.Options{Env: noEnv}, server.Listener.Addr().String()+"/a").Tags(t.Context())
	if err == nil || !strings.Contains(err.Error(), "have more than 67108864 bytes") || asked.Load() > 20 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

// TestManyReferrers lists the referrers of a registry that has very many, and of one that
// always has another page of them.
func TestManyReferrers(t *testing.T) {
	const pages, onPage = 3, 60_000
	hex64 := strings.Repeat("0", 64)
	for _, c := range []struct {
		last int
		want string
	}{{pages, ""}, {1000, "have more than 33554432 bytes"}} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			if !strings.Contains(r.URL.Path, "/referrers/") {
				return
			}
			at, _ := strconv.Atoi(r.URL.Query().Get("page"))
			if at+1 < c.last {
				w.Header().Set("Link", fmt.Sprintf(`</v2/a/referrers/sha256:%s?page=%d>; rel="next"`, hex64, at+1))
			}
			_, _ = io.WriteString(w, `{"manifests": [`)
			for i := range onPage {
				_, _ = fmt.Fprintf(w, `{"digest": "sha256:%064x"},`, at*onPage+i)
			}
			_, _ = fmt.Fprintf(w, `{"digest": "sha256:%064x"}]}`, 0)
		}))
		t.Cleanup(server.Close)
		r := repository(t, registry.Options{Env: noEnv}, server.Listener.Addr().String()+"/a")
		begun := time.Now()
		found, err := r.Referrers(t.Context(), v1.Hash{Algorithm: "sha256", Hex: hex64})
		if c.want == "" && (err != nil || len(found) != pages*onPage) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%d pages: found %d, %v, want %q", c.last, len(found), err, c.want)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%d pages: it took %v", c.last, took)
		}
	}
}

// TestGreetingWithoutEnd pulls from a registry whose greeting never ends.
func TestGreetingWithoutEnd(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	r.Add(t, "app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/v2/" {
			r.ServeHTTP(w, req)
			return
		}
		for req.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, _, err := repository(t, registry.Options{Env: noEnv}, server.Listener.Addr().String()+"/app").Manifest(ctx, "1"); err != nil {
		t.Error(err)
	}
}

// TestRefusedReferrers asks a registry that refuses the referrers API: that there are
// none can't be said then.
func TestRefusedReferrers(t *testing.T) {
	for status, want := range map[int]string{http.StatusForbidden: "403", http.StatusNotFound: "", http.StatusNotImplemented: ""} {
		r := testenv.NewFakeRegistry(t, testenv.Quirks{NoReferrers: true, ReferrersStatus: status})
		found, err := repository(t, registry.Options{Env: noEnv, Wait: time.Millisecond}, r.Host+"/a").Referrers(t.Context(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)})
		if (err == nil) != (want == "") || len(found) > 0 {
			t.Errorf("%d: %v, %v", status, found, err)
		}
	}
}

// TestReferrersOfMirrors asks a registry and its mirror, of which either may have what
// the other one lacks.
func TestReferrersOfMirrors(t *testing.T) {
	subject := v1.Descriptor{MediaType: types.OCIManifestSchema1, Size: 2, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}}
	about := func(kind string) string {
		return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"artifactType":"application/vnd.example.%s",`+
			`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[],"subject":{"mediaType":%[1]q,"digest":%[3]q,"size":2}}`,
			types.OCIManifestSchema1, kind, subject.Digest)
	}
	for name, c := range map[string]struct {
		mirror, origin testenv.Quirks
		mirrorHas      []string
		originHas      []string
		want           []string
		fails          bool
	}{
		"the mirror has none":        {originHas: []string{"signature"}, want: []string{"signature"}},
		"the mirror has no API":      {mirror: testenv.Quirks{NoReferrers: true}, originHas: []string{"signature"}, want: []string{"signature"}},
		"the mirror has some":        {mirrorHas: []string{"signature"}, originHas: []string{"signature", "sbom"}, want: []string{"signature", "sbom"}},
		"the registry has none":      {mirrorHas: []string{"signature"}, want: []string{"signature"}},
		"the registry fails":         {origin: testenv.Quirks{NoReferrers: true, ReferrersStatus: 403}, mirrorHas: []string{"signature"}, want: []string{"signature"}},
		"the mirror is all there is": {origin: testenv.Quirks{NoReferrers: true, ReferrersStatus: 403}},
		"neither says":               {mirror: testenv.Quirks{NoReferrers: true}, origin: testenv.Quirks{NoReferrers: true, ReferrersStatus: 403}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			mirror, origin := testenv.NewFakeRegistry(t, c.mirror), testenv.NewFakeRegistry(t, c.origin)
			for _, kind := range c.mirrorHas {
				mirror.AddManifest(t, "a", string(types.OCIManifestSchema1), []byte(about(kind)))
			}
			for _, kind := range c.originHas {
				origin.AddManifest(t, "a", string(types.OCIManifestSchema1), []byte(about(kind)))
			}
			dir := write(t, testenv.Dir(t), map[string][]byte{"buildkitd.toml": fmt.Appendf(nil, "[registry.%q]\nmirrors = [%q]\n", origin.Host, mirror.Host)})
			o := registry.Options{Env: noEnv, Wait: time.Millisecond, Config: filepath.Join(dir, "buildkitd.toml")}
			found, err := repository(t, o, origin.Host+"/a").Referrers(t.Context(), subject.Digest)
			var got []string
			for _, d := range found {
				got = append(got, strings.TrimPrefix(d.ArtifactType, "application/vnd.example."))
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if (err != nil) != c.fails || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
		})
	}
}

// TestBusyUploads sends a blob that has requests of its own to a registry that asks to
// wait: as long as it says, and not as long as the client would.
func TestBusyUploads(t *testing.T) {
	for name, c := range map[string]struct {
		size  int
		after string
		wait  time.Duration
		want  string
	}{
		"a part, soon":          {2 << 20, "0", time.Hour, ""},
		"a small one, soon":     {2 << 10, "0", time.Hour, ""},
		"a part, tomorrow":      {2 << 20, "86400", time.Millisecond, "asks to wait for 24h0m0s; --wait"},
		"a small one, tomorrow": {2 << 10, "86400", time.Millisecond, "asks to wait for 24h0m0s; --wait"},
	} {
		t.Run(name, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, testenv.Quirks{Busy: 2, BusyFor: "/blobs/uploads/a", RetryAfter: c.after})
			blob := make([]byte, c.size)
			sum := sha256.Sum256(blob)
			d := v1.Descriptor{Size: int64(len(blob)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
			_, err := repository(t, registry.Options{Env: noEnv, Wait: c.wait}, r.Host+"/a").Upload(t.Context(), d, "", func(offset int64) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(blob[offset:])), nil
			})
			if c.want == "" && (err != nil || !r.HasBlob("a", d.Digest)) {
				t.Errorf("the blob was not sent: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestTokensOfAnotherPort pulls from a registry that has tokens given by another port of
// its private address.
func TestTokensOfAnotherPort(t *testing.T) {
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"token":"given"}`) }))
	t.Cleanup(tokens.Close)
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	r.Add(t, "app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer given" {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/jwt/auth",service="tokens"`, tokens.URL))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	o := registry.Options{Env: noEnv, Wait: time.Millisecond}
	if _, _, err := repository(t, o, server.Listener.Addr().String()+"/app").Manifest(t.Context(), "1"); err != nil {
		t.Error(err)
	}
}
