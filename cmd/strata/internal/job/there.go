// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"
)

// lookEvery is how often it is looked whether BuildKit is still there.
const lookEvery = time.Second

// whileThere returns a context that ends when BuildKit isn't there any more, or when stop is
// called. BuildKit's client doesn't notice while it waits for a process in a container.
func whileThere(ctx context.Context, bkc *client.Client) (there context.Context, stop func()) {
	there, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-there.Done():
				return
			case <-tick.C:
			}
			if _, err := bkc.Info(there); grpcerrors.Code(err) == codes.Unavailable {
				cancel(err)
			}
		}
	}()
	return there, func() { cancel(nil) }
}
