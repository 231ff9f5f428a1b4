// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
)

// Interruptible is a stream whose reads end with ctx, though r itself may block
// forever, as the standard input does. One reader at a time.
func Interruptible(ctx context.Context, r io.Reader) io.Reader {
	return &interruptible{ctx: ctx, r: r}
}

type interruptible struct {
	ctx context.Context //nolint:containedctx // io.Reader has no place for one
	r   io.Reader
	buf []byte
}

// chunk is the result of one read.
type chunk struct {
	n   int
	err error
}

// Read reads, or gives up when the context ends.
func (i *interruptible) Read(p []byte) (int, error) {
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	if len(i.buf) == 0 {
		i.buf = make([]byte, 32<<10)
	}
	buf := i.buf[:min(len(i.buf), len(p))]
	done := make(chan chunk, 1)
	go func() {
		n, err := i.r.Read(buf)
		done <- chunk{n, err}
	}()
	select {
	case c := <-done:
		return copy(p, buf[:c.n]), c.err
	case <-i.ctx.Done():
		return 0, context.Cause(i.ctx)
	}
}
