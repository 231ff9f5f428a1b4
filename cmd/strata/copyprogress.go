// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/containerd/console"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/transfer"
)

// copyProgress shows how a copy goes: a line for each blob, and on a terminal
// one more that says how much is done.
type copyProgress struct {
	w     io.Writer
	lines bool
	live  bool

	mu                 sync.Mutex
	blobs, done        int
	bytes, read, width int64
	shown              time.Time
}

// redraw is how often the line of a terminal changes at most.
const redraw = 100 * time.Millisecond

func newCopyProgress(w io.Writer, kind string) (*copyProgress, error) {
	p := &copyProgress{w: w, lines: true}
	switch kind {
	case "auto":
		if f, ok := w.(*os.File); ok {
			_, err := console.ConsoleFromFile(f)
			p.live = err == nil
		}
	case "plain":
	case "quiet":
		p.lines = false
	default:
		return nil, fmt.Errorf("--progress %s is not auto, plain or quiet", kind)
	}
	return p, nil
}

// Begin notes how much there is.
func (p *copyProgress) Begin(blobs int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blobs, p.bytes = blobs, bytes
}

// Progress notes what was read.
func (p *copyProgress) Progress(n int) {
	if !p.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read += int64(n)
	if now := time.Now(); now.Sub(p.shown) >= redraw {
		p.shown = now
		p.draw()
	}
}

// End shows that a blob is done.
func (p *copyProgress) End(d v1.Descriptor, how transfer.How) {
	if !p.lines {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.clear()
	fmt.Fprintf(p.w, "%s %9s %s\n", d.Digest, size(d.Size), how)
	p.draw()
}

// draw writes the line that changes.
func (p *copyProgress) draw() {
	if !p.live {
		return
	}
	line := fmt.Sprintf("%d of %d blobs, %s of %s", p.done, p.blobs, size(p.read), size(p.bytes))
	p.clear()
	fmt.Fprint(p.w, line)
	p.width = int64(len(line))
}

func (p *copyProgress) clear() {
	if p.live && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", int(p.width)))
		p.width = 0
	}
}

// close takes the line that changes away.
func (p *copyProgress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}
