// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/testenv"
)

// forPlatform is an image whose configuration says it is for a platform.
func forPlatform(t *testing.T, content string, p v1.Platform) v1.Image {
	t.Helper()
	img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "content", Data: []byte(content)}})
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = p.OS, p.Architecture, p.Variant
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// listed is an index's entry for an image.
func listed(t *testing.T, img v1.Image, p *v1.Platform) v1.Descriptor {
	t.Helper()
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := img.Size()
	if err != nil {
		t.Fatal(err)
	}
	mediaType, err := img.MediaType()
	if err != nil {
		t.Fatal(err)
	}
	return v1.Descriptor{MediaType: mediaType, Digest: h, Size: size, Platform: p}
}

func linux(arch, variant string) *v1.Platform {
	return &v1.Platform{OS: "linux", Architecture: arch, Variant: variant}
}

// artifact is a manifest that holds no image.
const artifact = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
	`"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}`

// TestPlatformOfIndex has the index say which image is for which platform, whatever
// their configurations say.
func TestPlatformOfIndex(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	v6, v7 := forPlatform(t, "v6", *linux("arm", "")), forPlatform(t, "v7", *linux("arm", ""))
	wrong, none := forPlatform(t, "wrong", *linux("amd64", "")), forPlatform(t, "none", v1.Platform{})
	own := forPlatform(t, "own", *linux("s390x", ""))
	chart := r.AddManifest(t, "index/app", string(types.OCIManifestSchema1), []byte(artifact))
	chartDigest, err := v1.NewHash(chart[len(r.Host+"/index/app@"):])
	if err != nil {
		t.Fatal(err)
	}
	ref := r.AddIndex(t, "index/app:1", v1.IndexManifest{Manifests: []v1.Descriptor{
		listed(t, v6, linux("arm", "v6")), listed(t, v7, linux("arm", "v7")),
		listed(t, wrong, linux("riscv64", "")), listed(t, none, linux("arm64", "")), listed(t, none, linux("ppc64le", "")),
		listed(t, own, nil),
		{MediaType: types.OCIManifestSchema1, Digest: chartDigest, Size: int64(len(artifact))},
	}}, v6, v7, wrong, none, own)
	s := open(t, ref)
	for word, want := range map[string]v1.Image{
		"linux/arm/v6": v6, "linux/arm/v7": v7, "linux/arm": v7, "linux/arm/v8": v7, "linux/riscv64": wrong,
		"linux/arm64": none, "linux/ppc64le": none, "linux/s390x": own, "linux/amd64": nil,
	} {
		p := platforms.MustParse(word)
		got, err := s.Select(t.Context(), &v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant})
		if want == nil {
			if !errors.Is(err, image.ErrNoPlatform) {
				t.Errorf("%s: %v, %v", word, got, err)
			}
			continue
		}
		if h, _ := want.Digest(); err != nil || got.Digest != h {
			t.Errorf("%s is %s, %v; want %s", word, got.Digest, err, h)
		}
	}
	all, err := s.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, d := range all {
		words = append(words, d.Platform.String())
	}
	want := []string{"linux/arm/v6", "linux/arm/v7", "linux/riscv64", "linux/arm64", "linux/ppc64le", "linux/s390x"}
	if !slices.Equal(words, want) {
		t.Errorf("the index has %v, want %v", words, want)
	}
}

// TestSparseIndex selects from an index of which only one image is there: nothing
// else is asked for.
func TestSparseIndex(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	there, gone := forPlatform(t, "there", *linux("amd64", "")), forPlatform(t, "gone", *linux("arm64", ""))
	ref := r.AddIndex(t, "sparse/app:1", v1.IndexManifest{Manifests: []v1.Descriptor{
		listed(t, gone, linux("arm64", "")), listed(t, there, linux("amd64", "")),
	}}, there)
	s := open(t, ref)
	if _, err := s.Image(t.Context(), linux("amd64", "")); err != nil {
		t.Error(err)
	}
	for _, q := range r.Requests() {
		if q.Status >= 300 {
			t.Errorf("%s %s was asked for, and answered %d", q.Method, q.Path, q.Status)
		}
	}
	if all, err := s.Images(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("the index lists %v, %v", all, err)
	}
}

// TestLayersAreCounted refuses images with another number of layers than their
// configuration has, and artifacts.
func TestLayersAreCounted(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	img := twoLayers(t, "amd64")
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	m = m.DeepCopy()
	for n := range m.Layers {
		m.Layers = m.Layers[:n]
		raw := marshal(t, m)
		r.Add(t, "counted/app", img)
		_, err := open(t, r.AddManifest(t, "counted/app:1", string(m.MediaType), raw)).Image(t.Context(), nil)
		if err == nil {
			t.Errorf("an image with %d of 2 layers is taken", n)
		}
	}
	_, err = open(t, r.AddManifest(t, "counted/chart:1", string(types.OCIManifestSchema1), []byte(artifact))).Image(t.Context(), nil)
	if _, ok := errors.AsType[*image.ArtifactError](err); !ok {
		t.Errorf("a chart is an image: %v", err)
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPlatformOfNestedIndex has an index say for which platform the image of an index in
// it is, which says nothing itself.
func TestPlatformOfNestedIndex(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	img, other := forPlatform(t, "inner", *linux("amd64", "")), forPlatform(t, "other", *linux("amd64", ""))
	inner, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{
		listed(t, img, nil), listed(t, other, linux("riscv64", "")),
	}})
	if err != nil {
		t.Fatal(err)
	}
	at := r.AddManifest(t, "nested/app", string(types.OCIImageIndex), inner)
	h, err := v1.NewHash(at[len(r.Host+"/nested/app@"):])
	if err != nil {
		t.Fatal(err)
	}
	ref := r.AddIndex(t, "nested/app:1", v1.IndexManifest{Manifests: []v1.Descriptor{
		{MediaType: types.OCIImageIndex, Digest: h, Size: int64(len(inner)), Platform: linux("s390x", "")},
	}}, img, other)
	s := open(t, ref)
	for _, c := range []struct {
		p    *v1.Platform
		want v1.Image
	}{{linux("s390x", ""), img}, {linux("riscv64", ""), other}} {
		want, _ := c.want.Digest()
		if got, err := s.Select(t.Context(), c.p); err != nil || got.Digest != want {
			t.Errorf("for %s: %s, %v; want %s", c.p, got.Digest, err, want)
		}
	}
	if got, err := s.Select(t.Context(), linux("amd64", "")); !errors.Is(err, image.ErrNoPlatform) {
		t.Errorf("for linux/amd64: %s, %v", got.Digest, err)
	}
}

// TestFeaturesOfPlatforms chooses images that need features of the system: by them, or
// where there is no other one.
func TestFeaturesOfPlatforms(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	needs := func(arch string, features ...string) *v1.Platform {
		return &v1.Platform{OS: "windows", Architecture: arch, OSFeatures: features}
	}
	special, plain, only := forPlatform(t, "special", *needs("amd64")), forPlatform(t, "plain", *needs("amd64")), forPlatform(t, "only", *needs("arm64"))
	ref := r.AddIndex(t, "features/app:1", v1.IndexManifest{Manifests: []v1.Descriptor{
		listed(t, special, needs("amd64", "special")), listed(t, plain, needs("amd64")), listed(t, only, needs("arm64", "special")),
	}}, special, plain, only)
	s := open(t, ref)
	for _, c := range []struct {
		p    *v1.Platform
		want v1.Image
	}{{needs("amd64"), plain}, {needs("arm64"), only}, {needs("arm64", "special"), only}, {needs("amd64", "special"), special}} {
		want, _ := c.want.Digest()
		if got, err := s.Select(t.Context(), c.p); err != nil || got.Digest != want {
			t.Errorf("for %s: %s, %v; want %s", c.p, got.Digest, err, want)
		}
	}
}
