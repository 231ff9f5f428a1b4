// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package older

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// olderDaemon is a connection to a daemon that says it can do less.
type olderDaemon struct {
	gateway.Client
	opts func(*gateway.BuildOpts)
}

func (d olderDaemon) BuildOpts() gateway.BuildOpts {
	o := d.Client.BuildOpts()
	d.opts(&o)
	return o
}

// withoutMerge takes MergeOp and DiffOp away, as a daemon with an old
// snapshotter does.
func withoutMerge(o *gateway.BuildOpts) { without(pb.CapMergeOp, pb.CapDiffOp)(o) }

// without takes capabilities away, as a daemon of an older release does.
func without(ids ...apicaps.CapID) func(*gateway.BuildOpts) {
	return func(o *gateway.BuildOpts) {
		all := slices.DeleteFunc(pb.Caps.All(), func(c *apicapspb.APICap) bool { return slices.Contains(ids, apicaps.CapID(c.ID)) })
		var list apicaps.CapList
		for _, c := range all {
			list.Init(apicaps.Cap{ID: apicaps.CapID(c.ID), Enabled: true})
		}
		o.LLBCaps = list.CapSet(list.All())
	}
}

// inProcess runs the frontend in this process on the shared daemon and pushes
// the image.
func inProcess(t *testing.T, h *house.House, dir, name string, opts func(*gateway.BuildOpts), attrs map[string]string) {
	t.Helper()
	err := h.InProcess(t, dir, name, attrs, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		return frontend.Build(ctx, olderDaemon{Client: c, opts: opts})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWithoutMergeOp shows that the same files and the same configuration come
// out where the daemon can neither merge nor diff.
func TestWithoutMergeOp(t *testing.T) {
	h := house.New(t)
	// A step leaves its mount points behind; only a difference can leave them out.
	stubs := regexp.MustCompile(`(?m)^\S+ 0:0 \d+ /(dev|proc|sys)\n`)
	for _, s := range house.Cases(t) {
		t.Run(s.Name, func(t *testing.T) {
			attrs := map[string]string{"build-arg:BASE": h.Base}
			if len(s.Flags) == 2 && s.Flags[0] == "--target" {
				attrs["target"] = s.Flags[1]
			}
			if strings.Contains(s.Section("strata.yaml"), "changed: true") {
				err := h.InProcess(t, s.Dir, "chain/"+s.Name, attrs, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
					return frontend.Build(ctx, olderDaemon{Client: c, opts: withoutMerge})
				})
				if err == nil || !strings.Contains(err.Error(), "strata.yaml:5:35: take what target grown changes: BuildKit needs MergeOp and DiffOp for that") {
					t.Errorf("error %v", err)
				}
				return
			}
			inProcess(t, h, s.Dir, "chain/"+s.Name, withoutMerge, attrs)
			house.Validate(t, h, "chain/"+s.Name)
			got := house.Listing(t, house.Unpack(t, h, "chain/"+s.Name))
			if diff := cmp.Diff(stubs.ReplaceAllString(s.Section("want"), ""), stubs.ReplaceAllString(got, "")); diff != "" {
				t.Errorf("the files differ (-merged +chained):\n%s", diff)
			}
			if diff := cmp.Diff(s.Section("config"), house.ReadableConfig(t, h, "chain/"+s.Name)); diff != "" {
				t.Errorf("the configurations differ (-merged +chained):\n%s", diff)
			}
		})
	}
}

// TestDaemonsPlatform shows that a daemon's own platform is built when none is
// asked for, wherever the client runs.
func TestDaemonsPlatform(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\nlayers: [{files: [{dest: /a, content: {riscv64: r, amd64: x, arm64: a}}]}]\n")
	inProcess(t, h, dir, "riscv:1", func(o *gateway.BuildOpts) {
		o.Workers = []gateway.WorkerInfo{{Platforms: []ocispecs.Platform{{OS: "linux", Architecture: "riscv64"}}}}
	}, nil)
	config := house.Raw(t, h, "riscv:1", "--config")
	house.Want(t, "the platform", strings.Join([]string{config["os"].(string), config["architecture"].(string)}, "/"), "linux/riscv64")
}

// TestDerivationWithoutMergeOp puts the layers of a store one on the other.
func TestDerivationWithoutMergeOp(t *testing.T) {
	h, nix := house.New(t), testenv.Nix(t)
	dir := h.Project(t, "-- strata.yaml --\nfrom: "+h.Base+"\nlayers:\n  - derivation:\n      path: "+nix.App+"\n      store: {source: cache}\n      link: /usr/local\n")
	if err := os.CopyFS(filepath.Join(dir, "cache"), os.DirFS(filepath.Join(nix.Dir, "cache-zstd"))); err != nil {
		t.Fatal(err)
	}
	inProcess(t, h, dir, "chain/derivation", withoutMerge, nil)
	house.Validate(t, h, "chain/derivation")
	root := house.Unpack(t, h, "chain/derivation")
	for _, p := range nix.Paths {
		house.Want(t, p, testenv.NixHash(t, root+p), testenv.NixHash(t, p))
	}
	if _, err := os.Lstat(filepath.Join(root, "usr/local/bin/app")); err != nil {
		t.Error(err)
	}
}
