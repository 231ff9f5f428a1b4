// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
)

// definition is a side that builds a graph as it is, for an output or none: no frontend
// makes it, and what was built is not looked into.
func (h *house) definition(st bk.State, dir, output string) side {
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
		args := []string{"--addr", h.daemon.Addr, "build", "--progress=plain", "--local=context=" + dir}
		if output != "" {
			args = append(args, "--output="+output)
		}
		cmd := exec.Command(h.buildctl, args...)
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

// manyFiles is the smallest graph of the image of [BenchmarkContext].
func (h *house) manyFiles() bk.State {
	sources := bk.Local("context", bk.IncludePatterns([]string{"tree"}))
	tree := bk.Scratch().File(bk.Copy(sources, "tree", "/srv", &bk.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true}))
	return bk.Merge([]bk.State{bk.Image(h.base), tree})
}

// definitions is a side that builds several graphs side by side, as they are.
func (h *house) definitions(states []bk.State, dir string) side {
	h.Helper()
	ctx := context.Background()
	files, err := fsutil.NewFS(dir)
	if err != nil {
		h.Fatal(err)
	}
	c, err := client.New(ctx, h.daemon.Addr)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() })
	var all []*bk.Definition
	for _, st := range states {
		def, err := st.Marshal(ctx)
		if err != nil {
			h.Fatal(err)
		}
		all = append(all, def)
	}
	return side{run: func() {
		var group errgroup.Group
		for _, def := range all {
			group.Go(func() error {
				_, err := c.Solve(ctx, def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"context": files}}, nil)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			h.Fatal(err)
		}
	}}
}

// manyTargets are the smallest graphs of the targets of [BenchmarkTargets].
func (h *house) manyTargets(targets int) []bk.State {
	shell := func(script string) bk.RunOption { return bk.Args([]string{"/bin/sh", "-c", script}) }
	sources := bk.Local("context", bk.IncludePatterns([]string{"src", "shared"}))
	shared := bk.Image(h.base).File(bk.Copy(sources, "shared", "/opt/shared", &bk.CopyInfo{CreateDestPath: true})).
		Run(shell("echo shared > /etc/shared")).Root()
	var states []bk.State
	for i := range targets {
		states = append(states, shared.File(bk.Copy(sources, fmt.Sprint("src/", i), "/srv/app", &bk.CopyInfo{CreateDestPath: true})).
			Run(shell(fmt.Sprint("echo ", i, " > /etc/app"))).Root())
	}
	return states
}

// instructions is a Dockerfile of as many steps, each of which is a vertex.
func instructions(steps int) string {
	var text strings.Builder
	text.WriteString("ARG BASE\nFROM $BASE\n")
	for i := range steps {
		fmt.Fprintf(&text, "RUN : %d\n", i)
	}
	return text.String()
}
