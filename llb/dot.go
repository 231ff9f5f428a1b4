// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// Dot writes a definition as a graph for Graphviz, each operation by the name
// that progress shows.
func Dot(w io.Writer, def *bk.Definition) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "digraph strata {\n  rankdir=LR\n  node [shape=box, fontname=monospace]")
	numbers := map[digest.Digest]int{}
	for i, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			return fmt.Errorf("read operation %d: %w", i, err)
		}
		d := digest.FromBytes(dt)
		numbers[d] = i + 1
		label := def.Metadata[d].Description["llb.customname"]
		if label == "" {
			inputs := make([]string, len(op.Inputs))
			label, _, _ = strings.Cut(describe(&op, inputs), "\n")
			label = strings.TrimSpace(label)
		}
		shape := ""
		if op.Op == nil {
			label, shape = "result", ", shape=ellipse"
		}
		fmt.Fprintf(out, "  n%d [label=%q%s]\n", i+1, label, shape)
		for _, in := range op.Inputs {
			fmt.Fprintf(out, "  n%d -> n%d\n", numbers[digest.Digest(in.Digest)], i+1)
		}
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
}
