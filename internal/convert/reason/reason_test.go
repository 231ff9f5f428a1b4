// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package reason_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/reason"
	"github.com/strata-build/strata/internal/image/diff"
)

// compared is a comparison with a difference of each kind.
func compared() *diff.Result {
	file := func(path, aspect string, a, b diff.State) diff.File {
		return diff.File{Path: path, Change: "changed", Aspects: []string{aspect}, A: &a, B: &b}
	}
	return &diff.Result{Platforms: []diff.Platform{{
		Platform: "linux/amd64",
		Layers:   []diff.Layer{{Only: "a"}},
		Manifest: []diff.Value{{Path: "annotations.org.opencontainers.image.created", A: "x"}},
		Config: []diff.Value{
			{Path: "created", A: "x"},
			{Path: "history[0].created_by", A: "x"},
			{Path: "config.Env[0]", A: "A=1", B: "B=2"},
			{Path: "config.Env[1]", A: "B=2", B: "A=1"},
			{Path: "config.Env[2]", B: "C=3"},
			{Path: "config.User", A: "app"},
			{Path: "config.WorkingDir", A: "/"},
		},
		Files: []diff.File{
			file("/app/config", "mode", diff.State{Type: "file", Mode: "0664"}, diff.State{Type: "file", Mode: "0644"}),
			file("/app/secret", "mode", diff.State{Type: "file", Mode: "0600"}, diff.State{Type: "file", Mode: "0640"}),
			file("/app/run", "mode", diff.State{Type: "file", Mode: "0700"}, diff.State{Type: "file", Mode: "0755"}),
			file("/app", "owner", diff.State{Type: "directory", UID: 5}, diff.State{Type: "directory"}),
			file("/app/x", "owner", diff.State{Type: "file", UID: 5}, diff.State{Type: "file"}),
			{Path: "/var/lib/apt/lists/x", Change: "removed", A: &diff.State{Type: "file"}},
			{Path: "/go/pkg/mod/x", Change: "removed", A: &diff.State{Type: "file"}},
			{Path: "/go/pkg/modules", Change: "removed", A: &diff.State{Type: "file"}},
			{Path: "/etc/passwd", Change: "changed", Aspects: []string{"content"}, A: &diff.State{Type: "file"}, B: &diff.State{Type: "file"}},
			{Path: "/home/app/.profile", Change: "removed", A: &diff.State{Type: "file"}},
			{Path: "/home/app/data", Change: "removed", A: &diff.State{Type: "file"}},
			{Path: "/etc/ca-certificates.conf", Change: "changed", Aspects: []string{"content"}, A: &diff.State{Type: "file", Size: 5}, B: &diff.State{Type: "file", Size: 5}},
			{Path: "/etc/ssl/certs/ca-certificates.crt", Change: "changed", Aspects: []string{"content"}, A: &diff.State{Type: "file", Size: 5}, B: &diff.State{Type: "file", Size: 6}},
			{Path: "/usr/lib/x.pyc", Change: "changed", Aspects: []string{"content"}, A: &diff.State{Type: "file"}, B: &diff.State{Type: "file"}},
		},
	}}}
}

func TestReasons(t *testing.T) {
	r := compared()
	reason.Drop(r)
	f := &draft.File{Main: draft.Target{From: "debian", Users: []draft.User{{Name: "app"}}, Layers: []draft.Layer{
		{Packages: &draft.Packages{Names: []string{"jq"}}}, {Build: &draft.Build{Cache: []draft.Cache{{Target: "/go/pkg/mod"}}}},
	}}}
	got := map[string][]string{}
	for _, one := range reason.Of(r, f) {
		text := one.Text
		if len(text) > 24 {
			text = text[:24]
		}
		got[text] = one.What
	}
	want := map[string][]string{
		"the order of variables s": {"config.Env"},
		"a container without a wo": {"config.WorkingDir"},
		"COPY takes files' modes ": {"/app/config", "/app/run"},
		"directories above what i": {"/app"},
		"the tools for packages k": {"/var/lib/apt/lists/x"},
		"/go/pkg/mod is a cache o": {"/go/pkg/mod/x"},
		"accounts are entered wit": {"/etc/passwd", "/home/app/.profile"},
		"scripts of packages see ": {"/etc/ca-certificates.conf"},
		"what Python compiled has": {"/usr/lib/x.pyc"},
		"":                         {"config.User", "the variable C", "/app/secret", "/app/x", "/go/pkg/modules", "/home/app/data", "/etc/ssl/certs/ca-certificates.crt"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("reasons (-want +got):\n%s", d)
	}
}

// TestNothingToSay holds that what a build file without packages and caches doesn't
// explain is left to be looked at.
func TestNothingToSay(t *testing.T) {
	r := compared()
	reason.Drop(r)
	all := reason.Of(r, &draft.File{Main: draft.Target{From: "debian"}})
	last := all[len(all)-1]
	for _, path := range []string{"/var/lib/apt/lists/x", "/go/pkg/mod/x", "/etc/passwd", "/home/app/.profile", "/etc/ca-certificates.conf"} {
		found := false
		for _, what := range last.What {
			found = found || what == path
		}
		if last.Text != "" || !found {
			t.Errorf("%s has a reason: %v", path, all)
		}
	}
}
