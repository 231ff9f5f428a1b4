// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// reFake takes the parts of a path: repository, kind, identifier.
var reFake = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs/uploads|blobs|referrers|tags)/(.*)$`)

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// serve answers one request.
func (r *FakeRegistry) serve(w http.ResponseWriter, req *http.Request) {
	q := r.quirks
	if q.Hang != "" && strings.Contains(req.Method+" "+req.URL.Path, q.Hang) {
		_, _ = io.Copy(io.Discard, req.Body)
		r.hangs(req)
		return
	}
	if req.URL.Path == "/token" {
		r.giveToken(w, req)
		return
	}
	if rest, ok := strings.CutPrefix(req.URL.Path, "/elsewhere"); ok {
		r.elsewhere(w, req, rest)
		return
	}
	if strings.Contains(req.URL.Path, q.BusyFor) && r.isBusy() {
		w.Header().Set("Retry-After", q.RetryAfter)
		fail(w, http.StatusTooManyRequests, "TOOMANYREQUESTS")
		return
	}
	if q.PingStatus != 0 && req.URL.Path == "/v2/" {
		w.WriteHeader(q.PingStatus)
		return
	}
	if !r.allowed(w, req) {
		return
	}
	if req.URL.Path == "/v2/" {
		w.WriteHeader(http.StatusOK)
		return
	}
	m := reFake.FindStringSubmatch(req.URL.Path)
	if m == nil {
		fail(w, http.StatusNotFound, "NAME_UNKNOWN")
		return
	}
	if q.HeadStatus != 0 && req.Method == http.MethodHead {
		w.WriteHeader(q.HeadStatus)
		return
	}
	switch m[2] {
	case "manifests":
		r.manifest(w, req, m)
	case "blobs":
		r.blob(w, req, m)
	case "blobs/uploads":
		r.upload(w, req, m)
	case "referrers":
		r.referrers(w, m)
	default:
		fail(w, http.StatusNotFound, "UNSUPPORTED")
	}
}

func (r *FakeRegistry) isBusy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busied++
	return r.busied <= r.quirks.Busy
}

// fail answers with a status and a code of the specification's.
func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"as the test wants it"}]}`, code)
}

func (r *FakeRegistry) manifest(w http.ResponseWriter, req *http.Request, m []string) {
	if req.Method == http.MethodPut {
		r.putManifest(w, req, m)
		return
	}
	r.mu.Lock()
	digest := m[3]
	if at, ok := r.tags[m[1]+":"+m[3]]; ok {
		digest = at
	}
	found, ok := r.manifests[m[1]+"@"+digest]
	r.mu.Unlock()
	if !ok {
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN")
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	if r.quirks.Type != "" {
		w.Header().Set("Content-Type", r.quirks.Type)
	}
	r.send(w, req, digest, found.raw)
}

// send answers with content.
func (r *FakeRegistry) send(w http.ResponseWriter, req *http.Request, digest string, data []byte) {
	if !r.quirks.NoDigest {
		w.Header().Set("Docker-Content-Digest", digest)
	}
	if r.quirks.NoLength {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush() // what follows goes out in chunks
		_, _ = w.Write(data)
		return
	}
	if r.quirks.NoRanges {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data)
		return
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
}

func (r *FakeRegistry) putManifest(w http.ResponseWriter, req *http.Request, m []string) {
	raw, _ := io.ReadAll(req.Body)
	var named struct {
		Config    struct{ Digest string }
		Layers    []struct{ Digest string }
		Manifests []struct{ Digest string }
		Subject   *struct{ Digest string }
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		fail(w, http.StatusBadRequest, "MANIFEST_INVALID")
		return
	}
	digest := digestOf(m[3], raw)
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Contains(m[3], ":") && digest != m[3] {
		fail(w, http.StatusBadRequest, "DIGEST_INVALID")
		return
	}
	for _, l := range append(named.Layers, named.Config) {
		if _, ok := r.blobs[m[1]+"@"+l.Digest]; !ok && l.Digest != "" {
			fail(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN")
			return
		}
	}
	for _, c := range named.Manifests {
		if _, ok := r.manifests[m[1]+"@"+c.Digest]; !ok && !r.quirks.Sparse {
			fail(w, http.StatusBadRequest, "MANIFEST_UNKNOWN")
			return
		}
	}
	r.manifests[m[1]+"@"+digest] = fakeManifest{req.Header.Get("Content-Type"), raw}
	if digest != m[3] {
		r.tags[m[1]+":"+m[3]] = digest
	}
	if named.Subject != nil && !r.quirks.NoReferrers {
		w.Header().Set("OCI-Subject", named.Subject.Digest)
	}
	if !r.quirks.NoDigest {
		w.Header().Set("Docker-Content-Digest", digest)
	}
	w.WriteHeader(cmp.Or(r.quirks.PutStatus, http.StatusCreated))
}

// digestOf is data's digest by the algorithm of another one, by SHA-256 if that is a
// tag.
func digestOf(like string, data []byte) string {
	if strings.HasPrefix(like, "sha512:") {
		sum := sha512.Sum512(data)
		return "sha512:" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (r *FakeRegistry) blob(w http.ResponseWriter, req *http.Request, m []string) {
	r.mu.Lock()
	data, ok := r.blobs[m[1]+"@"+m[3]]
	r.mu.Unlock()
	switch {
	case !ok:
		fail(w, http.StatusNotFound, "BLOB_UNKNOWN")
	case r.quirks.Redirect && req.Method == http.MethodGet && !strings.HasPrefix(req.RequestURI, "/elsewhere"):
		http.Redirect(w, req, "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+"/elsewhere"+req.URL.Path, http.StatusTemporaryRedirect)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		r.send(w, req, m[3], data)
	}
}

// elsewhere is the address that blobs are redirected to.
func (r *FakeRegistry) elsewhere(w http.ResponseWriter, req *http.Request, path string) {
	const token = "for-elsewhere"
	switch {
	case path == "/token":
		if _, _, ok := req.BasicAuth(); ok {
			fail(w, http.StatusForbidden, "DENIED") // the login is not for this place
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
	case r.quirks.RedirectLogin && req.Header.Get("Authorization") != "Bearer "+token:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/elsewhere/token",service="elsewhere",scope="blobs"`, req.Host))
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED")
	default:
		req.URL.Path = path
		r.blob(w, req, reFake.FindStringSubmatch(path))
	}
}

// upload answers what is about uploads.
func (r *FakeRegistry) upload(w http.ResponseWriter, req *http.Request, m []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Method == http.MethodPatch && r.quirks.PatchStatus != 0 {
		_, _ = io.Copy(io.Discard, req.Body)
		fail(w, r.quirks.PatchStatus, "UNSUPPORTED")
		return
	}
	query := req.URL.Query()
	id := m[1] + "/" + m[3]
	if req.Method == http.MethodPost {
		if from := query.Get("from"); from != "" && r.quirks.MountStatus != 0 {
			fail(w, r.quirks.MountStatus, "DENIED")
			return
		} else if data, ok := r.blobs[from+"@"+query.Get("mount")]; ok && !r.quirks.NoMount {
			r.blobs[m[1]+"@"+query.Get("mount")] = data
			w.WriteHeader(http.StatusCreated)
			return
		}
		r.count++
		id = fmt.Sprintf("%s/a%d", m[1], r.count)
		r.uploads[id] = nil
	}
	part, _ := io.ReadAll(req.Body)
	got, ok := r.uploads[id]
	if !ok {
		fail(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN")
		return
	}
	got = append(slices.Clone(got), part...)
	r.uploads[id] = got
	if req.Method == http.MethodPut {
		want := query.Get("digest")
		if digestOf(want, got) != want {
			fail(w, http.StatusBadRequest, "DIGEST_INVALID")
			return
		}
		r.blobs[m[1]+"@"+want] = got
		w.WriteHeader(http.StatusCreated)
		return
	}
	r.goOn(w, req, m[1], id[strings.LastIndex(id, "/")+1:], len(got))
}

// goOn says where an upload goes on.
func (r *FakeRegistry) goOn(w http.ResponseWriter, req *http.Request, repository, id string, length int) {
	at := "/v2/" + repository + "/blobs/uploads/" + id + "?state=a%2Fb"
	if !r.quirks.BareLocation {
		scheme := "http://"
		if req.TLS != nil && !r.quirks.PlainLocation {
			scheme = "https://"
		}
		at = scheme + r.Host + at
	}
	w.Header().Set("Location", at)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(0, length-1)))
	status := http.StatusAccepted
	if req.Method == http.MethodGet {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
}

// referrers lists what is about a manifest.
func (r *FakeRegistry) referrers(w http.ResponseWriter, m []string) {
	if r.quirks.NoReferrers {
		fail(w, cmp.Or(r.quirks.ReferrersStatus, http.StatusNotFound), "NOT_FOUND")
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []map[string]any{}
	for at, found := range r.manifests {
		var about struct {
			ArtifactType string
			Annotations  map[string]string
			Config       struct{ MediaType string }
			Subject      struct{ Digest string }
		}
		if json.Unmarshal(found.raw, &about) != nil || about.Subject.Digest != m[3] || !strings.HasPrefix(at, m[1]+"@") {
			continue
		}
		if about.ArtifactType == "" {
			about.ArtifactType = about.Config.MediaType
		}
		list = append(list, map[string]any{
			"mediaType": found.mediaType, "digest": at[len(m[1])+1:], "size": len(found.raw),
			"artifactType": about.ArtifactType, "annotations": about.Annotations,
		})
	}
	w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": list,
	})
}
