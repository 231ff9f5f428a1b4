// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/source"
	httpsource "github.com/moby/buildkit/source/http"
	"github.com/moby/buildkit/util/tracing"
	"github.com/moby/buildkit/worker/base"

	"github.com/strata-build/strata/internal/fetch"
)

// boundDownloads ends downloads where their operations say: BuildKit's source takes
// whatever a server sends.
func boundDownloads(w *base.Worker) error {
	plain, err := httpsource.NewSource(httpsource.Opt{CacheAccessor: w.CacheMgr})
	if err != nil {
		return fmt.Errorf("bound downloads: %w", err)
	}
	w.SourceManager.Register(&downloads{Source: plain, worker: w})
	return nil
}

// downloads is BuildKit's source of files of servers, with limits.
type downloads struct {
	*httpsource.Source
	worker *base.Worker
}

var _ source.Source = (*downloads)(nil)

// Resolve constructs an instance whose download ends at the limit of its operation, if
// that has one.
func (d *downloads) Resolve(ctx context.Context, id source.Identifier, sm *session.Manager, v solver.Vertex) (source.SourceInstance, error) {
	limit, err := strconv.ParseInt(v.Options().Description[fetch.LimitKey], 10, 64)
	if err != nil || limit <= 0 {
		return d.Source.Resolve(ctx, id, sm, v)
	}
	src, err := httpsource.NewSource(httpsource.Opt{CacheAccessor: d.worker.CacheMgr, Transport: bounded{tracing.DefaultTransport, limit}})
	if err != nil {
		return nil, err
	}
	return src.Resolve(ctx, id, sm, v)
}

// bounded is a transport whose answers have at most that many bytes.
type bounded struct {
	next  http.RoundTripper
	limit int64
}

// tooLong is an answer that is longer than it may be.
func tooLong(limit int64) error {
	return fmt.Errorf("the server sends more than %d bytes, and the file has no more", limit)
}

// RoundTrip asks, and refuses an answer that says itself that it is too long.
func (l bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || response.StatusCode != http.StatusOK {
		return response, err
	}
	if response.ContentLength > l.limit {
		_ = response.Body.Close()
		return nil, tooLong(l.limit)
	}
	response.Body = &boundedBody{ReadCloser: response.Body, limit: l.limit, left: l.limit}
	return response, nil
}

// boundedBody fails when there is more than there may be.
type boundedBody struct {
	io.ReadCloser
	limit, left int64
}

// Read reads up to the limit, and one byte more to know whether that was all.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLong(b.limit)
	}
	return n, err
}
