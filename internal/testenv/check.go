// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"encoding/json"
	"io"
	"log"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// tag names the one image of the layouts that are made for umoci and skopeo.
const tag = "latest"

// Unpack unpacks the image for an architecture by umoci, as a container engine
// would see it, and returns the root directory.
func (l *Layout) Unpack(t testing.TB, arch string) string {
	t.Helper()
	bundle := filepath.Join(Dir(t), "bundle")
	Output(t, "umoci", "unpack", "--image", l.single(t, arch)+":"+tag, bundle)
	return filepath.Join(bundle, "rootfs")
}

// Validate has crane check the image for an architecture: digests, sizes, diff
// ids and the number of history entries. crane looks only at what a registry
// gives, so the image goes through one in memory, byte by byte.
func (l *Layout) Validate(t testing.TB, arch string) {
	t.Helper()
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	ref := serve(t, registry.New(quiet)) + "/validate:" + tag
	Output(t, "crane", "push", l.single(t, arch), ref)
	Output(t, "crane", "validate", "--remote", ref)
}

// Validate has crane fetch and check repository[:tag].
func (r *Registry) Validate(t testing.TB, repository string) {
	t.Helper()
	cmd := command(t, "crane", "validate", "--insecure", "--remote", r.Host+"/"+repository)
	cmd.Env = append(cmd.Environ(), "DOCKER_CONFIG="+DockerConfig(t, r))
	output(t, cmd)
}

// Config returns the image's configuration as skopeo reads it.
func (l *Layout) Config(t testing.TB, arch string) v1.ConfigFile {
	t.Helper()
	var config v1.ConfigFile
	l.inspect(t, &config, arch, "--config", "--raw")
	return config
}

// Manifest returns the image's manifest as skopeo reads it.
func (l *Layout) Manifest(t testing.TB, arch string) v1.Manifest {
	t.Helper()
	var manifest v1.Manifest
	l.inspect(t, &manifest, arch, "--raw")
	return manifest
}

func (l *Layout) inspect(t testing.TB, into any, arch string, flags ...string) {
	t.Helper()
	out := Output(t, "skopeo", append(append([]string{"inspect"}, flags...), "oci:"+l.single(t, arch)+":"+tag)...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("parse skopeo's answer: %v\n%s", err, out)
	}
}

// single makes a layout of nothing but the image for one architecture: umoci
// and older skopeos do not look into nested indexes.
func (l *Layout) single(t testing.TB, arch string) string {
	t.Helper()
	dir := Dir(t)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatalf("write OCI layout: %v", err)
	}
	name := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})
	if err := path.AppendImage(l.Image(t, arch), name); err != nil {
		t.Fatalf("write OCI layout: %v", err)
	}
	return dir
}
