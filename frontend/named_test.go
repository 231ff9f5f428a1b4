// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestNamedDir takes files from a second directory, with an ignore file of its
// own.
func TestNamedDir(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /, from: context:more, source: .}]
-- more/a --
-- more/b.log --
-- more/.dockerignore --
*.log
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir, "--build-context", "more="+filepath.Join(dir, "more"))...)
		house.Want(t, "the context", names(t, out), ".dockerignore a")
	})
}

// TestNamedImage takes an image as a context, and one in the place of a
// reference that the build file has.
func TestNamedImage(t *testing.T) {
	h := house.New(t)
	other := testenv.BusyboxImage(t, h.Registry, "other:2", testenv.BusyboxTweaks{
		Release: "2\n",
		Config:  func(c *v1.Config) { c.Labels = map[string]string{"other": "yes"} },
	})
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: registry.example.org/never/there:1
layers:
  - files: [{dest: /copied, from: context:more, source: /usr/lib/release}]
  - build: {from: "registry.example.org/never/there:1", run: cp /usr/lib/release $out/ran}
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir,
			"--build-context", "registry.example.org/never/there:1=docker-image://"+other,
			"--build-context", "more=docker-image://"+h.Base)...)
		root := house.Unpack(t, h, name)
		house.Want(t, "/copied", house.Read(t, root, "copied"), "1\n")
		house.Want(t, "/ran", house.Read(t, root, "ran"), "2\n")
		house.Want(t, "the base's release", house.Read(t, root, "usr/lib/release"), "2\n")
		house.Want(t, "the label", house.Dig(house.Raw(t, h, name, "--config"), "config", "Labels", "other").(string), "yes")
	})
}

// TestNamedLayout builds on an OCI layout. No registry has that image.
func TestNamedLayout(t *testing.T) {
	h := house.New(t)
	own := testenv.NewRegistry(t, testenv.RegistryOptions{})
	testenv.BusyboxImage(t, own, "base:1", testenv.BusyboxTweaks{
		Release: "layout\n",
		Config:  func(c *v1.Config) { c.Env = append(c.Env, "LAYOUT=yes") },
	})
	layout := testenv.PullLayout(t, own, "base:1").Dir
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: context:base
layers:
  - files: [{dest: /bin/file, content: a}]
  - build: {run: cp /usr/lib/release $out/ran}
  - build: {run: "echo $LAYOUT > /env"}
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--build-context", "base=oci-layout://"+layout)...)
		house.Validate(t, h, name)
		root := house.Unpack(t, h, name)
		house.Want(t, "/ran", house.Read(t, root, "ran"), "layout\n")
		house.Want(t, "/env", house.Read(t, root, "env"), "yes\n")
		house.Want(t, "/usr/bin/file", house.Read(t, root, "usr/bin/file"), "a")
		house.Contains(t, house.ReadableConfig(t, h, name), `"LAYOUT=yes"`)
	})
}

// TestMissingContext shows that a context that wasn't given is an error at its
// line that says how to give it.
func TestMissingContext(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - files: [{dest: /a, from: context:more, source: a}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir)...)
		if err == nil {
			t.Fatalf("a missing context is not an error:\n%s", out)
		}
		house.Contains(t, out, "strata.yaml:3", "--build-context more=PATH")
	})
}

// TestBakeTarget builds on another target of a bake file, whose configuration
// and layers the image inherits.
func TestBakeTarget(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
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
	cmd := h.Buildx.Command("buildx", "bake", "above")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	house.Validate(t, h, "bake:1")
	config := house.Raw(t, h, "bake:1", "--config")
	house.Want(t, "the label", house.Dig(config, "config", "Labels", "below").(string), "yes")
	house.Contains(t, house.ReadableConfig(t, h, "bake:1"), `"BELOW=yes"`, `"ABOVE=yes"`, `"below"`)
	layers := house.Dig(config, "rootfs", "diff_ids").([]any)
	if history := config["history"].([]any); len(history) != len(layers) || len(layers) != 5 {
		t.Errorf("there are %d entries in the history of %d layers, want 5: %v", len(history), len(layers), history)
	}
	root := house.Unpack(t, h, "bake:1")
	house.Want(t, "/ran", house.Read(t, root, "ran"), "below\nyes\n")
	house.Want(t, "/usr/bin/above", house.Read(t, root, "usr/bin/above"), "above")
}
