// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

func TestFailedSteps(t *testing.T) {
	var f failedSteps
	now := time.Now()
	for i := range 20 {
		f.note(&client.SolveStatus{Logs: []*client.VertexLog{
			{Vertex: "bad", Data: fmt.Appendf(nil, "line %d\n", i)}, {Vertex: "good", Data: []byte("fine\n")},
		}})
	}
	f.note(&client.SolveStatus{Vertexes: []*client.Vertex{
		{Digest: "bad", Name: "[1/1] build", Inputs: []digest.Digest{"base"}, Error: "exit code: 1", Completed: &now},
		{Digest: "good", Name: "good", Completed: &now},
		{Digest: "silent", Name: "silent", Inputs: []digest.Digest{"base"}, Error: "exit code: 1", Completed: &now},
	}})
	var out strings.Builder
	f.note(&client.SolveStatus{
		Logs:     []*client.VertexLog{{Vertex: "told", Data: []byte("strata-step: it is cut\n")}},
		Vertexes: []*client.Vertex{{Digest: "told", Name: "told", Inputs: []digest.Digest{"base"}, Error: "exit code: 125", Completed: &now}},
	})
	f.show(&out, errors.New("unpack x: it is cut"))
	want := "[1/1] build:\n"
	for i := 10; i < 20; i++ {
		want += fmt.Sprintf("  line %d\n", i)
	}
	if out.String() != want {
		t.Errorf("it is\n%s", out.String())
	}
}
