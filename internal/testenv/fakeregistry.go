// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// FakeUser and FakePassword are the login that a [FakeRegistry] knows.
const (
	FakeUser     = "ann"
	FakePassword = "secret"
)

// Quirks are the ways in which registries differ from the specification, or from each
// other where it leaves a choice. The zero value follows OCI distribution 1.1 and asks
// for no login.
type Quirks struct {
	// Login is "basic" or "bearer", or empty for none.
	Login string
	// OpenPing answers /v2/ without a login where other requests want one.
	OpenPing bool
	// PingStatus answers /v2/, if it isn't 0.
	PingStatus int
	// AnonymousPull lets anonymous users pull where Login is "bearer".
	AnonymousPull bool
	// NoChallenge leaves WWW-Authenticate out of a 401.
	NoChallenge bool
	// OtherChallenge names a way to log in first that few clients know.
	OtherChallenge bool
	// FirstToken gives every later token of a repository what the first one had.
	FirstToken bool
	// FreshTokens is how often each token is refused before it is taken.
	FreshTokens int
	// AccessToken has the token in access_token alone.
	AccessToken bool

	// HeadStatus answers HEAD requests of manifests and blobs, if it isn't 0.
	HeadStatus int
	// NoDigest leaves Docker-Content-Digest out of answers.
	NoDigest bool
	// NoLength leaves Content-Length out of answers.
	NoLength bool
	// Type is the Content-Type of all manifests, if it isn't empty.
	Type string
	// Sparse takes indexes whose entries it lacks.
	Sparse bool
	// NoReferrers has no referrers API: it answers with ReferrersStatus, or 404.
	NoReferrers     bool
	ReferrersStatus int

	// NoMount begins an upload where a mount was asked for, MountStatus refuses it.
	NoMount     bool
	MountStatus int
	// PatchStatus refuses the parts of uploads, if it isn't 0.
	PatchStatus int
	// BareLocation says where an upload goes on by a path without the host.
	BareLocation bool
	// PlainLocation says http:// there, also where the registry speaks https.
	PlainLocation bool
	// Redirect sends those who want a blob to another address, where RedirectLogin asks
	// for a token that anonymous users get.
	Redirect      bool
	RedirectLogin bool
	// NoRanges gives every blob from its start.
	NoRanges bool
	// PutStatus answers to a manifest that is taken, if it isn't 0.
	PutStatus int

	// Hang never answers requests whose method and path, with a space between, contain
	// it.
	Hang string
	// Busy is how many requests are answered by 429, with RetryAfter; with BusyFor those
	// whose path contains it.
	Busy       int
	BusyFor    string
	RetryAfter string
	// TLS speaks https with a certificate that no one trusts.
	TLS bool
}

// FakeRegistry is a registry in the test's own process.
type FakeRegistry struct {
	// Host is its name, 127.0.0.1:PORT.
	Host string
	*Recorder
	quirks Quirks

	mu        sync.Mutex
	blobs     map[string][]byte       // by repository@digest
	manifests map[string]fakeManifest // by repository@digest
	tags      map[string]string       // digests by repository:tag
	uploads   map[string][]byte
	count     int
	busied    int // requests that quirks.Busy was asked about
	tokens    map[string]*fakeToken
	first     map[string]string
	hang      chan struct{}
}

type fakeManifest struct {
	mediaType string
	raw       []byte
}

// NewFakeRegistry starts an empty registry.
func NewFakeRegistry(t testing.TB, q Quirks) *FakeRegistry {
	t.Helper()
	r := &FakeRegistry{
		quirks: q, blobs: map[string][]byte{}, manifests: map[string]fakeManifest{}, tags: map[string]string{},
		uploads: map[string][]byte{}, tokens: map[string]*fakeToken{}, first: map[string]string{}, hang: make(chan struct{}),
	}
	r.Recorder = &Recorder{next: http.HandlerFunc(r.serve)}
	server := httptest.NewUnstartedServer(r.Recorder)
	server.Config.ErrorLog = quietLog()
	if q.TLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	r.Host = server.Listener.Addr().String()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("requests to the registry %s:\n%s", r.Host, r.Recorder)
		}
		close(r.hang)
		server.CloseClientConnections()
		server.Close()
	})
	return r
}

// Add stores an image under repository[:tag] and returns its reference.
func (r *FakeRegistry) Add(t testing.TB, repository string, image v1.Image) string {
	t.Helper()
	r.addImage(t, repositoryOf(repository), image)
	raw, err := image.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	mediaType, err := image.MediaType()
	if err != nil {
		t.Fatal(err)
	}
	return r.AddManifest(t, repository, string(mediaType), raw)
}

// AddIndex stores an index under repository[:tag], with the images that it lists, and
// returns its reference.
func (r *FakeRegistry) AddIndex(t testing.TB, repository string, index v1.IndexManifest, images ...v1.Image) string {
	t.Helper()
	for _, image := range images {
		r.Add(t, repositoryOf(repository), image)
	}
	index.SchemaVersion = 2
	if index.MediaType == "" {
		index.MediaType = types.OCIImageIndex
	}
	raw, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	return r.AddManifest(t, repository, string(index.MediaType), raw)
}

// addImage stores an image's configuration and layers.
func (r *FakeRegistry) addImage(t testing.TB, repository string, image v1.Image) {
	t.Helper()
	config, err := image.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	r.AddBlob(t, repository, config)
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		rc, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		var data bytes.Buffer
		if _, err := data.ReadFrom(rc); err != nil {
			t.Fatal(err)
		}
		rc.Close()
		r.AddBlob(t, repository, data.Bytes())
	}
}

// AddBlob stores a blob in a repository and returns its descriptor, without a type.
func (r *FakeRegistry) AddBlob(t testing.TB, repository string, data []byte) v1.Descriptor {
	t.Helper()
	h, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[repository+"@"+h.String()] = data
	return v1.Descriptor{Digest: h, Size: size}
}

// AddBlob512 is [FakeRegistry.AddBlob] with a digest by SHA-512.
func (r *FakeRegistry) AddBlob512(t testing.TB, repository string, data []byte) v1.Descriptor {
	t.Helper()
	h, err := v1.NewHash(digestOf("sha512:", data))
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[repository+"@"+h.String()] = data
	return v1.Descriptor{Digest: h, Size: int64(len(data))}
}

// AddManifestAs stores a manifest under repository:tag, with a digest of any algorithm.
func (r *FakeRegistry) AddManifestAs(repository, mediaType, digest string, raw []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.manifests[repositoryOf(repository)+"@"+digest] = fakeManifest{mediaType, raw}
	r.tags[repository] = digest
}

// AddManifest stores a manifest as it is under repository[:tag], whatever it names,
// and returns its reference, which has a tag or else the digest.
func (r *FakeRegistry) AddManifest(t testing.TB, repository, mediaType string, raw []byte) string {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	name, _, tagged := strings.Cut(repository, ":")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.manifests[name+"@"+h.String()] = fakeManifest{mediaType, raw}
	if !tagged {
		return r.Host + "/" + name + "@" + h.String()
	}
	r.tags[repository] = h.String()
	return r.Host + "/" + repository
}

// Remove forgets a manifest or a blob of a repository.
func (r *FakeRegistry) Remove(repository string, digest v1.Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.manifests, repository+"@"+digest.String())
	delete(r.blobs, repository+"@"+digest.String())
}

// Manifest is what repository:tag or repository@digest stands for; nil if there is no
// such manifest.
func (r *FakeRegistry) Manifest(reference string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if digest, ok := r.tags[reference]; ok {
		reference = repositoryOf(reference) + "@" + digest
	}
	return r.manifests[reference].raw
}

// HasBlob reports whether a repository has a blob.
func (r *FakeRegistry) HasBlob(repository string, digest v1.Hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.blobs[repository+"@"+digest.String()]
	return ok
}

func repositoryOf(name string) string {
	repository, _, _ := strings.Cut(name, ":")
	return repository
}

// hangs waits until the registry ends or the client has gone.
func (r *FakeRegistry) hangs(req *http.Request) {
	select {
	case <-r.hang:
	case <-req.Context().Done():
	case <-time.After(time.Minute): // a test that failed need not wait for ever
	}
}
