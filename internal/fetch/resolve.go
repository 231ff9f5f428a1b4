// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package fetch is what the resolvers of package archives and stores share.
//
// A resolver decides in pure Go which packages or store paths an image needs. It
// has no network: what it reads it asks of a [Fetcher], and BuildKit fetches it,
// so that a daemon's proxies, mirrors, source policies and cache hold for indexes
// as they do for everything else, and provenance lists them.
package fetch

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
)

// ErrNotFound says that none of a request's addresses has what was asked for.
var ErrNotFound = errors.New("not found")

// Request is one file that a resolver reads.
type Request struct {
	// URLs are addresses of the same content, the preferred one first.
	URLs []string
	// Digest is the content's; when it is empty, what is there now is taken, and
	// BuildKit asks each time whether that has changed.
	Digest digest.Digest
	// Name is what the progress calls the request.
	Name string
	// Size is the content's, in bytes, where that is known; 0 where it isn't.
	Size int64
	// Limit is the greatest size in bytes that is taken where Size isn't known; 0 is
	// MaxSize.
	Limit int64
	// Valid says what is wrong with content that no digest is known of; nil to take what
	// comes. What isn't valid is asked for again, from the server and not from a cache. It
	// is still the answer if nothing better comes.
	Valid func(data []byte) error
	// Secret is the id of the build secret that holds the Authorization header;
	// empty for none.
	Secret string
}

// Answer is what came of a request.
type Answer struct {
	Data []byte
	// Err is ErrNotFound, or why the content could not be had.
	Err error
}

// Fetcher fetches what resolvers read: many at once, in parallel. Answers are in
// the order of the requests.
type Fetcher interface {
	Fetch(ctx context.Context, requests []Request) []Answer
}

// MaxSize is the greatest size of a file that a resolver reads, in bytes.
const MaxSize = 512 << 20

// LimitKey is the name, among the descriptions of an operation that downloads a file, of
// the most that is taken of it, in bytes. Strata's own engine ends a download there;
// other daemons pass over it.
const LimitKey = "strata.download-limit"

// ErrSize says that content has another size than its index says, or more than its
// limit.
var ErrSize = errors.New("it has the wrong size")

// Bound is the most that is read of the content, in bytes. It is an error, before
// anything is fetched, if that would be more than a resolver reads.
func (r *Request) Bound() (int64, error) {
	switch {
	case r.Size > MaxSize || r.Size < 0:
		return 0, fmt.Errorf("%w: its index says %d bytes, and %d are read at most", ErrSize, r.Size, int64(MaxSize))
	case r.Size > 0:
		return r.Size, nil
	case r.Limit > 0:
		return min(r.Limit, MaxSize), nil
	}
	return MaxSize, nil
}

// Check compares the size of the content, in bytes, with what it may be.
func (r *Request) Check(size int64) error {
	bound, err := r.Bound()
	switch {
	case err != nil:
		return err
	case r.Size > 0 && size != r.Size:
		return fmt.Errorf("%w: it has %d bytes, and its index says %d", ErrSize, size, r.Size)
	case size > bound:
		return fmt.Errorf("%w: it has %d bytes, and %d are read at most", ErrSize, size, bound)
	}
	return nil
}
