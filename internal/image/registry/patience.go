// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"time"
)

// silentError says that a registry took a request and did not answer. It isn't asked
// again.
type silentError struct{ limit time.Duration }

// Error says how long it was waited for.
func (e *silentError) Error() string {
	return fmt.Sprintf("no answer within %s; --timeout waits longer", e.limit)
}

// patience gives a request up when nothing of it has moved for a time: nothing was
// taken of what is sent, and nothing came. A negative limit waits for ever.
type patience struct {
	next  http.RoundTripper
	limit time.Duration
}

// RoundTrip sends a request.
func (p *patience) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.limit < 0 {
		return p.next.RoundTrip(req)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	sent, got := p.moving(ctx, cancel), p.moving(ctx, cancel)
	try := req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		try.Body = &sending{sent, req.Body}
		try.GetBody = sent.again(req.GetBody)
	}
	sent.timer.Reset(p.limit)
	resp, err := p.next.RoundTrip(try)
	sent.stop()
	if err != nil {
		err = sent.because(err)
		got.stop()
		cancel(nil)
		return nil, err
	}
	resp.Body = &receiving{got, resp.Body}
	return resp, nil
}

// moving ends a request when one half of it has not moved for a time.
type moving struct {
	ctx     context.Context //nolint:containedctx // the request's own
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	limit   time.Duration
	stopped atomic.Bool
}

func (p *patience) moving(ctx context.Context, cancel context.CancelCauseFunc) *moving {
	m := &moving{ctx: ctx, cancel: cancel, limit: p.limit}
	m.timer = time.AfterFunc(math.MaxInt64, func() {
		if !m.stopped.Load() {
			cancel(&silentError{m.limit})
		}
	})
	return m
}

func (m *moving) stop() {
	m.stopped.Store(true)
	m.timer.Stop()
}

// because is the error of a request that was given up, or else the one it had.
func (m *moving) because(err error) error {
	if silent, ok := errors.AsType[*silentError](context.Cause(m.ctx)); ok {
		return silent
	}
	return err
}

// sending is what is sent. That it is read shows that the registry takes it.
type sending struct {
	*moving
	body io.ReadCloser
}

// again gives a request's GetBody, which may be nil, bodies whose reading counts, too. net/http
// calls it by itself: when the idle connection that it took turns out to be closed, it sends the
// body from the start on another one.
func (m *moving) again(get func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	if get == nil {
		return nil
	}
	return func() (io.ReadCloser, error) {
		body, err := get()
		if err != nil {
			return nil, err
		}
		return &sending{m, body}, nil
	}
}

// Read reads.
func (s *sending) Read(p []byte) (int, error) {
	s.timer.Stop() // that the source is slow is not the registry's fault
	n, err := s.body.Read(p)
	s.timer.Reset(s.limit)
	return n, err
}

// Close closes the body.
func (s *sending) Close() error { return s.body.Close() }

// receiving is what comes.
type receiving struct {
	*moving
	body io.ReadCloser
}

// Read reads. Only the time that it waits for the registry counts.
func (r *receiving) Read(p []byte) (int, error) {
	r.timer.Reset(r.limit)
	n, err := r.body.Read(p)
	r.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.because(err)
	}
	return n, err
}

// Close closes the body.
func (r *receiving) Close() error {
	r.stop()
	defer r.cancel(nil)
	return r.body.Close()
}
