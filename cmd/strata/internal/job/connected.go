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

// lookEvery is how often a connection is tried that nothing else may be sent by.
const lookEvery = time.Second

// whileConnected returns a context that ends when BuildKit doesn't answer any more, or when
// stop is called. BuildKit's client doesn't notice while it waits for a process in a container.
func whileConnected(ctx context.Context, bkc *client.Client) (connected context.Context, stop func()) {
	connected, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-connected.Done():
				return
			case <-tick.C:
			}
			if _, err := bkc.Info(connected); grpcerrors.Code(err) == codes.Unavailable {
				cancel(err)
			}
		}
	}()
	return connected, func() { cancel(nil) }
}
