// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"

	bk "github.com/moby/buildkit/client/llb"
)

// definition is a side that builds a graph as it is: no frontend makes it, and what was built
// is not looked into.
func (h *house) definition(st bk.State, dir string) side {
	h.Helper()
	def, err := st.Marshal(context.Background())
	if err != nil {
		h.Fatal(err)
	}
	var text bytes.Buffer
	if err := bk.WriteTo(def, &text); err != nil {
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
func (h *house) manyLayers(each int) bk.State {
	base, sources := bk.Image(h.base), bk.Local("context", bk.IncludePatterns([]string{"src"}))
	layers := []bk.State{base}
	for i := range each {
		run := base.Run(bk.Args([]string{"/bin/sh", "-c", fmt.Sprintf("mkdir -p /out/opt && echo %d > /out/opt/%d", i, i)}))
		layers = append(layers,
			bk.Scratch().File(bk.Copy(sources, fmt.Sprint("src/", i), fmt.Sprint("/srv/", i), &bk.CopyInfo{CreateDestPath: true})),
			run.AddMount("/out", bk.Scratch()),
			bk.Scratch().File(bk.Mkdir("/etc/made", 0o755, bk.WithParents(true)).Mkfile(fmt.Sprint("/etc/made/", i), 0o640, fmt.Appendln(nil, i))))
	}
	return bk.Merge(layers)
}
