// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package readahead reads in a goroutine of its own, so that decompressing goes on
// while what it gave is written.
package readahead

import "io"

// blockSize is how much is read at once, in bytes.
const blockSize = 256 << 10

// A Reader holds no more than its number of blocks of 256 KiB.
type Reader struct {
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

// New reads up to some blocks of 256 KiB ahead from r until Close is called.
func New(r io.Reader, blocks int) *Reader {
	a := &Reader{full: make(chan block, blocks), empty: make(chan []byte, blocks), quit: make(chan struct{})}
	for range blocks {
		a.empty <- nil
	}
	go a.fill(r)
	return a
}

func (a *Reader) fill(r io.Reader) {
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
		n, err := Block(r, buf[:blockSize])
		a.full <- block{data: buf[:n], err: err} // there is room for all blocks
		if err != nil {
			return
		}
	}
}

// Block reads until buf is full or there is an error, which it returns as it is: a
// stream that is cut short must not look like one that ends.
func Block(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// Read gives what was read ahead, and then the error that reading ended with.
func (a *Reader) Read(p []byte) (int, error) {
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

// Close ends reading ahead, and waits until nothing reads any more.
func (a *Reader) Close() error {
	close(a.quit)
	for range a.full { // what is left isn't wanted
	}
	return nil
}
