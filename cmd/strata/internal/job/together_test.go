// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/cmd/strata/internal/connect"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/flags"
)

// layout writes an OCI layout with one image, which nothing is known of but its name.
func layout(t *testing.T, tag string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := `{"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2,
		"digest": "sha256:` + strings.Repeat("a", 64) + `", "annotations": {"org.opencontainers.image.ref.name": "` + tag + `"}}]}`
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTogetherImages shows that the one request for several targets has the images of
// layouts that any of them names.
func TestTogetherImages(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, frontend.DefaultFile), []byte("from: context:base\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	term, o := parse(t, nil, dir, "--build-context", "base=oci-layout://"+layout(t, "1")+":1")
	b := &batch{names: []string{"one", "two"}}
	node := &connect.Node{}
	for _, name := range b.names {
		j, err := newJob(t.Context(), term, o.forTarget(name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = j.close() }()
		j.parts = []part{{node: node, opt: j.solveOpt}}
		b.jobs = append(b.jobs, j)
	}
	nodes := b.byNode()
	if len(nodes) != 1 || len(nodes[0].all) != 2 {
		t.Fatalf("there are %d nodes", len(nodes))
	}
	for _, r := range nodes[0].all {
		id, _, _ := strings.Cut(strings.TrimPrefix(r.attrs["context:base"], "oci-layout://"), "@")
		if nodes[0].opt.OCIStores[id] == nil {
			t.Errorf("target %s names an image in %q, which the request doesn't have", r.target, id)
		}
	}
}

// TestLayoutTag takes the only image of a layout unless a tag is asked for that it doesn't
// have.
func TestLayoutTag(t *testing.T) {
	for _, c := range []struct {
		has, asked string
		ok         bool
	}{
		{"1", "1", true}, {"1", "", true}, {"1", "2", false}, {"", "2", true}, {"example.org/app:1", "1", true}, {"example.org/app:1", "2", false},
	} {
		_, err := layoutDigest(flags.Layout{Path: layout(t, c.has), Tag: c.asked})
		if (err == nil) != c.ok {
			t.Errorf("the image %q, asked for as %q: %v", c.has, c.asked, err)
		}
	}
}
