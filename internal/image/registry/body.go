// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// body is what a request sends. A login that has run out is noticed after some of
// it was sent: the request goes out again with a new login, and needs it all.
type body struct {
	io.ReadCloser
	// repeat says that it may also be sent again after a broken connection. Without
	// it, an upload first asks how much has arrived.
	repeat bool
	spent  atomic.Bool
}

// Read reads.
func (b *body) Read(p []byte) (int, error) {
	b.spent.Store(true)
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &sourceError{err}
	}
	return n, err
}

// sourceError is what went wrong with what is sent. It may be an answer of another registry,
// and says nothing of the one that it is sent to.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// Close ends the reading.
func (b *body) Close() error {
	b.spent.Store(true)
	return b.ReadCloser.Close()
}

// attach gives a request its body, of length bytes.
func attach(req *http.Request, open func() (io.ReadCloser, error), length int64, repeat bool) (err error) {
	req.GetBody = func() (io.ReadCloser, error) {
		rc, err := open()
		if err != nil {
			return nil, &sourceError{err}
		}
		return &body{ReadCloser: rc, repeat: repeat}, nil
	}
	req.ContentLength = length
	req.Body, err = req.GetBody()
	return err
}

// isSpent reports whether something was read of a request's body.
func isSpent(req *http.Request) bool {
	b, ok := req.Body.(*body)
	return ok && b.spent.Load()
}
