// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package older

import (
	"context"
	"slices"
	"testing"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestLacking shows that what an old daemon lacks is told at the line that needs it, also
// where the daemon would pass over it and make another image.
func TestLacking(t *testing.T) {
	h := house.New(t)
	for id, c := range map[apicaps.CapID]struct{ entry, words string }{
		pb.CapFileSymlinkCreate:      {`{dest: /l, symlink: /x}`, "it can't make links; BuildKit 0.20 and newer can"},
		pb.CapGCFreeSpaceFilter:      {`{dest: /run, source: run, mode: u+x}`, "it can't set modes such as a-x or u+x; BuildKit 0.17"},
		pb.CapExecMountContentCache:  {`{dest: /run, source: run, mode: 04755}`, "it can't set the setuid, setgid and sticky bits; BuildKit 0.13"},
		pb.CapSourceMetadataTransfer: {`{dest: /dir/, source: dir/, mode: "a=rX"}`, "it can't set modes such as a=rX"},
	} {
		dir := h.Project(t, "-- strata.yaml --\nlayers:\n  - files:\n      - {dest: /first, content: x}\n  - files:\n      - "+c.entry+"\n-- run --\nx\n-- dir/file --\nx\n")
		err := h.InProcess(t, dir, "lacking:1", nil, func(ctx context.Context, client gateway.Client) (*gateway.Result, error) {
			return frontend.Build(ctx, olderDaemon{Client: client, opts: without(id)})
		})
		if err == nil {
			t.Errorf("a daemon without %s builds %s", id, c.entry)
			continue
		}
		house.Contains(t, err.Error(), "this BuildKit daemon is too old: "+c.words)
		lines := errdefs.Sources(err)
		if len(lines) == 0 || len(lines[0].Ranges) == 0 || lines[0].Ranges[0].Start.Line < 4 {
			t.Errorf("the lack of %s is shown at %v", id, lines)
		}
	}
}

// TestLackingOfCases builds every case on a daemon that has nothing of what came since BuildKit
// 0.12: what it can't build is refused at a line, also where that is for the base's sake.
func TestLackingOfCases(t *testing.T) {
	h := house.New(t)
	opts := without(pb.CapFileCopyAlwaysReplaceExistingDestPaths, pb.CapExecMountContentCache, pb.CapGCFreeSpaceFilter,
		pb.CapFileSymlinkCreate, pb.CapSourceMetadataTransfer, pb.CapSourceHTTPAuth, pb.CapSourceHTTPHeader)
	refused := 0
	for _, c := range house.Cases(t) {
		attrs := map[string]string{"build-arg:BASE": h.Base}
		if len(c.Flags) == 2 && c.Flags[0] == "--target" {
			attrs["target"] = c.Flags[1]
		}
		err := h.InProcess(t, c.Dir, "lacking/"+c.Name, attrs, func(ctx context.Context, client gateway.Client) (*gateway.Result, error) {
			return frontend.Build(ctx, olderDaemon{Client: client, opts: opts})
		})
		if err == nil {
			continue
		}
		refused++
		house.Contains(t, err.Error(), "this BuildKit daemon is too old: it can't ")
		if lines := errdefs.Sources(err); len(lines) == 0 || len(lines[0].Ranges) == 0 {
			t.Errorf("%s is refused at no line: %v", c.Name, err)
		}
	}
	if refused < 10 {
		t.Errorf("only %d cases are refused", refused)
	}
}

// TestAncient shows that a daemon on which no build can end is told to be too old at once.
func TestAncient(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\nlayers: [{files: [{dest: /first, content: x}]}]\n")
	err := h.InProcess(t, dir, "ancient:1", nil, func(ctx context.Context, client gateway.Client) (*gateway.Result, error) {
		return frontend.Build(ctx, olderDaemon{Client: client, opts: func(o *gateway.BuildOpts) {
			all := slices.DeleteFunc(gatewaypb.Caps.All(), func(c *apicapspb.APICap) bool { return c.ID == string(gatewaypb.CapGatewayEvaluate) })
			o.Caps = gatewaypb.Caps.CapSet(all)
		}})
	})
	if err == nil {
		t.Fatal("it builds")
	}
	house.Contains(t, err.Error(), "this BuildKit daemon is too old: Strata needs BuildKit 0.20 or later, or Docker Engine 28")
}

// TestHashesMounts shows that a build needs no capability that only saves time.
func TestHashesMounts(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\nargs: {BASE: null}\nfrom: $BASE\nlayers: [{build: {run: 'mkdir -p $out/bin && echo x > $out/bin/x'}}]\n")
	attrs := map[string]string{"build-arg:BASE": h.Base}
	inProcess(t, h, dir, "hashes:older", without(pb.CapExecMountContentCache), attrs)
	inProcess(t, h, dir, "hashes:today", without(), attrs)
	if a, b := h.Registry.Descriptor(t, "hashes:older").Digest, h.Registry.Descriptor(t, "hashes:today").Digest; a != b {
		t.Errorf("it makes %s, and %s where mounts need not be hashed", a, b)
	}
}
