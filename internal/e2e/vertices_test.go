// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/testenv"
)

// counting is a daemon that counts what it is asked for.
type counting struct {
	gateway.Client
	mu              sync.Mutex
	solves, lookups int
	// planned are the vertices of all solves.
	planned map[digest.Digest]bool
}

func (c *counting) Solve(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	c.mu.Lock()
	c.solves++
	if req.Definition != nil {
		for _, op := range req.Definition.Def {
			c.planned[digest.FromBytes(op)] = true
		}
	}
	c.mu.Unlock()
	return c.Client.Solve(ctx, req)
}

func (c *counting) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	c.lookedUp()
	return c.Client.ResolveImageConfig(ctx, ref, opt)
}

func (c *counting) ResolveSourceMetadata(ctx context.Context, op *pb.SourceOp, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	c.lookedUp()
	return c.Client.ResolveSourceMetadata(ctx, op, opt)
}

func (c *counting) lookedUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookups++
}

// large are projects of a size that shows what each thing in them costs.
func (h *house) large(t *testing.T) map[string]string {
	closure := testenv.MakeClosure(t, 60, -1, "")
	nars := testenv.FileServer(t, closure.Cache)
	var packages []testenv.Deb
	var names []string
	for i := range 40 {
		name := fmt.Sprintf("package%d", i)
		packages = append(packages, testenv.Deb{Name: name, Version: "1", Files: map[string]string{"usr/share/" + name: name}})
		names = append(names, name)
	}
	debs := testenv.NewDebArchive(t, packages...)
	install := "layers: [{packages: {names: [" + strings.Join(names, ", ") + "], repositories: [{type: deb, uri: \"" + debs.URL + "\", suites: [stable], components: [main], signed_by: key.asc}]}}]\n"
	var layers, targets strings.Builder
	for i := range 40 {
		fmt.Fprintf(&layers, "  - files: [{dest: /a/%d, content: \"%d\"}]\n  - files: [{dest: /b/%d, source: file}]\n  - build: {run: echo %d > $out/%d}\n", i, i, i, i, i)
	}
	for i := range 20 {
		fmt.Fprintf(&targets, "  t%d: {from: target:default, layers: [{files: [{dest: /t, content: \"%d\"}]}]}\n", i, i)
	}
	derivation := "layers: [{derivation: {path: " + closure.Root + ", substituters: [\"" + nars.URL + "\"], trusted_public_keys: [\"" + closure.Key + "\"]}}]\n"
	projects := map[string]string{
		"closure of 60 paths": derivation, "closure of 60 paths, locked": derivation,
		"40 packages on scratch, locked": install, "40 packages on Debian, locked": "from: " + testenv.DebianBase(t) + "\n" + install,
		"closure of 60 paths by steps":            strings.Replace(derivation, "{path:", "{fetch: step, path:", 1),
		"closure of 60 paths by steps, locked":    strings.Replace(derivation, "{path:", "{fetch: step, path:", 1),
		"40 packages on scratch by steps, locked": strings.Replace(install, "{names:", "{fetch: step, names:", 1),
		"40 packages on Debian by steps, locked":  "from: " + testenv.DebianBase(t) + "\n" + strings.Replace(install, "{names:", "{fetch: step, names:", 1),
		"120 layers":                              "args: {BASE: null}\nfrom: $BASE\nlayers:\n" + layers.String(),
		"one of 20 targets":                       "args: {BASE: null}\nfrom: $BASE\nlayers: [{build: {run: echo > $out/x}}]\ntargets:\n" + targets.String(),
	}
	out := map[string]string{}
	for name, text := range projects {
		out[name] = directory(t, map[string]string{"strata.yaml": text, "file": "file\n", "key.asc": string(debs.Keyring)})
		if strings.HasSuffix(name, ", locked") {
			h.cli.MustRun(t, "lock", "--addr", h.daemon.Addr, "--build-arg", "BASE="+h.base, out[name])
		}
	}
	return out
}

// TestVertices counts what each case costs a daemon however fast it is: vertices of its
// graph, those that planning it solves besides, in how many solves, and look-ups of sources.
func TestVertices(t *testing.T) {
	h := newHouse(t)
	c := h.daemon.Client(t)
	var lines []string
	count := func(name, dir string, flags []string) {
		h.ask(t, c, dir, flags, func(ctx context.Context, gw gateway.Client) error {
			counted := &counting{Client: gw, planned: map[digest.Digest]bool{}}
			res, err := frontend.Build(ctx, counted)
			if err != nil {
				return err
			}
			def, err := bk.ReadFrom(bytes.NewReader(res.Metadata["result.llb"]))
			if err != nil {
				return err
			}
			for _, op := range def.Def {
				delete(counted.planned, digest.FromBytes(op))
			}
			lines = append(lines, fmt.Sprintf("%-40s %8d %8d %6d %7d\n", name, len(def.Def), len(counted.planned), counted.solves, counted.lookups))
			return nil
		})
	}
	for _, a := range testenv.Archives(t, "cases") {
		count(a.Name, directory(t, a.Files("flags", "want", "config")), strings.Fields(a.Section("flags")))
	}
	large := h.large(t)
	for _, name := range slices.Sorted(maps.Keys(large)) {
		count(name, large[name], nil)
	}
	text := fmt.Sprintf("%-40s %8s %8s %6s %7s\n", "case", "vertices", "planning", "solves", "lookups") + strings.Join(lines, "")
	golden := filepath.Join("testdata", "vertices.txt")
	if *update {
		write(t, golden, text)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("what a daemon is asked for (-want +got):\n%s", diff)
	}
}
