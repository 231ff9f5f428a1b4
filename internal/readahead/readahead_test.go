// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package readahead

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// endless gives zeros until it is told to stop, and says when it is read.
type endless struct{ reads chan struct{} }

func (e endless) Read(p []byte) (int, error) {
	select {
	case e.reads <- struct{}{}:
	default:
	}
	clear(p)
	return len(p), nil
}

func TestReadsTheSame(t *testing.T) {
	data := make([]byte, 5*blockSize+123)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(data)
	fault := errors.New("the disk is gone")
	for name, size := range map[string]int{"nothing": 0, "less than a block": 17, "a block": blockSize, "more than fits": len(data)} {
		for _, end := range []error{io.EOF, fault} {
			in := io.MultiReader(iotest.HalfReader(bytes.NewReader(data[:size])), iotest.ErrReader(end))
			r := New(in, 2)
			got, err := io.ReadAll(r)
			if !bytes.Equal(got, data[:size]) || errors.Is(end, fault) != errors.Is(err, fault) {
				t.Errorf("%s, then %v: %d bytes, %v", name, end, len(got), err)
			}
			if _, again := r.Read(make([]byte, 1)); !errors.Is(again, end) {
				t.Errorf("%s: read after the end: %v, want %v", name, again, end)
			}
			if err := r.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
		}
	}
}

// TestClose wants nothing to be read once it has returned.
func TestClose(t *testing.T) {
	for range 50 {
		e := endless{reads: make(chan struct{}, 1)}
		r := New(e, 2)
		if _, err := r.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		select {
		case <-e.reads:
		default:
		}
		select {
		case <-e.reads:
			t.Fatal("it reads on")
		default:
		}
	}
}
