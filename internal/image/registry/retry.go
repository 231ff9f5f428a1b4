// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http2"
)

// attempts is how often a request is sent at most.
const attempts = 6

// retrying sends requests again that met a broken connection or a server that
// cannot answer now. Requests with a body are sent again only if the body can
// be had again.
type retrying struct {
	next http.RoundTripper
	// wait is the first pause, longest the longest that a server may ask for.
	wait, longest time.Duration
}

// RoundTrip sends a request.
func (r *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	for i := 0; ; i++ {
		try, err := again(req, i)
		if err != nil {
			return nil, err
		}
		resp, err := r.next.RoundTrip(try)
		if !temporary(resp, err) {
			return resp, err
		}
		pause, asked := askedPause(resp)
		if asked && pause > r.longest {
			resp.Body.Close()
			return nil, &busyError{status: resp.StatusCode, asked: pause}
		}
		if i == attempts-1 || !repeatable(req) {
			return resp, err
		}
		if !asked {
			pause = backoff(r.wait, i)
		}
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 1<<16) // so that the connection can be used again
			resp.Body.Close()
		}
		if err := sleep(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// busyError says that a registry wants to be asked again only after a longer time than
// it is waited for.
type busyError struct {
	status int
	asked  time.Duration
}

// Error says how long.
func (e *busyError) Error() string {
	what := "it is not available"
	if e.status == http.StatusTooManyRequests {
		what = "it has had too many requests"
	}
	asked := (e.asked + time.Second - 1).Truncate(time.Second) // what is said has to be enough
	return fmt.Sprintf("%s and asks to wait for %s; --wait %s does that", what, asked, asked)
}

// laterError is a refusal with the time after which the registry may be asked again.
type laterError struct {
	err   error
	asked time.Duration
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// later adds to a refusal how long the registry asks to wait, if it does.
func later(resp *http.Response, err error) error {
	asked, ok := askedPause(resp)
	if !ok {
		return err
	}
	return &laterError{err, asked}
}

// again is the request for attempt number i, counted from 0. The first one may be
// a second one to those above, which sent it with an old login.
func again(req *http.Request, i int) (*http.Request, error) {
	if i == 0 && !isSpent(req) || req.GetBody == nil {
		return req, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("send request again: %w", err)
	}
	clone := req.Clone(req.Context())
	clone.Body = body
	return clone, nil
}

// repeatable reports whether the request can be sent twice.
func repeatable(req *http.Request) bool {
	if b, ok := req.Body.(*body); ok {
		return b.repeat
	}
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// temporary reports whether it may help to ask again.
func temporary(resp *http.Response, err error) bool {
	if err != nil {
		return isDropped(err)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// isDropped reports whether a connection ended in the middle.
func isDropped(err error) bool {
	var timeout net.Error
	if _, silent := errors.AsType[*silentError](err); silent {
		return false
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return true
	case errors.As(err, &timeout) && timeout.Timeout():
		return true
	}
	return isReset(err)
}

// isReset reports whether a server ended a request, or all of a connection, over HTTP/2. A
// proxy does so when what is behind it breaks off; over HTTP/1 it closes the connection.
func isReset(err error) bool {
	_, stream := errors.AsType[http2.StreamError](err)
	// The type of the other one is net/http's own.
	return stream || strings.Contains(err.Error(), "http2: server sent GOAWAY and closed the connection")
}

// askedPause is how long a server asks to wait, if there is an answer and it does.
func askedPause(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	return retryAfter(resp.Header.Get("Retry-After"), time.Now())
}

// backoff is how long to wait after attempt number i when no server says it: twice as long each
// time, with some chance in it so that clients that failed together do not come back together.
func backoff(first time.Duration, i int) time.Duration {
	pause := first << min(i, 5)
	return pause/2 + rand.N(pause/2+1)
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<30)) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
