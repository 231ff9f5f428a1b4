// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/frontend/fault"
)

const ones = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

// TestImage gives references ports that don't exist, and takes these away again.
func TestImage(t *testing.T) {
	for ref, want := range map[string]string{
		"busybox:1@" + ones:                    "docker.io:65536/library/busybox:1@" + ones,
		"127.0.0.1:5000/a/b@" + ones:           "127.0.0.1:70536/a/b@" + ones,
		"[::1]:5000/a@" + ones:                 "[::1]:70536/a@" + ones,
		"registry.example.org/a:1@" + ones:     "registry.example.org:65536/a:1@" + ones,
		"registry.example.org:65536/a@" + ones: "registry.example.org:65536/a@" + ones,
	} {
		at, pinned := image(ref)
		if at != want || !pinned {
			t.Errorf("%s: got %s, %v; want %s", ref, at, pinned, want)
		}
		again, _ := image(Image(at))
		if again != want {
			t.Errorf("%s: %s is %s outside, and then %s", ref, at, Image(at), again)
		}
	}
	for _, ref := range []string{"busybox", "busybox:1", "127.0.0.1:5000/a", "A:b c"} {
		if at, pinned := image(ref); pinned || at != ref {
			t.Errorf("%s, which has no digest, becomes %s", ref, at)
		}
	}
}

// TestFile makes addresses that Go refuses before it asks anyone, even a proxy.
func TestFile(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	for _, address := range []string{"http://example.org/a", "https://example.org:8443/a?b#c", "http:////example.org//a", "http://user:pass@example.org/"} {
		resp, err := http.Get(file(address)) //nolint:noctx // it is refused
		if err == nil {
			resp.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "no Host in request URL") {
			t.Errorf("%s: %v", file(address), err)
		}
	}
}

// marshal makes the definition of a state.
func marshal(t *testing.T, st bk.State) *pb.Definition {
	t.Helper()
	def, err := st.Marshal(t.Context(), bk.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	return def.ToPB()
}

// TestUnreachable changes what reaches out, and everything that depends on it, and still
// knows what it was.
func TestUnreachable(t *testing.T) {
	base := bk.Image("127.0.0.1:5000/a@" + ones)
	file := bk.HTTP("http://example.org/f", bk.Checksum(ones), bk.Filename("f"))
	git := bk.Git("https://example.org/r.git", "", bk.GitRef(strings.Repeat("a", 40)))
	run := base.Run(bk.Args([]string{"true"})).Root()
	quiet := base.Run(bk.Args([]string{"false"}), bk.Network(bk.NetModeNone)).Root()
	def := marshal(t, bk.Merge([]bk.State{file, git, run, quiet}))
	g, err := unreachable(def, false)
	if err != nil {
		t.Fatal(err)
	}
	var cut []string
	for name, what := range g.cut {
		cut = append(cut, what)
		if !slices.ContainsFunc(def.Def, func(dt []byte) bool { return digest.FromBytes(dt).String() == g.was[name] }) {
			t.Errorf("what was %s is not in the definition", what)
		}
	}
	slices.Sort(cut)
	if want := []string{"", "127.0.0.1:5000/a@" + ones, "http://example.org/f", "https://example.org/r.git#" + strings.Repeat("a", 40)}; !slices.Equal(cut, want) {
		t.Errorf("got %q, want %q", cut, want)
	}
	for i, dt := range g.def.Def {
		if text := string(dt); strings.Contains(text, "example.org:") || strings.Contains(text, "https://example.org") {
			t.Errorf("operation %d reaches out: %q", i, text)
		}
	}
	for name := range g.def.Metadata {
		if !slices.ContainsFunc(g.def.Def, func(dt []byte) bool { return digest.FromBytes(dt).String() == name }) {
			t.Errorf("there is metadata of %s, which is not an operation", name)
		}
	}
	var last pb.Op
	if err := last.UnmarshalVT(g.def.Def[len(g.def.Def)-1]); err != nil || !slices.ContainsFunc(g.def.Def, func(dt []byte) bool { return digest.FromBytes(dt).String() == last.Inputs[0].Digest }) {
		t.Errorf("the last operation has no input any more: %v", err)
	}
	for name, what := range g.cut {
		err := g.explain(errdefs.WrapVertex(errors.New("failed"), digest.Digest(name)))
		if u := fault.AsUncached(err); u == nil || u.What != what {
			t.Errorf("the failure of %q is %v", what, err)
		}
	}
	if err := g.explain(errors.New("get http://127.0.0.1:70536/v2/a/blobs/" + ones)); fault.AsUncached(err) == nil {
		t.Errorf("a layer that isn't there is %v", err)
	}
}

// TestUnpinned finds what no cache can have.
func TestUnpinned(t *testing.T) {
	commit := strings.Repeat("a", 40)
	for what, st := range map[string]bk.State{
		"docker.io/library/busybox:latest": bk.Image("busybox"),
		"http://example.org/f":             bk.HTTP("http://example.org/f"),
		"https://example.org/r.git#main":   bk.Git("https://example.org/r.git", "", bk.GitRef("main")),
	} {
		if u := fault.AsUncached(unpinned(marshal(t, st))); u == nil || !u.Unpinned || u.What != what {
			t.Errorf("%s: got %v", what, u)
		}
	}
	for _, st := range []bk.State{
		bk.Image("busybox@" + ones), bk.HTTP("http://example.org/f", bk.Checksum(ones)), bk.Local("context"),
		bk.HTTP("http://buildkit-session/a", bk.Filename("context")),
		bk.Git("https://example.org/r.git", "", bk.GitRef(commit)),
		bk.Git("https://example.org/r.git", "", bk.GitRef("refs/heads/main"), bk.GitChecksum(commit), bk.GitFetchByCommit()),
	} {
		if err := unpinned(marshal(t, st)); err != nil {
			t.Errorf("something pinned is not: %v", err)
		}
	}
}

// TestUpload leaves an archive on the standard input of the client where it is.
func TestUpload(t *testing.T) {
	def := marshal(t, bk.Scratch().File(bk.Copy(bk.HTTP("http://buildkit-session/a", bk.Filename("context")), "/context", "/")))
	g, err := unreachable(def, false)
	if err != nil || len(g.cut) > 0 {
		t.Errorf("cut off is %q, %v", g.cut, err)
	}
}

// lacking is a daemon that has no image.
type lacking struct{ client.Client }

var errNoManifest = errors.New("there is no such blob")

func (lacking) ResolveImageConfig(context.Context, string, sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return "", "", nil, errNoManifest
}

// TestLayout says of an image in a layout of the client what the daemon says: it isn't in any
// cache, and need not be.
func TestLayout(t *testing.T) {
	c := Client(lacking{})
	ask := func(opt sourceresolver.Opt) error {
		_, _, _, err := c.ResolveImageConfig(t.Context(), "example.org/base@"+ones, opt)
		return err
	}
	if err := ask(sourceresolver.Opt{OCILayoutOpt: &sourceresolver.ResolveOCILayoutOpt{}}); fault.AsUncached(err) != nil || !errors.Is(err, errNoManifest) {
		t.Errorf("of a layout: %v", err)
	}
	if err := ask(sourceresolver.Opt{}); fault.AsUncached(err) == nil {
		t.Errorf("of a registry: %v", err)
	}
}
