// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/progress/progressui"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/printable"
)

// displayMode reads --progress and --quiet. printID says to print the image's
// digest and nothing else.
func displayMode(kind string, quiet bool) (mode progressui.DisplayMode, printID bool, err error) {
	mode = progressui.DisplayMode(kind)
	switch mode {
	case progressui.AutoMode, progressui.QuietMode:
	case "none":
		return progressui.QuietMode, quiet, nil
	case progressui.TtyMode, progressui.PlainMode, progressui.RawJSONMode:
		if quiet {
			return "", false, fmt.Errorf("--progress %s and --quiet do not go together", kind)
		}
	default:
		return "", false, errors.New("--progress " + kind + " is not auto, tty, plain, quiet or rawjson")
	}
	if quiet || mode == progressui.QuietMode {
		return progressui.QuietMode, true, nil
	}
	return mode, false, nil
}

// progress shows a build on a terminal.
type progress struct {
	w        io.Writer
	mode     progressui.DisplayMode
	display  progressui.Display
	status   chan *client.SolveStatus
	done     chan struct{}
	warnings []*client.VertexWarning
	steps    failedSteps
}

func (j *job) newProgress() (*progress, error) {
	w, mode := j.terminal.Err, j.progress
	if mode == progressui.RawJSONMode {
		w = printable.Writer(w) // JSON leaves the controls above ASCII as they are
	}
	display, err := progressui.NewDisplay(w, mode)
	if err != nil {
		return nil, cli.Usage(fmt.Errorf("--progress %s: %w", mode, err), "")
	}
	return &progress{
		w: w, mode: mode, display: display,
		status: make(chan *client.SolveStatus),
		done:   make(chan struct{}),
	}, nil
}

// start shows what comes until the channel is closed. It outlives an
// interrupted build, to show how that ends.
func (p *progress) start() chan *client.SolveStatus {
	go func() {
		defer close(p.done)
		_, _ = p.display.UpdateFrom(context.Background(), p.shown()) // it fails with its context only
	}()
	return p.status
}

// shown is the status as a terminal may get it, without warnings, which are shown once,
// at the end. JSON is escaped where it is written, and keeps them.
func (p *progress) shown() chan *client.SolveStatus {
	if p.mode == progressui.RawJSONMode {
		return p.status
	}
	clean := make(chan *client.SolveStatus)
	go func() {
		defer close(clean)
		for s := range p.status {
			s = printableStatus(s)
			p.steps.note(s)
			p.warnings, s.Warnings = append(p.warnings, s.Warnings...), nil
			clean <- s
		}
	}()
	return clean
}

// wait returns when all is shown, and shows the warnings, each once. failure is what the build
// ended with, or nil.
func (p *progress) wait(failure error) {
	<-p.done
	if p.mode == progressui.QuietMode {
		p.steps.show(p.w, failure)
		return
	}
	if p.mode == progressui.RawJSONMode {
		return
	}
	out := printable.Writer(p.w)
	said := map[string]bool{}
	for _, w := range p.warnings {
		if said[string(w.Short)] {
			continue
		}
		said[string(w.Short)] = true
		fmt.Fprintf(out, "WARNING: %s\n", w.Short)
		for _, detail := range w.Detail {
			fmt.Fprintf(out, "%s\n", detail)
		}
		if w.SourceInfo != nil && w.Range != nil {
			source := errdefs.Source{Info: w.SourceInfo, Ranges: w.Range}
			_ = source.Print(out) // nothing to be done about a closed terminal
		}
	}
}
