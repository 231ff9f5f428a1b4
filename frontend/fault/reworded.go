// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/status"
)

// reworded is an error that reaches the client in words of its own. Of an error that
// came from the daemon, BuildKit would pass on nothing but the words it came with.
type reworded struct {
	text string
	err  error
}

func (r *reworded) Error() string { return r.text }

func (r *reworded) Unwrap() error { return r.err }

// GRPCStatus makes the words the message that crosses the gateway.
func (r *reworded) GRPCStatus() *status.Status { return status.New(grpcerrors.Code(r.err), r.text) }
