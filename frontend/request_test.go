// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// TestCaps answers for what dockerui can do, and the image's label says the same: a daemon
// holds requests to that before the frontend runs.
func TestCaps(t *testing.T) {
	data, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if label := `caps="` + strings.Join(knownCaps(), ",") + `"`; !strings.Contains(string(data), label) {
		t.Errorf("the Dockerfile has no label %s", label)
	}
	for wanted, want := range map[string]bool{
		"": true, "moby.buildkit.frontend.contexts+forward,moby.buildkit.frontend.subrequests+forward": true,
		"moby.buildkit.frontend.contexts.zstd": true, "moby.buildkit.frontend.contexts.rar+forward": false,
	} {
		if err := checkCaps(wanted); (err == nil) != want {
			t.Errorf("%q: %v", wanted, err)
		}
	}
}

// TestEpoch refuses times that files can't have, as milliseconds come to.
func TestEpoch(t *testing.T) {
	for text, want := range map[string]string{
		"0": "", "1700000000": "", "-1": "", "9223372036": "",
		"1700000000000": "in the year 55840", "9999999999": "in the year 2286", "-9223372037": "in the year 1677", "1.5": "want seconds",
	} {
		epoch, err := parseEpoch(text)
		if want == "" && (err != nil || strconv.FormatInt(epoch.UnixNano()/1e9, 10) != text) {
			t.Errorf("%s is %v, %v", text, epoch, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestNamedScanner finds out whether a request names the scanner of SBOMs, by either name
// that attestations have.
func TestNamedScanner(t *testing.T) {
	for key, want := range map[string]bool{"attest:sbom": true, "build-arg:BUILDKIT_ATTEST_SBOM": true, "attest:provenance": false, "build-arg:SBOM": false} {
		if got := namesScanner(map[string]string{key: "type=sbom,generator=example.org/scan"}); got != want {
			t.Errorf("%s: a scanner is named: %t", key, got)
		}
	}
	if namesScanner(map[string]string{"attest:sbom": "type=sbom"}) {
		t.Error("no scanner is named")
	}
}

// optionsOf is a client that asks with options.
type optionsOf struct {
	client.Client
	opts map[string]string
}

func (o optionsOf) BuildOpts() client.BuildOpts { return client.BuildOpts{Opts: o.opts} }

// TestOnePlatformWanted refuses platforms of the build file where one image is asked for.
func TestOnePlatformWanted(t *testing.T) {
	for text, want := range map[string]bool{"platforms: [amd64, arm64]\n": false, "platforms: [arm64]\n": true} {
		s, err := spec.Parse("strata.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		by := optionsOf{opts: map[string]string{"multi-platform": "false"}}
		r := &request{daemon: &source.Daemon{Client: by, UI: &dockerui.Client{}, Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}}
		if err := takePlatforms(r, s); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// besideFiles is a client whose directory has the files of those names.
type besideFiles struct {
	client.Client
	client.Reference
	names []string
}

func (b besideFiles) Solve(context.Context, client.SolveRequest) (*client.Result, error) {
	res := client.NewResult()
	res.SetRef(b)
	return res, nil
}

func (b besideFiles) StatFile(_ context.Context, req client.StatRequest) (*fstypes.Stat, error) {
	if !slices.Contains(b.names, req.Path) {
		return nil, fs.ErrNotExist
	}
	return &fstypes.Stat{}, nil
}

// TestIgnoreFile names the ignore file that dockerui takes.
func TestIgnoreFile(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{{nil, ".dockerignore"}, {[]string{"deploy/app.yaml.dockerignore"}, "app.yaml.dockerignore"}} {
		by := &withLock{Client: besideFiles{names: c.names}, buildFile: "deploy/app.yaml"}
		if _, err := by.Solve(t.Context(), client.SolveRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := by.ignoreFile(); got != c.want {
			t.Errorf("beside %q it is %s", c.names, got)
		}
	}
}

// TestLacksArgument doesn't take an argument that need not be given for why a target can't
// be planned.
func TestLacksArgument(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte("args: {A: null, B: {optional: true}, C: c}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		given map[string]string
		want  bool
	}{{nil, true}, {map[string]string{"A": "a"}, false}} {
		if got := lacksArgument(s, strategy.Request{BuildArgs: c.given}); got != c.want {
			t.Errorf("with %v: %t", c.given, got)
		}
	}
}
