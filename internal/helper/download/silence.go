// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package download

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// errSilent ends a download whose server has stopped to send.
var errSilent = errors.New("the server sends no more, and not all has come")

// patient ends downloads of which nothing comes for a time.
type patient struct {
	http.RoundTripper
	after time.Duration
}

// RoundTrip asks a server.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	response, err := p.RoundTripper.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel(err)
		return nil, err
	}
	response.Body = &body{response.Body, ctx, cancel, p.after}
	return response, nil
}

// body is an answer's, of which each part is waited for as long.
type body struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // it is that of one request
	cancel context.CancelCauseFunc
	after  time.Duration
}

// Read reads what has come.
func (b *body) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.after, func() { b.cancel(errSilent) })
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	if err != nil && errors.Is(context.Cause(b.ctx), errSilent) {
		err = errSilent
	}
	return n, err
}

// Close ends the request.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
