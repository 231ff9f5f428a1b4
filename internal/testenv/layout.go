// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Layout is an OCI image layout in a directory.
type Layout struct {
	Dir string
}

// OpenLayout opens what "type=oci" wrote, a tarball or a directory.
func OpenLayout(t testing.TB, path string) *Layout {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatalf("open OCI layout: %v", err)
	}
	if info.IsDir() {
		return &Layout{Dir: path}
	}
	dir := Dir(t)
	output(t, exec.Command("tar", "-xf", path, "-C", dir))
	return &Layout{Dir: dir}
}

// PullLayout copies repository[:tag] of the registry, all platforms of it, into
// a layout by skopeo.
func PullLayout(t testing.TB, r *Registry, repository string) *Layout {
	t.Helper()
	dir := filepath.Join(Dir(t), "layout")
	args := []string{"copy", "--quiet", "--all", "--src-tls-verify=false", "--insecure-policy"}
	if r.options.User != "" {
		args = append(args, "--src-creds", r.options.User+":"+r.options.Password)
	}
	Output(t, "skopeo", append(args, "docker://"+r.Host+"/"+repository, "oci:"+dir)...)
	return &Layout{Dir: dir}
}

// Image returns the layout's image for an architecture, through however many
// indexes it takes. Attestations are no images.
func (l *Layout) Image(t testing.TB, arch string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(l.Dir)
	if err != nil {
		t.Fatalf("read OCI layout: %v", err)
	}
	image, err := imageFor(index, arch)
	if err != nil {
		t.Fatalf("read OCI layout %s for %s: %v", l.Dir, arch, err)
	}
	return image
}

// Digest returns the digest of the manifest for an architecture.
func (l *Layout) Digest(t testing.TB, arch string) string {
	t.Helper()
	digest, err := l.Image(t, arch).Digest()
	if err != nil {
		t.Fatalf("read digest: %v", err)
	}
	return digest.String()
}

// errNoImage says that an index has nothing for the architecture.
var errNoImage = errors.New("no image for this architecture")

func imageFor(index v1.ImageIndex, arch string) (v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, d := range manifest.Manifests {
		if d.Annotations["vnd.docker.reference.type"] != "" {
			continue
		}
		image, err := imageIn(index, d, arch)
		if !errors.Is(err, errNoImage) {
			return image, err
		}
	}
	return nil, errNoImage
}

// imageIn looks at one entry of the index.
func imageIn(index v1.ImageIndex, d v1.Descriptor, arch string) (v1.Image, error) {
	if d.MediaType.IsIndex() {
		below, err := index.ImageIndex(d.Digest)
		if err != nil {
			return nil, err
		}
		return imageFor(below, arch)
	}
	image, err := index.Image(d.Digest)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if config.Architecture != arch {
		return nil, errNoImage
	}
	return image, nil
}
