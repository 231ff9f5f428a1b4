// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// house is a daemon, a Debian base in a registry, and the step helper.
type house struct {
	client *client.Client
	base   string
	steps  fsutil.FS
	// said is what the steps of the last build printed.
	said string
}

// setUp are the packages that dpkg configured in the last build, in order.
func (h *house) setUp() []string {
	var out []string
	for line := range strings.SplitSeq(h.said, "\n") {
		if rest, ok := strings.CutPrefix(line, "Setting up "); ok {
			name, _, _ := strings.Cut(rest, " ")
			out = append(out, name)
		}
	}
	return out
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(testenv.Binary(t, "strata-step", ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "step"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	steps, err := fsutil.NewFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &house{client: testenv.Shared(t).Client(t), base: testenv.DebianBase(t), steps: steps}
}

// Tree is the base image, whatever else is asked for.
func (h *house) Tree(context.Context, plan.Tree) (bk.State, error) { return bk.Image(h.base), nil }

// lowerOn makes the graph of an image with layers on another base.
func (h *house) lowerOn(t *testing.T, from plan.Tree, actions ...plan.Action) bk.State {
	t.Helper()
	return h.lowerWith(t, h.options(), from, actions...)
}

func (h *house) options() llb.Options {
	return llb.Options{Sources: h, Step: func(string) (bk.State, string, error) {
		return bk.Local("step", bk.SharedKeyHint("strata-step")), "/step", nil
	}}
}

// lower makes the graph of an image with layers on the base.
func (h *house) lower(t *testing.T, chain bool, actions ...plan.Action) bk.State {
	t.Helper()
	o := h.options()
	o.Chain = chain
	return h.lowerWith(t, o, plan.Tree{Kind: plan.Registry, Name: h.base}, actions...)
}

func (h *house) lowerWith(t *testing.T, o llb.Options, from plan.Tree, actions ...plan.Action) bk.State {
	t.Helper()
	img := &plan.Image{Target: "default", Platform: "linux/" + runtime.GOARCH, From: from}
	for _, a := range actions {
		img.Layers = append(img.Layers, plan.Layer{Strategy: "packages", Words: "packages", Action: a})
	}
	res, err := llb.Lower(context.Background(), &plan.Plan{Platform: img.Platform, Images: []*plan.Image{img}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return res.State
}

// build solves a graph and hands its tree, as a tar archive, to a reader.
func (h *house) build(st bk.State, read func(io.Reader) error) error {
	def, err := st.Marshal(context.Background())
	if err != nil {
		return err
	}
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := read(from)
		_, _ = io.Copy(io.Discard, from)
		done <- err
	}()
	opt := client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"step": h.steps},
		Exports: []client.ExportEntry{{Type: client.ExporterTar, Output: func(map[string]string) (io.WriteCloser, error) {
			return to, nil
		}}},
	}
	log := &vertexLog{}
	status := make(chan *client.SolveStatus)
	logged := make(chan struct{})
	go func() { log.follow(status); close(logged) }()
	_, err = h.client.Solve(context.Background(), def, opt, status)
	<-logged
	h.said = log.text.String()
	_ = to.CloseWithError(err)
	if readErr := <-done; err == nil {
		err = readErr
	}
	if err != nil {
		return errors.New(err.Error() + "\n" + log.tail())
	}
	return nil
}

// vertexLog is what the steps print.
type vertexLog struct{ text strings.Builder }

func (l *vertexLog) follow(status chan *client.SolveStatus) {
	for s := range status {
		for _, line := range s.Logs {
			l.text.Write(line.Data)
		}
	}
}

func (l *vertexLog) tail() string {
	text := l.text.String()
	return text[max(0, len(text)-3000):]
}

// A verdict is the helper's.
type verdict struct {
	Installer, Why string
	Filters        []string
}

// verdict asks how packages get into the base.
func (h *house) verdict(t *testing.T, layers ...*plan.Unpack) (v verdict) {
	t.Helper()
	st, err := llb.Verdict(t.Context(), &plan.Plan{}, h.options(), "deb", bk.Image(h.base), layers)
	if err != nil {
		t.Fatal(err)
	}
	opt := client.SolveOpt{LocalMounts: map[string]fsutil.FS{"step": h.steps}}
	_, err = h.client.Build(context.Background(), opt, "", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		def, err := st.Marshal(ctx)
		if err != nil {
			return nil, err
		}
		res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
		if err != nil {
			return nil, err
		}
		data, err := res.Ref.ReadFile(ctx, gateway.ReadRequest{Filename: distro.VerdictFile})
		if err != nil {
			return nil, err
		}
		return gateway.NewResult(), json.Unmarshal(data, &v)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// archives are packages as a plan has them.
func archives(packages []testenv.DebianPackage) []plan.Archive {
	var out []plan.Archive
	for _, p := range packages {
		out = append(out, plan.Archive{Name: p.Name, Version: p.Version, Arch: p.Arch, URLs: []string{p.URL}, Digest: "sha256:" + p.SHA256, Size: p.Size})
	}
	return out
}

// grouped are the layers of packages that are unpacked and registered.
func grouped(all []plan.Archive, size int, names ...string) []plan.Action {
	var out []plan.Action
	for rest := all; len(rest) > 0; rest = rest[min(size, len(rest)):] {
		out = append(out, &plan.Unpack{Format: "deb", Archives: rest[:min(size, len(rest))]})
	}
	return append(out, &plan.Install{Format: "deb", Installer: plan.Register, Archives: all, Wanted: names})
}

// plain is the base after an apt-get that Strata has no part in. It gets files, and
// takes each for one that was asked for, so apt-mark tells it which ones were.
func (h *house) plain(all []plan.Archive, names ...string) bk.State {
	var along []string
	for _, a := range all {
		if !slices.Contains(names, a.Name) {
			along = append(along, a.Name)
		}
	}
	opts := []bk.RunOption{
		bk.Args([]string{"sh", "-ec", `
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
# What came along is automatic if it is new; what the base has stays as it is noted.
auto=
for name in $ALONG; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] && [ -z "$(apt-mark showauto "$name")" ] || auto="$auto $name"
done
apt-get install --yes --no-install-recommends /dev/debs/*.deb
[ -z "$auto" ] || apt-mark auto $auto
rm /usr/sbin/policy-rc.d`}),
		bk.Network(pb.NetMode_NONE),
		bk.AddEnv("DEBIAN_FRONTEND", "noninteractive"),
		bk.AddEnv("HOME", "/root"),
		bk.AddEnv("ALONG", strings.Join(along, " ")),
		bk.AddMount("/tmp", bk.Scratch(), bk.Tmpfs()),
	}
	for _, a := range all {
		st := bk.HTTP(a.URLs[0], bk.Checksum(digestOf(a)), bk.Filename("archive"), bk.Chmod(0o644), bk.Chown(0, 0))
		opts = append(opts, bk.AddMount("/dev/debs/"+a.Name+".deb", st, bk.SourcePath("archive"), bk.Readonly))
	}
	return bk.Image(h.base).Run(opts...).Root()
}

// ask runs commands in an image and gives what they print as the file /answer.
func (h *house) ask(st bk.State, commands ...string) bk.State {
	script := "exec >/out/answer 2>&1\n" + strings.Join(commands, "\n")
	return st.Run(bk.Args([]string{"sh", "-ec", script}), bk.Network(pb.NetMode_NONE)).AddMount("/out", bk.Scratch())
}
