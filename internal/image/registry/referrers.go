// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// pagesLimit is how many pages of referrers are read at most.
	pagesLimit = 64
	// referrersLimit is the most bytes that the pages may have together: those of a hundred
	// thousand referrers.
	referrersLimit = 32 << 20
)

// ReferrersTag is the tag under which a registry without the referrers API, or an OCI
// layout, has the index of the manifests about a subject.
func ReferrersTag(subject v1.Hash) string {
	// The specification cuts off what is too long for a tag.
	return subject.Algorithm[:min(len(subject.Algorithm), 32)] + "-" + subject.Hex[:min(len(subject.Hex), 64)]
}

// Referrers lists the manifests whose subject is the one with a digest: by the
// referrers API, or by the tag that stands for it. A mirror has what was asked of it
// before, which may be the image alone, so what it lists is only a part. It counts as
// the whole where the others can't be asked.
func (r *Repository) Referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	sessions, err := r.able(docker.HostCapabilityResolve)
	if err != nil {
		return nil, err
	}
	var all []v1.Descriptor
	var failed error
	answered := false
	seen := map[v1.Hash]bool{}
	for i, s := range sessions {
		found, err := s.referrers(ctx, subject)
		if errors.Is(err, errUnlisted) && i == len(sessions)-1 {
			err = nil // no other one can have it
		}
		if err != nil {
			failed = err
		}
		if ctx.Err() != nil {
			return nil, failed
		}
		answered = answered || err == nil
		for _, d := range found {
			if !seen[d.Digest] {
				seen[d.Digest] = true
				all = append(all, d)
			}
		}
	}
	if !answered {
		return nil, failed
	}
	return all, nil
}

// errUnlisted says that a mirror lists no referrers in either way: it may have none of
// the image at all.
var errUnlisted = errors.New("it has no list of referrers")

func (s *session) referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	found, refused := s.referrersPages(ctx, subject)
	if !hasNoReferrers(refused) {
		return found, refused
	}
	_, raw, err := s.manifest(ctx, ReferrersTag(subject), transport.PullScope)
	if errors.Is(err, ErrNotFound) {
		if isRefusal(refused) {
			return nil, refused // it may have the API, and referrers
		}
		if s.place.mirror {
			return nil, s.explain("look up", "@"+subject.String(), errUnlisted)
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, s.explain("read", sign(ReferrersTag(subject)), err)
	}
	return m.Manifests, nil
}

// errNoReferrers says that a registry answers something else where the API would be.
var errNoReferrers = errors.New("the answer is not a list of referrers")

// hasNoReferrers reports whether an answer is that of a registry without the API.
func hasNoReferrers(err error) bool {
	if errors.Is(err, errNoReferrers) {
		return true
	}
	answer, ok := errors.AsType[*transport.Error](err)
	return ok && answer.StatusCode >= 400 && answer.StatusCode != http.StatusUnauthorized && answer.StatusCode != http.StatusTooManyRequests
}

// isRefusal reports whether a registry without the API would hardly answer so.
func isRefusal(err error) bool {
	answer, ok := errors.AsType[*transport.Error](err)
	return ok && (answer.StatusCode == http.StatusForbidden ||
		answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented)
}

// referrersPages asks the API.
func (s *session) referrersPages(ctx context.Context, subject v1.Hash) (all []v1.Descriptor, err error) {
	q := request{
		verb: "look up", method: http.MethodGet, path: "referrers/" + subject.String(), accept: string(types.OCIImageIndex),
	}
	read := 0
	for range pagesLimit {
		resp, err := s.do(ctx, q, http.StatusOK)
		if err != nil {
			return nil, err
		}
		raw, err := io.ReadAll(io.LimitReader(resp.Body, manifestLimit))
		resp.Body.Close()
		if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); kind != string(types.OCIImageIndex) {
			return nil, errNoReferrers
		}
		if err != nil {
			return nil, s.explain("look up", "@"+subject.String(), err)
		}
		if read += len(raw); read > referrersLimit {
			return nil, s.explain("look up", "@"+subject.String(), fmt.Errorf("the lists of referrers have more than %d bytes", referrersLimit))
		}
		m, err := v1.ParseIndexManifest(bytes.NewReader(raw))
		if err != nil {
			return nil, s.explain("look up", "@"+subject.String(), fmt.Errorf("the list of referrers is not an index: %w", err))
		}
		all = append(all, m.Manifests...)
		if q.url, err = nextPage(resp); err != nil {
			return nil, s.explain(q.verb, "@"+subject.String(), err)
		}
		if q.url == "" {
			return all, nil
		}
	}
	return nil, s.explain("look up", "@"+subject.String(), fmt.Errorf("there are more than %d pages of referrers", pagesLimit))
}

// nextPage is the address that an answer's Link header names; empty if there are no more pages.
// Which scheme it has doesn't matter: a registry is asked by one alone.
func nextPage(resp *http.Response) (string, error) {
	text := nextLink(resp.Header.Values("Link"))
	if text == "" {
		return "", nil
	}
	u, err := resp.Request.URL.Parse(text)
	if err != nil {
		return "", fmt.Errorf("read the address of the next page: %w", err)
	}
	if u.Host != resp.Request.URL.Host {
		return "", fmt.Errorf("the list goes on at %s, and only %s is asked", u.Redacted(), resp.Request.URL.Host)
	}
	return u.String(), nil
}

// subjectOf is what a manifest is about; nil if it is about none.
func subjectOf(raw []byte) *v1.Descriptor {
	var m struct{ Subject *v1.Descriptor }
	if json.Unmarshal(raw, &m) != nil || m.Subject == nil || m.Subject.Digest.Hex == "" {
		return nil
	}
	return m.Subject
}

// addReferrer lists a manifest about another one under the tag that stands for the
// referrers API, as clients have to where a registry does not.
func (r *Repository) addReferrer(ctx context.Context, subject v1.Hash, d v1.Descriptor, raw []byte) error {
	r.referring.Lock()
	defer r.referring.Unlock()
	tag := ReferrersTag(subject)
	_, old, err := r.upstream().manifest(ctx, tag, transport.PushScope)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err // what is listed there must not be lost
	}
	index, err := AppendReferrer(old, d, raw)
	if err != nil {
		return fmt.Errorf("list %s among the referrers of %s: %w", d.Digest, subject, err)
	}
	if index == nil {
		return nil
	}
	h, size, err := v1.SHA256(bytes.NewReader(index))
	if err != nil {
		return err
	}
	return r.PutManifest(ctx, tag, v1.Descriptor{MediaType: types.OCIImageIndex, Digest: h, Size: size}, index)
}

// AppendReferrer adds a manifest to an index of referrers, which may be empty, and
// keeps what else is there. The index is nil if the manifest is listed already.
func AppendReferrer(index []byte, d v1.Descriptor, raw []byte) ([]byte, error) {
	members := map[string]json.RawMessage{
		"schemaVersion": json.RawMessage(`2`), "mediaType": json.RawMessage(`"` + string(types.OCIImageIndex) + `"`),
	}
	var entries []json.RawMessage
	if len(index) > 0 {
		if err := json.Unmarshal(index, &members); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(members["manifests"], &entries); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		var old v1.Descriptor
		if json.Unmarshal(e, &old) == nil && old.Digest == d.Digest {
			return nil, nil
		}
	}
	entry, err := json.Marshal(referrer(d, raw))
	if err != nil {
		return nil, err
	}
	if members["manifests"], err = json.Marshal(append(entries, entry)); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// referrer describes a manifest in an index of referrers.
func referrer(d v1.Descriptor, raw []byte) v1.Descriptor {
	var m struct {
		ArtifactType string
		Annotations  map[string]string
		Config       struct{ MediaType string }
	}
	_ = json.Unmarshal(raw, &m) // it has been read as a manifest
	if m.ArtifactType == "" {
		m.ArtifactType = m.Config.MediaType
	}
	return v1.Descriptor{
		MediaType: d.MediaType, Digest: d.Digest, Size: d.Size,
		ArtifactType: m.ArtifactType, Annotations: m.Annotations,
	}
}
