// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/op"
)

const (
	// maxFetches is how many files are asked for at the same time: servers refuse
	// clients that open hundreds of connections.
	maxFetches = 32
	// pieceSize is how many bytes of a file come in one answer. BuildKit's gateway
	// refuses messages of more than 16 MiB.
	pieceSize = 8 << 20
)

// Fetcher fetches what resolvers read, through a daemon.
type Fetcher struct{ Daemon *Daemon }

var _ fetch.Fetcher = Fetcher{}

// Fetch lets BuildKit fetch what a resolver reads.
func (f Fetcher) Fetch(ctx context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	var group errgroup.Group
	rest := answers
	for bundle := range slices.Chunk(requests, bundleSize) {
		into := rest[:len(bundle)]
		rest = rest[len(bundle):]
		group.Go(func() error {
			f.fetchBundle(ctx, bundle, into)
			return nil
		})
	}
	_ = group.Wait() // each answer has its own error
	return answers
}

// fetchBundle fetches files together if that can be, else each for itself.
func (f Fetcher) fetchBundle(ctx context.Context, requests []fetch.Request, answers []fetch.Answer) {
	if len(requests) > fewFetches {
		if err := f.fetchTogether(ctx, requests, answers); err == nil {
			return
		}
	}
	var group errgroup.Group
	group.SetLimit(maxFetches)
	for i, req := range requests {
		group.Go(func() error {
			answers[i].Data, answers[i].Err = f.fetch(ctx, req)
			return nil
		})
	}
	_ = group.Wait()
}

// fetch tries the addresses of a request until one of them has it.
func (f Fetcher) fetch(ctx context.Context, req fetch.Request) ([]byte, error) {
	if _, err := req.Bound(); err != nil {
		return nil, err
	}
	var errs []error
	missing := true
	for i, url := range req.URLs {
		data, err := f.insist(ctx, url, "file"+strings.Repeat("-again", i*attempts), req)
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		err = fetchError(url, req.Digest, f.refusal(ctx, url, err, req))
		missing = missing && errors.Is(err, fetch.ErrNotFound)
		errs = append(errs, err)
	}
	if missing && len(errs) != 1 {
		errs = append(errs, fetch.ErrNotFound)
	}
	return nil, errors.Join(errs...)
}

// refusal is a failure with the status that the server answered with, where BuildKit
// took its page for the file.
func (f Fetcher) refusal(ctx context.Context, url string, err error, req fetch.Request) error {
	failure := fault.AsFetch(err)
	if failure == nil || failure.Got == "" {
		return err
	}
	var opts []bk.HTTPOption
	if req.Secret != "" {
		opts = append(opts, bk.AuthHeaderSecret(req.Secret))
	}
	if status := f.Daemon.Status(ctx, url, opts...); status != 0 {
		return failure.Refused(status)
	}
	return err
}

// fetchFrom fetches from one address, as a file of that name: another address needs
// another one, or BuildKit takes it for the attempt that failed.
func (f Fetcher) fetchFrom(ctx context.Context, url, name string, req fetch.Request) ([]byte, error) {
	ref, err := f.Daemon.Solve(ctx, httpFile(url, req, name))
	if err != nil {
		return nil, fault.OfAddress(err, url)
	}
	data, err := readFetched(ctx, ref, name, req)
	return data, fault.OfAddress(err, url)
}

// httpFile is a tree with the file of a request.
func httpFile(url string, req fetch.Request, name string) bk.State {
	opts := []bk.HTTPOption{
		bk.Filename(name), bk.Chmod(0o644), bk.Chown(0, 0), bk.WithCustomName("[internal] " + printable.Line(req.Name)),
	}
	if most, err := req.Bound(); err == nil {
		opts = append(opts, op.Limit(most))
	}
	if req.Digest != "" {
		opts = append(opts, bk.Checksum(req.Digest))
	}
	if req.Secret != "" {
		opts = append(opts, bk.AuthHeaderSecret(req.Secret))
	}
	return bk.HTTP(url, opts...)
}

// readFetched reads what came of a request, after a look at its size.
func readFetched(ctx context.Context, ref client.Reference, name string, req fetch.Request) ([]byte, error) {
	st, err := ref.StatFile(ctx, client.StatRequest{Path: name})
	if err != nil {
		return nil, err
	}
	if err := req.Check(st.Size); err != nil {
		return nil, err
	}
	return ReadWhole(ctx, ref, name)
}

// ReadWhole reads a file of any size, in pieces.
func ReadWhole(ctx context.Context, ref client.Reference, name string) ([]byte, error) {
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
		if len(data) > fetch.MaxSize {
			return nil, fmt.Errorf("it has more than %d bytes", fetch.MaxSize)
		}
	}
}

// fetchError says what a server answered, in fewer words than BuildKit. The digest is
// that of what was asked for.
func fetchError(url string, want digest.Digest, err error) error {
	f := fault.AsFetch(err)
	switch {
	case f == nil || !f.Answered():
		return fmt.Errorf("fetch %s: %w", url, err)
	case f.IsMissing():
		return fmt.Errorf("fetch %s: %w: the server answers with status %d", url, fetch.ErrNotFound, f.Status)
	case f.Status == 401:
		return fmt.Errorf("fetch %s: the server answers with status 401: it wants a login, which `auth` of a repository or the build secret HTTP_AUTH_HEADER_host may give", url)
	case f.Got != "":
		return fmt.Errorf("fetch %s: it is not the file that is expected: it has %s, and not %s", url, f.Got, want)
	default:
		return fmt.Errorf("fetch %s: the server answers with status %d", url, f.Status)
	}
}
