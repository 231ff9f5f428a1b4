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
