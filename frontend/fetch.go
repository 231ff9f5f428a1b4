// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/fetch"
)

const (
	// maxFetches is how many files are asked for at the same time: servers refuse
	// clients that open hundreds of connections.
	maxFetches = 32
	// pieceSize is how many bytes of a file come in one answer. BuildKit's gateway
	// refuses messages of more than 16 MiB.
	pieceSize = 8 << 20
	// maxFetchSize is the greatest size of a file that a resolver reads, in bytes.
	maxFetchSize = 512 << 20
)

var _ fetch.Fetcher = (*request)(nil)

// Fetch lets BuildKit fetch what a resolver reads.
func (r *request) Fetch(ctx context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	var group errgroup.Group
	rest := answers
	for bundle := range slices.Chunk(requests, bundleSize) {
		into := rest[:len(bundle)]
		rest = rest[len(bundle):]
		group.Go(func() error {
			r.fetchBundle(ctx, bundle, into)
			return nil
		})
	}
	_ = group.Wait() // each answer has its own error
	return answers
}

// fetchBundle fetches files together if that can be, else each for itself.
func (r *request) fetchBundle(ctx context.Context, requests []fetch.Request, answers []fetch.Answer) {
	if len(requests) > fewFetches {
		if err := r.fetchTogether(ctx, requests, answers); err == nil {
			return
		}
	}
	var group errgroup.Group
	group.SetLimit(maxFetches)
	for i, req := range requests {
		group.Go(func() error {
			answers[i].Data, answers[i].Err = r.fetch(ctx, req)
			return nil
		})
	}
	_ = group.Wait()
}

// fetch tries the addresses of a request until one of them has it.
func (r *request) fetch(ctx context.Context, req fetch.Request) ([]byte, error) {
	var errs []error
	missing := true
	for i, url := range req.URLs {
		data, err := r.fetchFrom(ctx, url, "file"+strings.Repeat("-again", i), req)
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		if status := r.really(ctx, url, err, req); status != "" {
			err = errors.New("invalid response status " + status)
		}
		err = fetchError(url, err)
		missing = missing && errors.Is(err, fetch.ErrNotFound)
		errs = append(errs, err)
	}
	if missing && len(errs) != 1 {
		errs = append(errs, fetch.ErrNotFound)
	}
	return nil, errors.Join(errs...)
}

// really is the status that a server answered with, where BuildKit took its page
// for the file.
func (r *request) really(ctx context.Context, url string, err error, req fetch.Request) string {
	if !strings.Contains(err.Error(), "digest mismatch ") {
		return ""
	}
	if req.Secret != "" {
		return r.answered(ctx, url, bk.AuthHeaderSecret(req.Secret))
	}
	return r.answered(ctx, url)
}

// fetchFrom fetches from one address, as a file of that name: another address needs
// another one, or BuildKit takes it for the attempt that failed.
func (r *request) fetchFrom(ctx context.Context, url, name string, req fetch.Request) ([]byte, error) {
	ref, err := r.solve(ctx, httpFile(url, req, name))
	if err != nil {
		return nil, err
	}
	return readWhole(ctx, ref, name)
}

// httpFile is a tree with the file of a request.
func httpFile(url string, req fetch.Request, name string) bk.State {
	opts := []bk.HTTPOption{
		bk.Filename(name), bk.Chmod(0o644), bk.Chown(0, 0), bk.WithCustomName("[internal] " + req.Name),
	}
	if req.Digest != "" {
		opts = append(opts, bk.Checksum(req.Digest))
	}
	if req.Secret != "" {
		opts = append(opts, bk.AuthHeaderSecret(req.Secret))
	}
	return bk.HTTP(url, opts...)
}

// readWhole reads a file of any size, in pieces.
func readWhole(ctx context.Context, ref client.Reference, name string) ([]byte, error) {
	var data []byte
	for {
		piece, err := ref.ReadFile(ctx, client.ReadRequest{
			Filename: name, Range: &client.FileRange{Offset: len(data), Length: pieceSize},
		})
		if err != nil {
			return nil, err
		}
		data = append(data, piece...)
		if len(piece) < pieceSize {
			return data, nil
		}
		if len(data) > maxFetchSize {
			return nil, fmt.Errorf("it has more than %d bytes", maxFetchSize)
		}
	}
}

// fetchError says what a server answered, in fewer words than BuildKit.
func fetchError(url string, err error) error {
	text := err.Error()
	if _, status, ok := strings.Cut(text, "invalid response status "); ok {
		if strings.HasPrefix(status, "404") || strings.HasPrefix(status, "410") || strings.HasPrefix(status, "403") {
			// A store of objects that may not be listed says 403 for what it lacks.
			return fmt.Errorf("fetch %s: %w", url, fetch.ErrNotFound)
		}
		return fmt.Errorf("fetch %s: the server answers with status %s", url, status)
	}
	if _, sums, ok := strings.Cut(text, "digest mismatch "); ok {
		got, _, _ := strings.Cut(sums, ": ")
		return fmt.Errorf("fetch %s: it is not what its index says: it has %s", url, got)
	}
	return fmt.Errorf("fetch %s: %w", url, err)
}
