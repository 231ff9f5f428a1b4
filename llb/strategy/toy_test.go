// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// toy is a package system that Strata doesn't have. A base of it has /etc/toy, the
// address of an archive, whose index has a line for each package: its name, its
// version, its file's size and digest, and what it needs.
type toy struct{}

var (
	_ distro.System   = toy{}
	_ distro.Archives = toy{}
	_ distro.Steps    = toy{}
)

func (toy) Facts() distro.Facts {
	return distro.Facts{Type: "toy", Name: "toybox", Patterns: []string{"etc/toy"}, Divides: true}
}

func (toy) Detect(ctx context.Context, base tree.Tree) (bool, error) {
	return distro.HasFile(ctx, base, "/etc/toy")
}

func (toy) Repositories([]*distro.Source) ([]distro.Repository, error) { return nil, nil }

func (toy) Addresses(r distro.Repository) []string {
	return append(slices.Clone(r.URIs), "https://mirror.example.org")
}

// CheckName takes any name.
func (toy) CheckName(string) error { return nil }

func (toy) Resolve(ctx context.Context, r distro.Request) (*distro.Solution, error) {
	address, err := r.Base.ReadFile(ctx, "/etc/toy")
	if err != nil {
		return nil, err
	}
	uris, err := distro.ParseAddresses(strings.TrimSpace(string(address)))
	if err != nil {
		return nil, err
	}
	index := r.Fetch.Fetch(ctx, []fetch.Request{{Name: "load the index", URLs: []string{uris[0] + "/index"}}})[0]
	if index.Err != nil {
		return nil, fmt.Errorf("read the index: %w", index.Err)
	}
	known := map[string][]string{}
	for line := range strings.Lines(string(index.Data)) {
		f := strings.Fields(line)
		known[f[0]] = f
	}
	out := &distro.Solution{Repositories: []distro.Repository{{ID: "toys", URIs: uris, Distribution: "toyland-1"}}}
	seen := map[string]bool{}
	for layer, names := range r.Layers {
		for queue := slices.Clone(names); len(queue) > 0; queue = queue[1:] {
			name := queue[0]
			f := known[name]
			if f == nil {
				return nil, &distro.Error{Name: name, Err: fmt.Errorf("there is no toy %s", name)}
			}
			if seen[name] {
				continue
			}
			seen[name] = true
			size, err := strconv.ParseInt(f[2], 10, 64)
			if err != nil {
				return nil, err
			}
			out.Packages = append(out.Packages, distro.Package{
				Name: name, Version: f[1], Arch: "any", Repository: "toys", Path: name + ".toy", Size: size, SHA256: f[3], Layer: layer,
			})
			queue = append(queue, f[4:]...)
		}
	}
	return out, nil
}

func (toy) Unpack(u distro.Unpack) []string {
	return append([]string{"unpack-toy", u.Archives, u.Meta}, u.Outs...)
}

func (toy) Check(distro.Check) []string { return nil }

func (toy) Install(i distro.Install) (*distro.InstallStep, error) {
	return &distro.InstallStep{Args: []string{"install-toy", string(i.Installer), i.Metas}, NeedsMetas: true, RunsImage: true, Memory: []string{"/tmp"}}, nil
}

const toyIndex = "train 2 100 1111111111111111111111111111111111111111111111111111111111111111 track\n" +
	"track 1 9000000 2222222222222222222222222222222222222222222222222222222222222222\n"

const toyFile = "from: base\nlayers:\n  - packages: [train]\n"

// TestToySystem plans, locks, plans from the lock and lowers packages of a system that
// this file alone has: nothing else need know of it.
func TestToySystem(t *testing.T) {
	r := withBase(t, toyFile, someFiles{"/etc/toy": "https://toys.example.org\n"})
	r.Systems = []distro.System{toy{}}
	r.Fetch = served{"https://toys.example.org/index": toyIndex}
	locked := &lock.File{}
	r.Lock.Name, r.Lock.Renew = "strata.lock", true
	r.Lock.Store = func(target string, p lock.Platform, repositories []lock.Repository) {
		locked.Set(target, p)
		for _, repo := range repositories {
			locked.SetRepository(repo)
		}
	}
	first := mustPlan(t, r)
	if got := locked.Repository("toys"); got == nil || got.Type != "toy" || got.Distribution != "toyland-1" {
		t.Errorf("the lock has the repository %+v", got)
	}
	r.Fetch, r.Looker, r.Lock.Renew, r.Lock.Store, r.Lock.File = nil, nil, false, nil, locked
	again := mustPlan(t, r)
	if diff := cmp.Diff(first.Images[0].Layers, again.Images[0].Layers); diff != "" {
		t.Errorf("the lock gives another plan (-resolved +locked):\n%s", diff)
	}
	var made []string
	for _, m := range first.Images[0].Made() {
		made = append(made, m.Words())
	}
	want := []string{"packages train", "packages track", "packages track, part 2", "packages: install train"}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("unexpected layers (-want +got):\n%s", diff)
	}
	graph := lowered(t, first, r.Systems)
	for _, want := range []string{
		`exec ["/dev/.strata/helper/step" "unpack-toy" "/d" "/meta" "/out" "/out1"]`,
		`exec ["/dev/.strata/helper/step" "install-toy" "register" "/dev/.strata/meta"]`,
		"mount /d/1111111111111111.toy from",
		"source https://toys.example.org/train.toy ",
		"mount /tmp from scratch tmpfs",
	} {
		if !strings.Contains(graph, want) {
			t.Errorf("the graph lacks %s:\n%s", want, graph)
		}
	}
}

// TestToyFaults shows that a system's errors get their places without its knowing of
// any.
func TestToyFaults(t *testing.T) {
	for _, c := range []struct{ name, text, address, index, want string }{
		{
			"unknown package", "from: base\nlayers:\n  - packages: [train, trian]\n", "https://toys.example.org", toyIndex,
			"strata.yaml:3:23: there is no toy trian",
		},
		{"no index", toyFile, "https://nowhere.example.org", toyIndex, "strata.yaml:3:15: read the index: not found"},
		{
			"no address", toyFile, "toys", toyIndex,
			`strata.yaml:3:15: "toys" is not an http or https address, and packages come from nowhere else`,
		},
		{
			"another base", toyFile, "", toyIndex,
			"strata.yaml:3:15: the base has no package database that Strata knows (toybox); say with `repositories` where packages come from",
		},
	} {
		base := someFiles{}
		if c.address != "" {
			base["/etc/toy"] = c.address
		}
		r := withBase(t, c.text, base)
		r.Systems = []distro.System{toy{}}
		r.Fetch = served{"https://toys.example.org/index": c.index}
		if _, err := planOf(r); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v\nwant %s", c.name, err, c.want)
		}
	}
}

// images gives every image as a source.
type images struct{}

func (images) Tree(_ context.Context, t plan.Tree) (bk.State, error) { return bk.Image(t.Name), nil }

// lowered is the graph of a plan in words.
func lowered(t *testing.T, p *plan.Plan, systems []distro.System) string {
	t.Helper()
	result, err := llb.Lower(context.Background(), p, llb.Options{
		Sources: images{}, Systems: systems,
		Step: func(string) (bk.State, string, error) { return bk.Local("step"), "step", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	def, err := result.State.Marshal(context.Background(), bk.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := llb.Dump(&text, def); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
