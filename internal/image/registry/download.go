// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// stallLimit is how long a download may bring nothing before it counts as
// broken.
const stallLimit = time.Minute

// Blob streams a blob from the byte at offset on. When the connection breaks, it
// goes on where it was. The content is not checked.
func (r *Repository) Blob(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	sessions, err := r.able(docker.HostCapabilityPull)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, s := range sessions {
		b := &download{ctx: ctx, session: s, want: d, offset: offset}
		err := b.connect()
		if err == nil {
			if s == r.upstream() {
				r.known.add(d.Digest, s.place.path)
			}
			return b, nil
		}
		if failed = err; ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// download is a blob that is on its way.
type download struct {
	ctx     context.Context //nolint:containedctx // a reader has no other way to get one
	session *session
	want    v1.Descriptor
	offset  int64
	failed  int

	body   io.ReadCloser
	stall  *time.Timer
	cancel context.CancelFunc
}

// connect asks for the rest of the blob.
func (b *download) connect() error {
	ctx, cancel := context.WithCancel(b.ctx)
	q := request{verb: "pull", method: http.MethodGet, path: "blobs/" + b.want.Digest.String(), header: http.Header{}}
	if b.offset > 0 {
		q.header.Set("Range", fmt.Sprintf("bytes=%d-", b.offset))
	}
	resp, err := b.session.do(ctx, q, http.StatusOK, http.StatusPartialContent) //nolint:bodyclose // Close does it
	if err != nil {
		cancel()
		return err
	}
	b.body, b.cancel = resp.Body, cancel
	b.stall = time.AfterFunc(stallLimit, cancel)
	if b.offset > 0 && resp.StatusCode == http.StatusOK {
		// The registry begins at the start; what is there already is passed over.
		if _, err := io.CopyN(io.Discard, &moved{b}, b.offset); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	return nil
}

// moved reads the body while what is there already is passed over.
type moved struct{ b *download }

// Read reads.
func (m *moved) Read(p []byte) (int, error) {
	n, err := m.b.body.Read(p)
	m.b.stall.Reset(stallLimit)
	return n, err
}

// Read reads, and goes on after a break.
func (b *download) Read(p []byte) (int, error) {
	for {
		n, err := b.body.Read(p)
		b.stall.Reset(stallLimit)
		b.offset += int64(n)
		if n > 0 {
			b.failed = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		if b.offset >= b.want.Size && b.ctx.Err() == nil {
			return 0, io.EOF // all of it is there, however the connection ended
		}
		if err := b.resume(err); err != nil {
			return 0, err
		}
	}
}

// resume connects again after an error.
func (b *download) resume(cause error) error {
	for {
		if b.ctx.Err() != nil {
			return context.Cause(b.ctx)
		}
		b.Close()
		if errors.Is(cause, io.EOF) {
			cause = io.ErrUnexpectedEOF
		}
		if b.failed++; b.failed >= attempts {
			return b.session.explain("pull", "@"+b.want.Digest.String(),
				fmt.Errorf("the connection broke at byte %d of %d, again and again: %w", b.offset, b.want.Size, cause))
		}
		if err := sleep(b.ctx, backoff(b.session.client.options.Wait, b.failed-1)); err != nil {
			return err
		}
		if cause = b.connect(); cause == nil {
			return nil
		}
		if answer, ok := errors.AsType[*transport.Error](cause); ok && answer.StatusCode == http.StatusRequestedRangeNotSatisfiable && b.offset > 0 {
			return b.session.explain("pull", "@"+b.want.Digest.String(), fmt.Errorf("it ends at byte %d of %d", b.offset, b.want.Size))
		}
		if !isDropped(cause) {
			return cause
		}
	}
}

// Close ends the download.
func (b *download) Close() error {
	b.stall.Stop()
	b.cancel()
	return b.body.Close()
}
