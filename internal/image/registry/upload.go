// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// atOnce is up to which size, in bytes, a blob is sent in the request that ends
// the upload. A larger one has requests of its own, so that it can be resumed.
const atOnce = 1 << 20

// HasBlob reports whether the registry has a blob in this repository.
func (r *Repository) HasBlob(ctx context.Context, d v1.Descriptor) (bool, error) {
	s := r.upstream()
	q := request{verb: "push", method: http.MethodHead, path: "blobs/" + d.Digest.String(), scope: transport.PushScope}
	resp, err := s.do(ctx, q, http.StatusOK)
	if errors.Is(unsaid(err), ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.known.add(d.Digest, s.place.path)
	return true, resp.Body.Close()
}

// start begins an upload and returns where it goes on; nowhere when the registry
// mounted the blob instead.
func (s *session) start(ctx context.Context, query url.Values, other string) (string, error) {
	q := request{
		verb: "push", method: http.MethodPost, path: "blobs/uploads/",
		scope: transport.PushScope, other: other,
	}
	if len(query) > 0 {
		q.path += "?" + query.Encode()
	}
	resp, err := s.do(ctx, q, http.StatusAccepted, http.StatusCreated)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusCreated && len(query) > 0 {
		return "", nil
	}
	return location(resp)
}

// location is where an upload goes on.
func location(resp *http.Response) (string, error) {
	text := resp.Header.Get("Location")
	if text == "" {
		return "", errors.New("the registry does not say where the upload goes on")
	}
	u, err := resp.Request.URL.Parse(text)
	if err != nil {
		return "", fmt.Errorf("read the address of the upload: %w", err)
	}
	return u.String(), nil
}

// Opener opens a blob at a byte. Its content need not be checked: a registry
// does not take a blob whose digest is another one.
type Opener func(offset int64) (io.ReadCloser, error)

// Arrival is how a blob came into a repository.
type Arrival int

// The ways in which a blob can come.
const (
	Uploaded Arrival = iota
	// Mounted is one that the registry took over from another repository.
	Mounted
	// Found is one that was there.
	Found
)

// Upload sends a blob. If from names another repository of the registry, the
// registry is first asked to take it over from there, and if it does not, whether it
// has the blob already. When the connection breaks, it asks how much has arrived and
// sends the rest, or all of it if the registry cannot tell.
func (r *Repository) Upload(ctx context.Context, d v1.Descriptor, from string, open Opener) (Arrival, error) {
	u := &upload{session: r.upstream(), want: d, open: open}
	how := Uploaded
	if from != "" {
		how = r.takeOver(ctx, u, from)
	}
	if how == Uploaded {
		if err := u.send(ctx, r); err != nil {
			return how, err
		}
	}
	r.known.add(d.Digest, u.session.place.path)
	return how, nil
}

// takeOver reports whether a blob needs no sending.
func (r *Repository) takeOver(ctx context.Context, u *upload, from string) Arrival {
	mounted, err := u.mount(ctx, from)
	if mounted {
		return Mounted
	}
	if err != nil {
		r.known.refuse(from)
	}
	if has, err := r.HasBlob(ctx, u.want); err == nil && has {
		return Found
	}
	return Uploaded
}

// send tries until the blob is there.
func (u *upload) send(ctx context.Context, r *Repository) error {
	best := u.offset
	for i := 0; ; i++ {
		err := u.run(ctx)
		if err == nil {
			return nil
		}
		if i >= attempts-1 || !u.mayGoOn(err) || ctx.Err() != nil {
			return err
		}
		if err := sleep(ctx, u.pause(err, i)); err != nil {
			return err
		}
		if has, err := r.HasBlob(ctx, u.want); err == nil && has {
			return nil // only the answer was lost
		}
		u.ask(ctx)
		if u.offset > best { // what the registry says it has is progress, not what was sent
			best, i = u.offset, -1
		}
	}
}

// pause is how long to wait after attempt number i: what the registry asks for, or a
// time that grows.
func (u *upload) pause(err error, i int) time.Duration {
	if refused, ok := errors.AsType[*laterError](err); ok {
		return refused.asked
	}
	return backoff(u.session.client.options.Wait, i)
}

// upload is a blob that is being sent.
type upload struct {
	session *session
	want    v1.Descriptor
	open    Opener
	// location is where it goes on, empty before the start.
	location string
	// offset is how many bytes the registry has.
	offset int64
}

// mount asks for the blob of another repository. A registry that does not do it
// has begun an upload instead.
func (u *upload) mount(ctx context.Context, from string) (bool, error) {
	query := url.Values{"mount": {u.want.Digest.String()}, "from": {from}}
	var err error
	u.location, err = u.session.start(ctx, query, from)
	return err == nil && u.location == "", err
}

// run sends what is missing.
func (u *upload) run(ctx context.Context) (err error) {
	if u.location == "" {
		u.offset = 0
		if u.location, err = u.session.start(ctx, nil, ""); err != nil {
			return err
		}
	}
	if u.want.Size <= atOnce && u.offset == 0 {
		return u.commit(ctx, u.open, u.want.Size)
	}
	if u.offset < u.want.Size {
		err := u.patch(ctx)
		if u.offset == 0 && takesNoParts(err) {
			return u.commit(ctx, u.open, u.want.Size)
		}
		if err != nil {
			return err
		}
	}
	return u.commit(ctx, nil, 0)
}

// takesNoParts reports whether a registry wants a blob in the request that ends the
// upload, however large it is.
func takesNoParts(err error) bool {
	answer, ok := errors.AsType[*transport.Error](err)
	return ok && (answer.StatusCode == http.StatusMethodNotAllowed || answer.StatusCode == http.StatusNotImplemented)
}

// patch sends the bytes from offset on.
func (u *upload) patch(ctx context.Context) error {
	q := request{
		verb: "push", method: http.MethodPatch, url: u.location, scope: transport.PushScope,
		header: http.Header{"Content-Type": {"application/octet-stream"}},
		length: u.want.Size - u.offset,
		body:   func() (io.ReadCloser, error) { return u.open(u.offset) },
	}
	if u.offset > 0 {
		q.header.Set("Content-Range", fmt.Sprintf("%d-%d", u.offset, u.want.Size-1))
	}
	resp, err := u.session.do(ctx, q, http.StatusAccepted, http.StatusNoContent, http.StatusCreated)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	u.offset = u.want.Size
	u.location, err = location(resp)
	return err
}

// commit ends the upload, with the blob in the same request if it is small.
func (u *upload) commit(ctx context.Context, open Opener, length int64) error {
	at, err := url.Parse(u.location)
	if err != nil {
		return fmt.Errorf("read the address of the upload: %w", err)
	}
	query := at.Query()
	query.Set("digest", u.want.Digest.String())
	at.RawQuery = query.Encode()
	q := request{
		verb: "push", method: http.MethodPut, url: at.String(), scope: transport.PushScope,
		header: http.Header{"Content-Type": {"application/octet-stream"}}, length: length,
	}
	if open != nil && length > 0 {
		q.body = func() (io.ReadCloser, error) { return open(0) }
	}
	resp, err := u.session.do(ctx, q, http.StatusCreated, http.StatusNoContent, http.StatusAccepted)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// mayGoOn reports whether it may help to try again.
func (u *upload) mayGoOn(err error) bool {
	if _, ok := errors.AsType[*sourceError](err); ok {
		return false // the source has tried by itself
	}
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return isDropped(err)
	}
	switch answer.StatusCode {
	case http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable, http.StatusConflict:
		return u.location != ""
	case http.StatusBadRequest:
		return has(answer, transport.BlobUploadInvalidErrorCode) || has(answer, transport.BlobUploadUnknownErrorCode)
	}
	return temporary(&http.Response{StatusCode: answer.StatusCode}, nil)
}

// ask finds out how much the registry has. If it cannot tell, the upload begins
// again.
func (u *upload) ask(ctx context.Context) {
	at := u.location
	u.location, u.offset = "", 0
	if at == "" {
		return
	}
	q := request{verb: "push", method: http.MethodGet, url: at, scope: transport.PushScope}
	resp, err := u.session.do(ctx, q, http.StatusNoContent, http.StatusOK, http.StatusAccepted)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	end, ok := rangeEnd(resp.Header.Get("Range"))
	if !ok || end > u.want.Size {
		return
	}
	if next, err := location(resp); err == nil {
		at = next
	}
	u.location, u.offset = at, end
}

// rangeEnd reads how many bytes an upload has: "0-99" are a hundred. An upload
// without any says "0-0", or nothing.
func rangeEnd(text string) (int64, bool) {
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !ok || first != "0" || err != nil || n < 0 || n == math.MaxInt64 {
		return 0, false
	}
	if n == 0 {
		return 0, true
	}
	return n + 1, true
}

// PutManifest stores a manifest under a tag or its digest. Where the registry has no
// referrers API, one with a subject is listed under the tag that stands for it.
func (r *Repository) PutManifest(ctx context.Context, id string, d v1.Descriptor, raw []byte) error {
	s := r.upstream()
	q := request{
		verb: "push", method: http.MethodPut, path: "manifests/" + id, scope: transport.PushScope,
		header: http.Header{"Content-Type": {string(d.MediaType)}}, length: int64(len(raw)),
		body:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil },
		repeat: true,
	}
	resp, err := s.do(ctx, q, http.StatusCreated, http.StatusOK, http.StatusAccepted)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Docker-Content-Digest"); isDigest(got) && got != stored(got, raw) {
		return s.explain("push", sign(id), fmt.Errorf("the registry stored %s, not %s", got, d.Digest))
	}
	if subject := subjectOf(raw); subject != nil && resp.Header.Get("OCI-Subject") == "" {
		return r.addReferrer(ctx, subject.Digest, d, raw)
	}
	return nil
}

// stored is the digest of a manifest by the algorithm that the registry names it by.
func stored(got string, raw []byte) string {
	h, err := digestLike(got, raw)
	if err != nil {
		return ""
	}
	return h.String()
}
