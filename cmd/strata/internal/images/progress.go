// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/image/transfer"
)

// Progress shows a copy: a line for each blob, and on a terminal one more that
// says how much is done. It is a [transfer.Report].
type Progress struct {
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

// NewProgress writes to w. The kind is auto, plain or quiet, as --progress has it.
func NewProgress(w io.Writer, kind string) (*Progress, error) {
	p := &Progress{w: w, lines: true}
	switch kind {
	case "auto":
		if f, ok := w.(*os.File); ok {
			p.live = cli.IsConsole(f)
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
func (p *Progress) Begin(blobs int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blobs, p.bytes = blobs, bytes
}

// Progress notes what was read.
func (p *Progress) Progress(n int) {
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
func (p *Progress) End(d v1.Descriptor, how transfer.How) {
	if !p.lines {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.clear()
	fmt.Fprintf(p.w, "%s %9s %s\n", d.Digest, cli.Size(d.Size), how)
	p.draw()
}

// draw writes the line that changes.
func (p *Progress) draw() {
	if !p.live {
		return
	}
	line := fmt.Sprintf("%d of %d blobs, %s of %s", p.done, p.blobs, cli.Size(p.read), cli.Size(p.bytes))
	p.clear()
	fmt.Fprint(p.w, line)
	p.width = int64(len(line))
}

func (p *Progress) clear() {
	if p.live && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", int(p.width)))
		p.width = 0
	}
}

// Close erases the line that changes.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}
