// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"errors"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerui"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// world is a fault.World of files, and of a server that refuses some addresses.
type world struct {
	files, ignored []string
	refuses        map[string]int
}

func (w world) Status(_ context.Context, url string) int { return w.refuses[url] }

func (w world) List(_ context.Context, t plan.Tree, ignored bool) Lister {
	if t.Kind != plan.Main {
		return nil
	}
	all := w.files
	if ignored {
		all = append(all[:len(all):len(all)], w.ignored...)
	}
	return func(dir string) ([]*fstypes.Stat, error) {
		var out []*fstypes.Stat
		for _, file := range all {
			for parent, mode := path.Dir(file), os.FileMode(0o644); ; parent, mode = path.Dir(parent), os.ModeDir {
				if strings.Trim(parent, ".") == dir {
					out = append(out, &fstypes.Stat{Path: file, Mode: uint32(mode)})
				}
				if parent == "." {
					break
				}
				file = parent
			}
		}
		return out, nil
	}
}

func (world) Unpack(context.Context, *plan.Plan, *plan.Image, *plan.Entry) ([]byte, error) {
	return []byte("it isn't whole"), nil
}

func (world) Report(context.Context, *plan.Plan, *plan.Image, *plan.Layer) ([]byte, error) {
	return []byte("unpack p: it has another hash"), nil
}

// explainer explains failures of a plan with one layer of each kind.
func explainer(t *testing.T, w world) *Explainer {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte("from: scratch\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) spec.Pos { return spec.Pos{Line: line, Column: column} }
	return &Explainer{
		File: &File{
			Source:     &dockerui.Source{},
			Dockerfile: func(string) (spec.Pos, bool) { return spec.Pos{}, false },
		},
		Spec: s, World: w,
		Plan: &plan.Plan{Images: []*plan.Image{{Layers: []plan.Layer{
			{Action: &plan.Unpack{Archives: []plan.Archive{{Name: "hello", Version: "1", URLs: []string{"http://a/hello"}, Digest: twos, Pos: at(3, 15)}}}},
			{Action: &plan.Store{Range: spec.Range{Start: at(4, 5)}, Items: []plan.StorePath{{Name: "p", URL: "http://cache/p", Digest: ones}}}},
			{Action: &plan.Files{Entries: []plan.Entry{
				{Copy: &plan.Copy{From: plan.Tree{Kind: plan.Main}, Path: "/conf/app.yaml", Pos: at(6, 26)}},
				{HTTP: &plan.HTTP{URL: "http://files/tool", Pos: at(7, 23), ChecksumPos: at(7, 50)}},
			}}},
		}}}},
	}
}

// TestExplain puts each failure of a server, and a missing file, into words.
func TestExplain(t *testing.T) {
	const mismatch = "digest mismatch " + ones + ": " + twos
	for _, tc := range []struct {
		name, text, url string
		world           world
		want            string
	}{
		{"package gone", "invalid response status 404", "http://a/hello", world{}, `strata.yaml:3:15: fetch hello 1: http://a/hello does not have it any more; run "strata lock --update", or give a mirror that keeps it`},
		{"package refused", "invalid response status 503", "http://a/hello", world{}, "strata.yaml:3:15: fetch hello 1: http://a/hello answers with status 503"},
		{"another package", mismatch, "http://a/hello", world{}, "strata.yaml:3:15: fetch hello 1 from http://a/hello: it is not what it should be: it has " + ones + ", and not " + twos},
		{"a page", mismatch, "http://a/hello", world{refuses: map[string]int{"http://a/hello": 500}}, "strata.yaml:3:15: fetch hello 1: http://a/hello answers with status 500"},
		{"no connection", "dial tcp: refused", "http://a/hello", world{}, "strata.yaml:3:15: fetch hello 1 from http://a/hello: dial tcp: refused"},
		{"no cache", "dial tcp: refused", "http://cache/p", world{}, "strata.yaml:4:5: derivation: fetch p from http://cache/p: dial tcp: refused"},
		{"cache refuses", "invalid response status 401", "http://cache/p", world{}, "strata.yaml:4:5: derivation: fetch p: http://cache/p answers with status 401"},
		{"another path", "digest mismatch " + twos + ": " + ones, "http://cache/p", world{}, "strata.yaml:4:5: derivation: unpack p: http://cache/p is not what the cache announced"},
		{"missing", `failed to calculate checksum of ref x: "/conf/app.yaml": not found`, "", world{files: []string{"conf/apps.yaml"}}, `strata.yaml:6:26: there is no "conf/app.yaml" in the build context; did you mean "conf/apps.yaml"?`},
		{"ignored", `failed to calculate checksum of ref x: "/conf/app.yaml": not found`, "", world{ignored: []string{"conf/app.yaml"}}, `strata.yaml:6:26: there is no "conf/app.yaml" in the build context; it is in the directory, but .dockerignore leaves it out`},
		{"something else", "the disk is full", "", world{}, "the disk is full"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := OfAddress(errors.New(tc.text), tc.url)
			if got := explainer(t, tc.world).Explain(t.Context(), err); got.Error() != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestLost says what to do when BuildKit has lost a step, wherever that is noticed.
func TestLost(t *testing.T) {
	for text, want := range map[string]bool{
		"failed to compute cache key: failed to get state for index 0 on put files":             true,
		"failed to get edge: inconsistent graph state in edge put files sha256:1234 0":          true,
		"failed to compute cache key: failed to calculate checksum of ref x: \"/a\": not found": false,
	} {
		err := explainer(t, world{}).File.Locate(errors.New(text))
		if got := strings.HasSuffix(err.Error(), lostWords); got != want || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("%s", err)
		}
	}
}

// TestLockedFileWithLogin has a file that is not what the lock says, at an address with a login.
func TestLockedFileWithLogin(t *testing.T) {
	e := &Explainer{Spec: &spec.Spec{File: "strata.yaml"}}
	for url, want := range map[string]string{
		"https://example.org/x":            `https://example.org/x is not what strata.lock says: it has ` + ones + `; if that is right, run "strata lock --update https://example.org/x"`,
		"https://ann:secret@example.org/x": `https://…@example.org/x is not what strata.lock says: it has ` + ones + `; if that is right, run "strata lock --update"`,
	} {
		err := e.fileFault(&Fetch{URL: url, Got: ones, Want: twos}, &plan.HTTP{URL: url, Lock: "strata.lock"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

// TestIgnoredByOwn names the build file's own ignore file where that is the one that counts.
func TestIgnoredByOwn(t *testing.T) {
	e := explainer(t, world{ignored: []string{"conf/app.yaml"}})
	e.IgnoreFile = func() string { return "app.yaml.dockerignore" }
	got := e.Explain(t.Context(), errors.New(`failed to calculate checksum of ref x: "/conf/app.yaml": not found`))
	if !strings.HasSuffix(got.Error(), "it is in the directory, but app.yaml.dockerignore leaves it out") {
		t.Error(got)
	}
}
