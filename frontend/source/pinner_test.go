// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
)

// overheard is a daemon that does nothing, and remembers what steps are called.
type overheard struct {
	capable
	names *[]string
}

var errNothing = errors.New("it does nothing")

func (o overheard) Solve(_ context.Context, req client.SolveRequest) (*client.Result, error) {
	for _, meta := range req.Definition.Metadata {
		if name := meta.Description["llb.customname"]; name != "" {
			*o.names = append(*o.names, name)
		}
	}
	return nil, errNothing
}

func (o overheard) ResolveSourceMetadata(_ context.Context, _ *pb.SourceOp, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	*o.names = append(*o.names, opt.LogName)
	return nil, errNothing
}

// TestStepsSayNoLogin looks up addresses that have logins: steps are called after them in
// the progress, and in a daemon's history.
func TestStepsSayNoLogin(t *testing.T) {
	var names []string
	d := &Daemon{Client: overheard{names: &names}, UI: &dockerui.Client{}}
	p := NewPinner(d)
	const address = "https://ann:secret@example.org/x"
	_, _, _ = p.File(t.Context(), address)
	_, _ = p.Commit(t.Context(), address+".git", "v1", "")
	_ = p.Digest(t.Context(), address)
	_ = d.Status(t.Context(), address)
	for _, want := range []string{
		"fetch https://…@example.org/x", "[internal] look up https://…@example.org/x.git",
		"[internal] look up https://…@example.org/x", "[internal] look for https://…@example.org/x",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no step is called %q, but %q", want, names)
		}
	}
	if strings.Contains(strings.Join(names, "\n"), "secret") {
		t.Errorf("steps are called %q", names)
	}
}
