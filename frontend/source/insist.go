// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/fetch"
)

// attempts is how often one address is asked for a file, at most.
const attempts = 3

// insist fetches from one address, and again where that may help: after a pause if the
// server breaks off or has too much to do, and at once if it sent something else than what
// was asked for. BuildKit keeps that under the server's ETag, and would go on with it as
// long as the server has that; so what is asked for then has a name that no build had before.
func (f Fetcher) insist(ctx context.Context, url, name string, req fetch.Request) (data []byte, err error) {
	for n := range attempts {
		data, err = f.fetchFrom(ctx, url, name, req)
		failure := fault.AsFetch(err)
		switch {
		case err == nil && isValid(req, data):
			return data, nil
		case err == nil, errors.Is(err, fetch.ErrSize) && req.Digest == "":
			name = "file-" + f.Daemon.afresh() + "-" + strconv.Itoa(n)
		case failure != nil && failure.MayPass():
			name += "-again"
			if n+1 < attempts {
				pause(ctx, n)
			}
		default:
			return nil, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return data, err
}

// afresh is in the names of files by which no build before knows them.
func (d *Daemon) afresh() string { return d.Client.BuildOpts().SessionID }

// isValid reports whether content is what was asked for, as far as that can be told.
func isValid(req fetch.Request, data []byte) bool { return req.Valid == nil || req.Valid(data) == nil }

// pause waits before an attempt that comes after the nth one: servers that have too much
// to do mostly ask for a second.
func pause(ctx context.Context, n int) {
	timer := time.NewTimer(time.Duration(1+2*n) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
