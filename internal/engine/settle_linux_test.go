// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client/buildid"
	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// TestBuildsOutliveRequests lets the client of a build go in the middle of a request of its
// frontend: the build is cancelled when the request has ended, or never ends.
func TestBuildsOutliveRequests(t *testing.T) {
	for name, c := range map[string]struct {
		of    string
		after time.Duration // the client is gone
		takes time.Duration
		least time.Duration
	}{
		"its own":       {"one", 0, time.Second, time.Second},
		"a late one":    {"one", aftermath / 2, time.Second, time.Second + aftermath/2},
		"without end":   {"one", 0, time.Hour, unsettled},
		"another one's": {"two", 0, time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequests()
				client, gone := context.WithCancelCause(t.Context())
				go func() {
					time.Sleep(c.after)
					r.request(client, c.of, gateway.LLBBridge_Solve_FullMethodName, func() { time.Sleep(c.takes) })
				}()
				synctest.Wait()
				cause, began := errors.New("the client is gone"), time.Now()
				gone(cause)
				_, err := r.intercept(client, &controlapi.SolveRequest{Ref: "one"}, &grpc.UnaryServerInfo{},
					func(ctx context.Context, _ any) (any, error) {
						<-ctx.Done()
						return nil, context.Cause(ctx)
					})
				if took := time.Since(began); took < c.least || took > c.least+aftermath {
					t.Errorf("the build was cancelled after %s, and not %s", took, c.least)
				}
				if !errors.Is(err, cause) {
					t.Errorf("the build ends with %v", err)
				}
				time.Sleep(c.takes)
				synctest.Wait()
				if len(r.running) != 0 {
					t.Errorf("%v are counted still", r.running)
				}
			})
		})
	}
}

// TestReturnsOutliveRequests lets a frontend fail while another of its requests is being
// cancelled: its result is taken when that has ended, and the scheduler is done with it. A
// result that nothing runs beside is taken at once.
func TestReturnsOutliveRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, began := newRequests(), time.Now()
		var order []string
		go r.request(t.Context(), "one", gateway.LLBBridge_Evaluate_FullMethodName, func() {
			time.Sleep(time.Second)
			order = append(order, "request")
		})
		synctest.Wait()
		r.request(t.Context(), "one", gateway.LLBBridge_Return_FullMethodName, func() { order = append(order, "result") })
		r.request(t.Context(), "one", gateway.LLBBridge_Return_FullMethodName, func() { order = append(order, "another") })
		if took := time.Since(began); took != time.Second+aftermath || strings.Join(order, " ") != "request result another" {
			t.Errorf("%q after %s", order, took)
		}
	})
}

// request sends a request of a build's frontend, which does what do does.
func (r *requests) request(ctx context.Context, build, method string, do func()) {
	sent, _ := metadata.FromOutgoingContext(buildid.AppendToOutgoingContext(ctx, build))
	_, _ = r.intercept(metadata.NewIncomingContext(ctx, sent), nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) {
		do()
		return build, nil
	})
}
