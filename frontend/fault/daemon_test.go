// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// TestDaemonsSentences makes a daemon say each sentence that this package reads. When
// a release of BuildKit changes one, this fails and not someone's build.
func TestDaemonsSentences(t *testing.T) {
	web := testenv.FileServer(t, map[string][]byte{"/tool": []byte("tool\n"), "/other": []byte("other\n"), "/twice": []byte("twice\n")})
	short := breaking(t)
	closed := unused(t)
	got := digest.Digest(web.Digest("/tool"))
	inDaemon(t, func(ctx context.Context, c gateway.Client) {
		for _, tc := range []struct {
			name string
			st   bk.State
			want *Fetch
		}{
			{"missing", bk.HTTP(web.URL + "/nothing"), &Fetch{URL: web.URL + "/nothing", Status: 404}},
			{"other content", bk.HTTP(web.URL+"/tool", bk.Checksum(twos)), &Fetch{URL: web.URL + "/tool", Got: got, Want: twos}},
			{"other content, copied", copied(bk.HTTP(web.URL+"/tool", bk.Checksum(ones), bk.Filename("x")), "/x"), &Fetch{URL: web.URL + "/tool", Got: got, Want: ones}},
			{"not there", bk.HTTP(closed + "/tool"), &Fetch{URL: closed + "/tool"}},
			{"broken off", bk.HTTP(short + "/tool"), &Fetch{URL: short + "/tool"}},
		} {
			failure := solve(ctx, t, c, tc.st)
			if diff := cmp.Diff(tc.want, AsFetch(failure), cmpopts.IgnoreUnexported(Fetch{})); diff != "" {
				t.Errorf("%s: the daemon says %v (-want +got):\n%s", tc.name, failure, diff)
			}
		}
		// What a build has of an address already, it compares before it asks.
		if err := solve(ctx, t, c, bk.HTTP(web.URL+"/twice")); err != nil {
			t.Error(err)
		}
		failure := solve(ctx, t, c, bk.HTTP(web.URL+"/twice", bk.Checksum(twos)))
		if f := AsFetch(failure); f == nil || f.URL != web.URL+"/twice" || f.Got.String() != web.Digest("/twice") || f.Want != twos {
			t.Errorf("the same address with a checksum: the daemon says %v, which becomes %+v", failure, f)
		}
		missing(ctx, t, c, bk.HTTP(web.URL+"/other", bk.Filename("other")))
	})
}

// missing looks for what isn't there in a tree that has nothing but "other".
func missing(ctx context.Context, t *testing.T, c gateway.Client, st bk.State) {
	t.Helper()
	failure := solve(ctx, t, c, copied(st, "/no/such"))
	if path, ok := missingPath(failure); !ok || path != "/no/such" {
		t.Errorf("a copy of what isn't there: %v, which names %q", failure, path)
	}
	if failure := solve(ctx, t, c, copied(st, "/x*")); !IsNotFound(failure) {
		t.Errorf("a pattern that matches nothing: %v", failure)
	}
	def, err := st.Marshal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB()})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := res.SingleRef()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ref.ReadFile(ctx, gateway.ReadRequest{Filename: "/none"}); !errors.Is(NotExist(err), fs.ErrNotExist) {
		t.Errorf("read what isn't there: %v", err)
	}
	if _, err := ref.ReadDir(ctx, gateway.ReadDirRequest{Path: "/none"}); !errors.Is(NotExist(err), fs.ErrNotExist) {
		t.Errorf("list what isn't there: %v", err)
	}
	if _, err := c.Solve(ctx, gateway.SolveRequest{Frontend: "none.v0"}); !LacksFrontend(err, "none.v0") {
		t.Errorf("ask a frontend that isn't there: %v", err)
	}
}

// inDaemon runs a build function in a daemon.
func inDaemon(t *testing.T, do func(context.Context, gateway.Client)) {
	t.Helper()
	_, err := testenv.Shared(t).Client(t).Build(t.Context(), client.SolveOpt{}, "", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		do(ctx, c)
		return gateway.NewResult(), nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// solve makes a state, and returns the failure as a build has it.
func solve(ctx context.Context, t *testing.T, c gateway.Client, st bk.State) error {
	t.Helper()
	def, err := st.Marshal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	return OfGraph(err, def)
}

func copied(st bk.State, path string) bk.State {
	return bk.Scratch().File(bk.Copy(st, path, "/", &bk.CopyInfo{AllowWildcard: true}))
}

// breaking is a server that ends each answer before its end.
func breaking(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("not all of it"))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// unused is an address that no server listens at.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}
