// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import "context"

// Until computes something, and returns the context's cause when that ends first: what
// is read in between may be as long as a server likes. It then leaves the rest of the
// work to itself, and the caller must let go of what that uses.
func Until[T any](ctx context.Context, compute func() (T, error)) (T, error) {
	type result struct {
		made T
		err  error
	}
	done := make(chan result, 1)
	go func() {
		made, err := compute()
		done <- result{made, err}
	}()
	select {
	case r := <-done:
		return r.made, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
