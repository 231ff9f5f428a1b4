// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
)

// stoppable is a stream whose reads end with ctx, though the stream itself may
// wait for ever, as the standard input does. One reader at a time.
type stoppable struct {
	ctx context.Context //nolint:containedctx // io.Reader has no place for one
	r   io.Reader
	buf []byte
}

// chunk is what a read gave.
type chunk struct {
	n   int
	err error
}

// Read reads, or gives up when the context ends.
func (s *stoppable) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	if len(s.buf) == 0 {
		s.buf = make([]byte, 32<<10)
	}
	buf := s.buf[:min(len(s.buf), len(p))]
	done := make(chan chunk, 1)
	go func() {
		n, err := s.r.Read(buf)
		done <- chunk{n, err}
	}()
	select {
	case c := <-done:
		return copy(p, buf[:c.n]), c.err
	case <-s.ctx.Done():
		return 0, context.Cause(s.ctx)
	}
}
