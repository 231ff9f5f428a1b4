// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

const (
	// lastLines is how many lines of a failed step are shown.
	lastLines = 10
	// lastBytes is how many bytes of them are kept.
	lastBytes = 8 << 10
	// own is what the step helper puts before its messages.
	own = "strata-step: "
)

// failedSteps keeps the end of what each step printed, to show that of one that
// failed where nothing else of the progress is shown. The zero value is empty.
type failedSteps struct {
	output map[digest.Digest][]byte
	failed []*client.Vertex
}

// note takes in a part of the status.
func (f *failedSteps) note(s *client.SolveStatus) {
	if f.output == nil {
		f.output = map[digest.Digest][]byte{}
	}
	for _, l := range s.Logs {
		out := append(f.output[l.Vertex], l.Data...)
		f.output[l.Vertex] = bytes.Clone(out[max(0, len(out)-lastBytes):])
	}
	for _, v := range s.Vertexes {
		if v.Error != "" && v.Completed != nil && isStep(v) {
			f.failed = append(f.failed, v)
		}
	}
}

// isStep reports whether a vertex is a step that failed itself: one that was ended
// because another failed has nothing to say, and what an export or a fetch met is in the
// error.
func isStep(v *client.Vertex) bool {
	return len(v.Inputs) > 0 && !strings.Contains(v.Error, context.Canceled.Error())
}

// show shows the last lines of each step that failed and printed something, unless it is
// what the error says.
func (f *failedSteps) show(w io.Writer, failure error) {
	for _, v := range f.failed {
		out := bytes.TrimRight(f.output[v.Digest], "\n")
		delete(f.output, v.Digest)
		said, ours := bytes.CutPrefix(out, []byte(own))
		if len(out) == 0 || ours && failure != nil && strings.Contains(failure.Error(), string(said)) {
			continue
		}
		lines := bytes.Split(out, []byte("\n"))
		fmt.Fprintf(w, "%s:\n", v.Name)
		for _, line := range lines[max(0, len(lines)-lastLines):] {
			fmt.Fprintf(w, "  %s\n", bytes.TrimPrefix(line, []byte(own)))
		}
	}
}
