// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/helper/program"
	"github.com/strata-build/strata/internal/testenv"
)

// TestDefinition asks the frontend ten times for the graph of every case, in five
// sessions that each have the build file's maps in another order. Within a
// session the definition is the same to the byte; between sessions all is the
// same but the session's name.
func TestDefinition(t *testing.T) {
	h := newHouse(t)
	c := h.daemon.Client(t)
	for _, a := range testenv.Archives(t, "cases") {
		t.Run(a.Name, func(t *testing.T) {
			dir := directory(t, a.Files("flags", "want", "config"))
			var first string
			for seed := range uint64(5) {
				if seed > 0 {
					write(t, filepath.Join(dir, "strata.yaml"), shuffled(t, a.Section("strata.yaml"), seed))
				}
				text := h.graph(t, c, dir, strings.Fields(a.Section("flags")), 2)
				if seed == 0 {
					first = text
				} else if diff := cmp.Diff(first, text); diff != "" {
					t.Fatalf("order %d gives another graph (-first +this):\n%s", seed, diff)
				}
			}
			if !strings.Contains(first, "result") {
				t.Errorf("this is not a graph:\n%s", first)
			}
		})
	}
}

// graph asks for the graph as often as times in one session.
func (h *house) graph(t *testing.T, c *client.Client, dir string, flags []string, times int) string {
	t.Helper()
	var text []byte
	var ops [][]byte
	h.ask(t, c, dir, flags, func(ctx context.Context, gw gateway.Client) error {
		for i := range times {
			res, err := frontend.Build(ctx, gw)
			if err != nil {
				return err
			}
			def, err := bk.ReadFrom(bytes.NewReader(res.Metadata["result.llb"]))
			if err != nil {
				return err
			}
			if i == 0 {
				text, ops = res.Metadata["result.txt"], def.Def
			} else if !slices.EqualFunc(ops, def.Def, bytes.Equal) {
				t.Errorf("definition %d differs:\n%s", i, cmp.Diff(identifiers(t, ops), identifiers(t, def.Def)))
			}
		}
		return nil
	})
	return string(text)
}

// ask begins a session of a request for a directory's graph.
func (h *house) ask(t *testing.T, c *client.Client, dir string, flags []string, f func(context.Context, gateway.Client) error) {
	t.Helper()
	local, err := fsutil.NewFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	helper, err := fsutil.NewFS(h.helper(t))
	if err != nil {
		t.Fatal(err)
	}
	opt := client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"context": local, "dockerfile": local, program.Source: helper},
		FrontendAttrs: map[string]string{
			"requestid": frontend.RequestLLB, "frontend.caps": "moby.buildkit.frontend.subrequests", "build-arg:BASE": h.base,
		},
	}
	if len(flags) == 2 && flags[0] == "--target" {
		opt.FrontendAttrs["target"] = flags[1]
	}
	if _, err := c.Build(t.Context(), opt, "", func(ctx context.Context, gw gateway.Client) (*gateway.Result, error) {
		return gateway.NewResult(), f(ctx, gw)
	}, nil); err != nil {
		t.Fatal(err)
	}
}

// helper is a directory with the step helper: who a command runs as may be known only
// once steps before it have run.
func (h *house) helper(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(testenv.Binary(t, "strata-step", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, program.File("amd64")), data, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// identifiers are the operations in words.
func identifiers(t *testing.T, ops [][]byte) []string {
	t.Helper()
	var all []string
	for _, data := range ops {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		all = append(all, op.String())
	}
	return all
}
