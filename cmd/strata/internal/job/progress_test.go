// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// TestWarningsOnce shows a warning that several targets send once, at the end, and none
// of them when nothing but the result is asked for.
func TestWarningsOnce(t *testing.T) {
	for mode, want := range map[progressui.DisplayMode]int{progressui.PlainMode: 1, progressui.TtyMode: 1, progressui.AutoMode: 1, progressui.QuietMode: 0} {
		var out bytes.Buffer
		j := &job{terminal: cli.Terminal{Err: &out}, progress: mode}
		p, err := j.newProgress()
		if err != nil {
			if mode == progressui.TtyMode {
				continue // it needs a terminal
			}
			t.Fatal(err)
		}
		status := p.start()
		status <- &client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "a", Name: "[internal] load"}}}
		for range 2 {
			status <- &client.SolveStatus{Warnings: []*client.VertexWarning{{Vertex: "a", Level: 1, Short: []byte("packages are not locked")}}}
		}
		close(status)
		p.wait(nil)
		if got := strings.Count(out.String(), "packages are not locked"); got != want {
			t.Errorf("%s: it is there %d times, want %d:\n%s", mode, got, want, out.String())
		}
	}
}
