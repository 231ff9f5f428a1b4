// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	_ "crypto/sha512" // for digests by it
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/distribution/reference"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// manifestLimit is the most bytes that a manifest may have.
const manifestLimit = 8 << 20

// configLimit is the most bytes that a file of settings may have.
const configLimit = 8 << 20

// Repository is a repository of a registry. It is safe for concurrent use.
type Repository struct {
	client *Client
	// sessions are the places that have it, mirrors first.
	sessions []*session
	known    *known
	// referring is held while the index of a manifest's referrers is changed.
	referring sync.Mutex
}

// Name is the repository's name with its registry.
func (r *Repository) Name() string { return r.sessions[0].name }

// Elsewhere is the path of another repository of the registry that has been seen to
// have a blob, as the registry knows it, or empty.
func (r *Repository) Elsewhere(d v1.Descriptor) string {
	if path := r.known.find(d.Digest); path != r.upstream().place.path {
		return path
	}
	return ""
}

// Beside is the path of another repository, as the registry knows it, if that is of
// the same registry, or empty.
func (r *Repository) Beside(ref reference.Named) string {
	other, err := r.client.Repository(ref)
	if err != nil {
		return ""
	}
	here, there := r.upstream().place, other.upstream().place
	if there.host != here.host || there.base() != here.base() || there.path == here.path {
		return ""
	}
	return there.path
}

// upstream is what is pushed to: the registry itself, or what stands for it. A
// session for which it is not right answers with an error of its own.
func (r *Repository) upstream() *session {
	if i := slices.IndexFunc(r.sessions, func(s *session) bool { return s.place.can(docker.HostCapabilityPush) }); i >= 0 {
		return r.sessions[i]
	}
	last := r.sessions[len(r.sessions)-1]
	return &session{client: last.client, place: last.place, name: last.name, closed: true}
}

// able are the places that may be asked for something.
func (r *Repository) able(c docker.HostCapabilities) ([]*session, error) {
	var all []*session
	for _, s := range r.sessions {
		if s.place.can(c) {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("pull %s: %s names no host that may be asked", r.Name(), hostsFile)
	}
	return all, nil
}

// accept are the media types of manifests.
func accept() string {
	return strings.Join([]string{
		string(types.OCIImageIndex), string(types.OCIManifestSchema1),
		string(types.DockerManifestList), string(types.DockerManifestSchema2),
	}, ",")
}

// Manifest gets a manifest by its tag or digest, from a mirror if one has it. The
// bytes are checked against the digest that was asked for, or the one that the
// registry announces.
func (r *Repository) Manifest(ctx context.Context, id string) (v1.Descriptor, []byte, error) {
	// Who knows blobs by their digests may not know what a tag stands for.
	what := docker.HostCapabilityResolve
	if strings.Contains(id, ":") {
		what = docker.HostCapabilityPull
	}
	sessions, err := r.able(what)
	if err != nil {
		return v1.Descriptor{}, nil, err
	}
	var failed error
	for _, s := range sessions {
		d, raw, err := s.manifest(ctx, id, transport.PullScope)
		if err == nil {
			return d, raw, nil
		}
		if failed = err; ctx.Err() != nil {
			break
		}
	}
	return v1.Descriptor{}, nil, failed
}

// manifest asks again when the answer is not whole.
func (s *session) manifest(ctx context.Context, id, scope string) (v1.Descriptor, []byte, error) {
	for i := 0; ; i++ {
		d, raw, err := s.manifestOnce(ctx, id, scope)
		var spoilt *spoiltError
		if err == nil || i == attempts-1 || !errors.As(err, &spoilt) {
			return d, raw, err
		}
		if err := sleep(ctx, backoff(s.client.options.Wait, i)); err != nil {
			return d, raw, err
		}
	}
}

// spoiltError is an answer that does not hold what it should.
type spoiltError struct{ err error }

func (e *spoiltError) Error() string { return e.err.Error() }
func (e *spoiltError) Unwrap() error { return e.err }

func (s *session) manifestOnce(ctx context.Context, id, scope string) (v1.Descriptor, []byte, error) {
	q := request{verb: "pull", method: http.MethodGet, path: "manifests/" + id, accept: accept(), scope: scope}
	resp, err := s.do(ctx, q, http.StatusOK)
	if err != nil {
		return v1.Descriptor{}, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, manifestLimit+1))
	if err != nil {
		return v1.Descriptor{}, nil, s.explain("pull", sign(id), &spoiltError{err})
	}
	d, err := describe(raw, id, resp.Header)
	if err != nil {
		return v1.Descriptor{}, nil, s.explain("pull", sign(id), err)
	}
	return d, raw, nil
}

// sign joins a repository's name with a tag or digest.
func sign(id string) string {
	if strings.Contains(id, ":") {
		return "@" + id
	}
	return ":" + id
}

// describe checks the bytes of a manifest, and says what they are.
func describe(raw []byte, id string, header http.Header) (v1.Descriptor, error) {
	if len(raw) > manifestLimit {
		return v1.Descriptor{}, fmt.Errorf("the manifest has more than %d bytes", manifestLimit)
	}
	want := header.Get("Docker-Content-Digest")
	if strings.Contains(id, ":") {
		want = id
	}
	h, err := digestLike(want, raw)
	if err != nil {
		return v1.Descriptor{}, err
	}
	if isDigest(want) && want != h.String() {
		return v1.Descriptor{}, &spoiltError{fmt.Errorf("the manifest's digest is %s, not %s", h, want)}
	}
	t, err := mediaType(raw, header.Get("Content-Type"))
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: t, Digest: h, Size: int64(len(raw))}, nil
}

// isDigest reports whether a text is a digest by an algorithm that is known here.
func isDigest(text string) bool {
	_, err := v1.NewHash(text)
	return err == nil
}

// digestLike is the digest of a manifest by the algorithm of another digest, by
// SHA-256 if that is none.
func digestLike(other string, raw []byte) (v1.Hash, error) {
	h, err := v1.NewHash(other)
	if err != nil {
		h.Algorithm = "sha256"
	}
	sum, err := v1.Hasher(h.Algorithm)
	if err != nil {
		return v1.Hash{}, err
	}
	sum.Write(raw)
	return v1.Hash{Algorithm: h.Algorithm, Hex: hex.EncodeToString(sum.Sum(nil))}, nil
}

// mediaType is what a manifest is by its header and by its own words; those two
// must not differ, or two readers would see two images.
func mediaType(raw []byte, header string) (types.MediaType, error) {
	var own struct {
		MediaType     types.MediaType
		SchemaVersion int
		Manifests     json.RawMessage
	}
	if err := json.Unmarshal(raw, &own); err != nil {
		return "", &spoiltError{fmt.Errorf("the manifest is not JSON: %w", err)}
	}
	header, _, _ = strings.Cut(header, ";")
	t := types.MediaType(strings.TrimSpace(header))
	switch {
	case own.SchemaVersion == 1:
		return "", errors.New("the manifest is of docker's version 1, which has not been written since 2017")
	case !t.IsImage() && !t.IsIndex():
		t = own.MediaType
	case own.MediaType != "" && own.MediaType != t:
		return "", fmt.Errorf("the manifest is of type %s by its header and %s by itself", t, own.MediaType)
	}
	switch {
	case t != "":
	case own.Manifests != nil:
		t = types.OCIImageIndex
	default:
		t = types.OCIManifestSchema1
	}
	return t, nil
}

// Head asks for a manifest's descriptor before it is pushed. The registry's word for
// it is not checked. ErrNotFound says that there is none, or that the registry does
// not answer the question: who may push may have no right to ask.
func (r *Repository) Head(ctx context.Context, id string) (v1.Descriptor, error) {
	s := r.upstream()
	q := request{verb: "look up", method: http.MethodHead, path: "manifests/" + id, accept: accept(), scope: transport.PushScope}
	resp, err := s.do(ctx, q, http.StatusOK)
	if err != nil {
		return v1.Descriptor{}, unsaid(err)
	}
	resp.Body.Close()
	h, err := v1.NewHash(resp.Header.Get("Docker-Content-Digest"))
	if err != nil {
		d, _, err := s.manifest(ctx, id, transport.PushScope)
		return d, unsaid(err)
	}
	size, _ := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64)
	return v1.Descriptor{MediaType: types.MediaType(resp.Header.Get("Content-Type")), Digest: h, Size: size}, nil
}

// unsaid makes of a refusal to say whether something is there that it is not: sending
// it again does no harm, and says what is wrong if that is refused, too. A wrong password
// is not sent more often for that.
func unsaid(err error) error {
	answer, ok := errors.AsType[*transport.Error](err)
	if ok && answer.StatusCode != http.StatusUnauthorized && answer.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// request is what is asked of a repository.
type request struct {
	verb, method, path string
	accept             string
	scope              string
	other              string
	header             http.Header
	body               func() (io.ReadCloser, error)
	length             int64
	// repeat says that the body may be sent again as a whole.
	repeat bool
	// url is used instead of path.
	url string
}

// do sends a request and wants one of the statuses.
func (s *session) do(ctx context.Context, q request, statuses ...int) (*http.Response, error) {
	scope := q.scope
	if scope == "" || scope == transport.PullScope {
		scope = s.client.scope(s)
	}
	if s.closed {
		return nil, &Error{Verb: q.verb, Name: s.name, Kind: ErrLogin, Reason: hostsFile + " names no host to push to", err: ErrLogin}
	}
	client, err := s.http(ctx, scope, q.other)
	if err != nil {
		return nil, err
	}
	req, err := q.build(ctx, s.place)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if source, ok := errors.AsType[*sourceError](err); ok {
		return nil, source
	}
	if err != nil {
		return nil, s.explain(q.verb, q.what(), err)
	}
	if !slices.Contains(statuses, resp.StatusCode) {
		cutShort(resp)
	}
	if err := transport.CheckError(resp, statuses...); err != nil {
		resp.Body.Close()
		return nil, s.explain(q.verb, q.what(), later(resp, err))
	}
	return resp, nil
}

// what is asked for, as a part of a reference.
func (q request) what() string {
	if id, ok := strings.CutPrefix(q.path, "manifests/"); ok {
		return sign(id)
	}
	if id, ok := strings.CutPrefix(q.path, "blobs/"); ok && isDigest(id) {
		return "@" + id
	}
	return ""
}

func (q request) build(ctx context.Context, p place) (*http.Request, error) {
	address := q.url
	if address == "" {
		address = "https://" + p.address() + p.base() + "/" + p.path + "/" + q.path
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	for key, values := range q.header {
		req.Header[key] = values
	}
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	if q.body != nil {
		if err := attach(req, q.body, q.length, q.repeat); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// dockerHubHost is where docker.io answers.
const dockerHubHost = "index.docker.io"
