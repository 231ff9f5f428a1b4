// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// TestNamedDir takes files from a second directory, with an ignore file of its
// own.
func TestNamedDir(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /, from: context:more, source: .}]
-- more/a --
-- more/b.log --
-- more/.dockerignore --
*.log
`)
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, flags(dir, "--build-context", "more="+filepath.Join(dir, "more"))...)
		want(t, "the context", names(t, out), ".dockerignore a")
	})
}

// TestNamedImage takes an image as a context, and one in the place of a
// reference that the build file has.
func TestNamedImage(t *testing.T) {
	h := newHouse(t)
	other := testenv.BusyboxImage(t, h.registry, "other:2", testenv.BusyboxTweaks{
		Release: "2\n",
		Config:  func(c *v1.Config) { c.Labels = map[string]string{"other": "yes"} },
	})
	dir := h.project(t, `
-- strata.yaml --
{syntax}
from: registry.example.org/never/there:1
layers:
  - files: [{dest: /copied, from: context:more, source: /usr/lib/release}]
  - build: {from: "registry.example.org/never/there:1", run: cp /usr/lib/release $out/ran}
`)
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir,
			"--build-context", "registry.example.org/never/there:1=docker-image://"+other,
			"--build-context", "more=docker-image://"+h.base)...)
		root := unpack(t, h, name)
		want(t, "/copied", read(t, root, "copied"), "1\n")
		want(t, "/ran", read(t, root, "ran"), "2\n")
		want(t, "the base's release", read(t, root, "usr/lib/release"), "2\n")
		want(t, "the label", dig(raw(t, h, name, "--config"), "config", "Labels", "other").(string), "yes")
	})
}

// TestNamedLayout builds on an OCI layout. No registry has that image.
func TestNamedLayout(t *testing.T) {
	h := newHouse(t)
	own := testenv.NewRegistry(t, testenv.RegistryOptions{})
	testenv.BusyboxImage(t, own, "base:1", testenv.BusyboxTweaks{
		Release: "layout\n",
		Config:  func(c *v1.Config) { c.Env = append(c.Env, "LAYOUT=yes") },
	})
	layout := testenv.PullLayout(t, own, "base:1").Dir
	dir := h.project(t, `
-- strata.yaml --
{syntax}
from: context:base
layers:
  - files: [{dest: /bin/file, content: a}]
  - build: {run: cp /usr/lib/release $out/ran}
  - build: {run: "echo $LAYOUT > /env"}
`)
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir, "--build-context", "base=oci-layout://"+layout)...)
		validate(t, h, name)
		root := unpack(t, h, name)
		want(t, "/ran", read(t, root, "ran"), "layout\n")
		want(t, "/env", read(t, root, "env"), "yes\n")
		want(t, "/usr/bin/file", read(t, root, "usr/bin/file"), "a")
		contains(t, readableConfig(t, h, name), `"LAYOUT=yes"`)
	})
}

// TestMissingContext shows that a context that wasn't given is an error at its
// line that says how to give it.
func TestMissingContext(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - files: [{dest: /a, from: context:more, source: a}]\n")
	h.each(t, func(t *testing.T, w way) {
		out, err := w.build(flags(dir)...)
		if err == nil {
			t.Fatalf("a missing context is not an error:\n%s", out)
		}
		contains(t, out, "strata.yaml:3", "--build-context more=PATH")
	})
}

// TestBakeTarget builds on another target of a bake file, whose configuration
// and layers the image inherits.
func TestBakeTarget(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- docker-bake.json --
{"target": {
  "below": {"context": "below", "dockerfile": "strata.yaml"},
  "above": {
    "context": "above", "dockerfile": "strata.yaml",
    "contexts": {"base": "target:below"},
    "attest": ["type=provenance,disabled=true"],
    "output": ["type=image,push=true,oci-mediatypes=true,name={registry}/bake:1"]
  }
}}
-- below/strata.yaml --
{syntax}
from: {base}
layers:
  - files: [{dest: /bin/below, content: below}]
  - build: {run: echo below > /tmp/below}
config: {env: {BELOW: "yes"}, labels: {below: "yes"}, entrypoint: [below]}
-- above/strata.yaml --
{syntax}
from: context:base
layers:
  - files: [{dest: /bin/above, content: above}]
  - build: {from: context:base, run: 'cat /tmp/below > $out/ran; echo $BELOW >> $out/ran'}
config: {env: {ABOVE: "yes"}}
`)
	cmd := h.buildx.Command("buildx", "bake", "above")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	validate(t, h, "bake:1")
	config := raw(t, h, "bake:1", "--config")
	want(t, "the label", dig(config, "config", "Labels", "below").(string), "yes")
	contains(t, readableConfig(t, h, "bake:1"), `"BELOW=yes"`, `"ABOVE=yes"`, `"below"`)
	layers := dig(config, "rootfs", "diff_ids").([]any)
	if history := config["history"].([]any); len(history) != len(layers) || len(layers) != 5 {
		t.Errorf("there are %d entries in the history of %d layers, want 5: %v", len(history), len(layers), history)
	}
	root := unpack(t, h, "bake:1")
	want(t, "/ran", read(t, root, "ran"), "below\nyes\n")
	want(t, "/usr/bin/above", read(t, root, "usr/bin/above"), "above")
}
