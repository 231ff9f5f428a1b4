// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"
	"io"
)

// streamSmall writes the members that are known, up to the first blob.
func (a *archive) streamSmall() error {
	for a.next < len(a.layout.members) && !a.layout.members[a.next].isBlob {
		m := a.layout.members[a.next]
		for _, part := range [][]byte{m.header, m.data, padding(m.size)} {
			if _, err := a.out.Write(part); err != nil {
				return fmt.Errorf("write archive: %w", err)
			}
		}
		a.next++
	}
	return nil
}

// inTurn writes blob number i when those before it are written. Blobs are begun
// in the order of the archive, so the one whose turn it is is among those that
// wait.
func (a *archive) inTurn(ctx context.Context, i int, from *reading) error {
	stop := context.AfterFunc(ctx, func() { a.fail(context.Cause(ctx)) })
	defer stop()
	a.mu.Lock()
	for a.next != i && a.stopped == nil {
		a.turn.Wait()
	}
	err := a.stopped
	a.mu.Unlock()
	if err == nil {
		err = a.streamBlob(ctx, i, from)
	}
	if err != nil {
		a.fail(err)
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next++
	err = a.streamSmall()
	a.turn.Broadcast()
	return err
}

// fail lets the blobs that wait give up.
func (a *archive) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped == nil {
		a.stopped = err
	}
	a.turn.Broadcast()
}

func (a *archive) streamBlob(ctx context.Context, i int, from *reading) error {
	m := a.layout.members[i]
	rc, err := from.open(ctx)
	if err != nil {
		return err
	}
	defer rc.Close()
	if _, err := a.out.Write(m.header); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if _, err := io.CopyBuffer(plainWriter{a.out}, rc, make([]byte, bufferSize)); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if _, err := a.out.Write(padding(m.size)); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// streamEnd writes the mark at the end of a tar.
func (a *archive) streamEnd() error {
	if _, err := a.out.Write(make([]byte, 2*blockSize)); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}
