// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"

	"github.com/moby/buildkit/client/llb"
)

// definition is a side that builds a graph as it is: no frontend makes it, and nobody looks
// into what was built.
func (h *house) definition(st llb.State, dir string) side {
	h.Helper()
	def, err := st.Marshal(context.Background())
	if err != nil {
		h.Fatal(err)
	}
	var text bytes.Buffer
	if err := llb.WriteTo(def, &text); err != nil {
		h.Fatal(err)
	}
	return side{run: func() {
		cmd := exec.Command(h.buildctl, "--addr", h.daemon.Addr, "build", "--progress=plain", "--local=context="+dir)
		cmd.Stdin = bytes.NewReader(text.Bytes())
		h.run(cmd)
	}}
}

// manyLayers is the smallest graph of the image of [BenchmarkLayers]: a state for each
// layer, merged.
func (h *house) manyLayers(each int) llb.State {
	base, sources := llb.Image(h.base), llb.Local("context", llb.IncludePatterns([]string{"src"}))
	layers := []llb.State{base}
	for i := range each {
		run := base.Run(llb.Args([]string{"/bin/sh", "-c", fmt.Sprintf("mkdir -p /out/opt && echo %d > /out/opt/%d", i, i)}))
		layers = append(layers,
			llb.Scratch().File(llb.Copy(sources, fmt.Sprint("src/", i), fmt.Sprint("/srv/", i), &llb.CopyInfo{CreateDestPath: true})),
			run.AddMount("/out", llb.Scratch()),
			llb.Scratch().File(llb.Mkdir("/etc/made", 0o755, llb.WithParents(true)).Mkfile(fmt.Sprint("/etc/made/", i), 0o640, fmt.Appendln(nil, i))))
	}
	return llb.Merge(layers)
}
