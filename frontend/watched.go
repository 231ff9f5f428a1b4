// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"bytes"
	"context"
	"sync"
)

// watched keeps the last of what is written to it, and looks for a text in all of it,
// for those who wait for that.
type watched struct {
	wanted []byte
	// seen is closed when the text was written.
	seen chan struct{}

	mu   sync.Mutex
	kept []byte
	cut  bool
}

func newWatched(text string) *watched {
	return &watched{wanted: []byte(text), seen: make(chan struct{})}
}

// Write takes everything, and keeps the last of it.
func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// The text may have begun before.
	from := max(0, len(w.kept)-len(w.wanted)+1)
	w.kept = append(w.kept, p...)
	select {
	case <-w.seen:
	default:
		if bytes.Contains(w.kept[from:], w.wanted) {
			close(w.seen)
		}
	}
	if excess := len(w.kept) - headLimit; excess > headLimit {
		w.kept, w.cut = append([]byte(nil), w.kept[excess:]...), true
	}
	return len(p), nil
}

// Close does nothing.
func (*watched) Close() error { return nil }

// String is the last of what was written, in whole lines.
func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := bytes.IndexByte(w.kept, '\n'); w.cut && i >= 0 {
		return string(w.kept[i+1:])
	}
	return string(w.kept)
}

// await waits until the text was written, or nothing more will be.
func (w *watched) await(ctx context.Context, ended <-chan struct{}) error {
	select {
	case <-w.seen:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-ended:
	}
	select {
	case <-w.seen:
		return nil
	default:
		return errServiceEnded
	}
}
