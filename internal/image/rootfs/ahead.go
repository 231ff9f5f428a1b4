// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"io"
)

// The blocks that a layer is read ahead by, in bytes.
const (
	aheadBlock  = 256 << 10
	aheadBlocks = 4
)

// ahead reads in a goroutine of its own, so that decompressing goes on while
// what it gave is dealt with.
type ahead struct {
	full  chan block
	empty chan []byte
	stop  chan struct{}
	done  chan struct{}
	now   block
	rest  []byte
}

// block is what one reading gave.
type block struct {
	data []byte
	err  error
}

func readAhead(r io.Reader) *ahead {
	a := &ahead{
		full:  make(chan block, aheadBlocks),
		empty: make(chan []byte, aheadBlocks),
		stop:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	for range aheadBlocks {
		a.empty <- make([]byte, aheadBlock)
	}
	go a.fill(r)
	return a
}

func (a *ahead) fill(r io.Reader) {
	defer close(a.done)
	for {
		var buf []byte
		select {
		case buf = <-a.empty:
		case <-a.stop:
			return
		}
		n, err := readFull(r, buf)
		select {
		case a.full <- block{buf[:n], err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// readFull fills buf, or ends with the reader's own error.
func readFull(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// Read gives what was read ahead.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.empty <- a.now.data[:aheadBlock]
		}
		a.now = <-a.full
		a.rest = a.now.data
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close returns when the reader is no longer used.
func (a *ahead) Close() error {
	close(a.stop)
	<-a.done
	return nil
}
