// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"context"
	"errors"
	"testing"
)

func TestUntil(t *testing.T) {
	stopped, ended := errors.New("stopped"), make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	if n, err := Until(ctx, func() (int, error) { return 3, stopped }); n != 3 || !errors.Is(err, stopped) {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err := Until(ctx, func() (int, error) {
		cancel(stopped)
		<-ended // as if it went on for ever
		return 0, nil
	}); !errors.Is(err, stopped) {
		t.Errorf("got %v, want the context's cause", err)
	}
	close(ended)
}
