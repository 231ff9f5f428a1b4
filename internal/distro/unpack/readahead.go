// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import "io"

const (
	blockSize  = 1 << 18
	blockCount = 8
)

// Ahead decompresses while what came before is written. It holds no more than
// blockCount blocks of blockSize bytes.
type Ahead struct {
	full  chan block
	empty chan []byte
	quit  chan struct{}
	now   block
	rest  []byte
}

// A block is what was read at once, and the error after it.
type block struct {
	data []byte
	err  error
}

// ReadAhead reads from r until Stop is called.
func ReadAhead(r io.Reader) *Ahead {
	a := &Ahead{full: make(chan block, blockCount), empty: make(chan []byte, blockCount), quit: make(chan struct{})}
	for range blockCount {
		a.empty <- nil
	}
	go a.fill(r)
	return a
}

func (a *Ahead) fill(r io.Reader) {
	defer close(a.full)
	for {
		var buf []byte
		select {
		case buf = <-a.empty:
		case <-a.quit:
			return
		}
		if buf == nil {
			buf = make([]byte, blockSize)
		}
		n, err := readBlock(r, buf[:blockSize])
		a.full <- block{data: buf[:n], err: err}
		if err != nil {
			return
		}
	}
}

// Read gives what was read ahead.
func (a *Ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.empty <- a.now.data
		}
		a.now = <-a.full
		a.rest = a.now.data
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Stop ends reading ahead, and waits until nothing reads any more.
func (a *Ahead) Stop() {
	close(a.quit)
	for range a.full { // what is left isn't wanted
	}
}
