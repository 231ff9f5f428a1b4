// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// located is an error that points at the build file.
type located string

func (l located) Error() string   { return string(l) }
func (l located) Excerpt() string { return "> " + string(l) }

func TestExit(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(&signalError{syscall.SIGINT})
	tests := []struct {
		name   string
		ctx    context.Context //nolint:containedctx // a row of a table
		err    error
		status int
		want   string
	}{
		{"success", context.Background(), nil, 0, ""},
		{"failure", context.Background(), errors.New("no luck"), 1, "strata: no luck\n"},
		{"login", context.Background(), errors.New(`Get "http://token@127.0.0.1:1/x": refused`), 1, "strata: Get \"http://*****@127.0.0.1:1/x\": refused\n"},
		{"login at a line", context.Background(), located("f:1:1: http://token@c"), 2, "strata: f:1:1: http://*****@c\n> f:1:1: http://token@c\n"},
		{"next step", context.Background(), fmt.Errorf("dial: %w", Hint(os.ErrNotExist, "do this")), 1, "strata: dial: file does not exist\ndo this\n"},
		{"usage", context.Background(), Usage(errors.New("bad flag"), "see help"), 2, "strata: bad flag\nsee help\n"},
		{"build file", context.Background(), fmt.Errorf("frontend: %w", located("f:1:1: bad")), 2, "strata: f:1:1: bad\n> f:1:1: bad\n"},
		{"two faults", context.Background(), errors.Join(located("a"), fmt.Errorf("x: %w", located("b"))), 2, "strata: a\n> a\nstrata: b\n> b\n"},
		{"difference", context.Background(), fmt.Errorf("lock: %w", Differs(errors.New("stale"))), 3, "strata: lock: stale\n"},
		{"findings", context.Background(), fmt.Errorf("x: %w", Status(3)), 3, ""},
		{"interrupt", interrupted, context.Canceled, 130, "strata: stopped by interrupt\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := Exit(test.ctx, &out, test.err); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}
