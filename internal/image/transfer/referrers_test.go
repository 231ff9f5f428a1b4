// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// attachTo stores an artifact about a manifest, and returns its descriptor.
func attachTo(t *testing.T, r *testenv.FakeRegistry, repository, kind string, subject v1.Descriptor) v1.Descriptor {
	t.Helper()
	blob := r.AddBlob(t, repository, []byte(kind+" of "+subject.Digest.String()))
	blob.MediaType = "application/octet-stream"
	empty := r.AddBlob(t, repository, []byte("{}"))
	empty.MediaType = "application/vnd.oci.empty.v1+json"
	raw, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: "application/vnd.example." + kind,
		Config: empty, Layers: []v1.Descriptor{blob}, Subject: &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations: map[string]string{"kind": kind},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.AddManifest(t, repository, string(types.OCIManifestSchema1), raw)
	h, size, err := v1.SHA256(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: h, Size: size}
}

// signed is an index with an image, an SBOM of the image, a signature of the SBOM, a
// signature of the index, and one as cosign keeps it.
func signed(t *testing.T, r *testenv.FakeRegistry, repository string) (ref string, about map[v1.Hash][]string) {
	t.Helper()
	img := sixLayers(t)
	app, _, _ := strings.Cut(repository, ":")
	ref = r.AddIndex(t, repository, v1.IndexManifest{Manifests: []v1.Descriptor{describe(t, img)}}, img)
	rawIndex := r.Manifest(repository)
	h, size, err := v1.SHA256(strings.NewReader(string(rawIndex)))
	if err != nil {
		t.Fatal(err)
	}
	index := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: h, Size: size}
	image := describe(t, img)
	sbom := attachTo(t, r, app, "sbom", image)
	signature := attachTo(t, r, app, "signature", sbom)
	whole := attachTo(t, r, app, "signature", index)
	cosign := testenv.Image(t, "", v1.Config{}, []testenv.Entry{{Path: "cosign"}})
	r.Add(t, fmt.Sprintf("%s:sha256-%s.sig", app, index.Digest.Hex), cosign)
	return ref, map[v1.Hash][]string{
		image.Digest: {sbom.Digest.String()}, sbom.Digest: {signature.Digest.String()},
		index.Digest: {whole.Digest.String(), describe(t, cosign).Digest.String()},
	}
}

// referrersOf lists what a place has about a manifest.
func referrersOf(t *testing.T, o transfer.Options, name string, of v1.Hash) []string {
	t.Helper()
	s, err := image.Open(t.Context(), parse(t, name), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := s.Referrers(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, r := range found {
		digests = append(digests, r.Digest.String())
	}
	slices.Sort(digests)
	return digests
}

// TestReferrers copies an image with all that is about it through every kind of place,
// to registries with the referrers API and without.
func TestReferrers(t *testing.T) {
	start := testenv.NewFakeRegistry(t, testenv.Quirks{})
	src, about := signed(t, start, "start/app:1")
	with, without := testenv.NewFakeRegistry(t, testenv.Quirks{}), testenv.NewFakeRegistry(t, testenv.Quirks{NoReferrers: true, ReferrersStatus: 400})
	dir := testenv.Dir(t)
	o := clientOptions(t)
	o.Referrers = true
	ways := []string{
		src, with.Host + "/a/app:1", without.Host + "/b/app:1", "oci:" + dir + "/layout:1", "oci-archive:" + dir + "/a.tar:1",
		without.Host + "/c/app:1", "oci:" + dir + "/second", with.Host + "/d/app:1",
	}
	for i, dst := range ways[1:] {
		for range 2 { // the second time all of it is there
			copyImage(t, ways[i], dst, o)
		}
		for of, want := range about {
			slices.Sort(want)
			if got := referrersOf(t, o, dst, of); !slices.Equal(got, want) {
				t.Errorf("%s has about %s:\n%v\nwant\n%v", dst, of, got, want)
			}
		}
	}
	for _, ref := range []string{ways[1], ways[2], ways[5]} { // as others find them
		repository, _, _ := strings.Cut(ref, "app:1")
		for of, want := range about {
			at, err := name.NewDigest(repository+"app@"+of.String(), name.Insecure)
			if err != nil {
				t.Fatal(err)
			}
			list, err := remote.Referrers(at)
			if err != nil {
				t.Fatal(err)
			}
			m, err := list.IndexManifest()
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Manifests) != 1 || !slices.Contains(want, m.Manifests[0].Digest.String()) {
				t.Errorf("%s: go-containerregistry finds %v about %s, want one of %v", ref, m.Manifests, of, want)
			}
		}
	}
	// Other programs read the layout, and what is in it.
	testenv.Output(t, "skopeo", "inspect", "--raw", "oci:"+filepath.Join(dir, "layout")+":1")
	o.Referrers = false
	copyImage(t, src, with.Host+"/plain/app:1", o)
	for of := range about {
		if got := with.Manifest("plain/app:sha256-" + of.Hex + ".sig"); got != nil {
			t.Error("a signature came along that was not asked for")
		}
	}
	o.Referrers = true
	if _, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "docker-archive:"+dir+"/d.tar:app:1"), o); err == nil {
		t.Error("docker's archive is said to have signatures")
	}
}

// TestFallbackTag pushes manifests with a subject to a registry without the referrers
// API: the tag that stands for it lists them, and what it listed before.
func TestFallbackTag(t *testing.T) {
	start := testenv.NewFakeRegistry(t, testenv.Quirks{})
	img := sixLayers(t)
	start.Add(t, "start/app:1", img)
	one := attachTo(t, start, "start/app", "sbom", describe(t, img))
	two := attachTo(t, start, "start/app", "signature", describe(t, img))
	r := testenv.NewFakeRegistry(t, testenv.Quirks{NoReferrers: true})
	o := clientOptions(t)
	for _, d := range []v1.Descriptor{one, two, one} {
		copyImage(t, start.Host+"/start/app@"+d.Digest.String(), r.Host+"/app:"+d.Digest.Hex[:8], o)
	}
	h, _ := img.Digest()
	var index v1.IndexManifest
	if err := json.Unmarshal(r.Manifest("app:sha256-"+h.Hex), &index); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range index.Manifests {
		got = append(got, fmt.Sprint(d.Digest, d.ArtifactType, d.Annotations["kind"]))
	}
	want := []string{
		fmt.Sprint(one.Digest, "application/vnd.example.sbom", "sbom"),
		fmt.Sprint(two.Digest, "application/vnd.example.signature", "signature"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("the tag lists %v, want %v", got, want)
	}
}

// TestLayoutIndexKeeps copies into a layout whose index has fields of others.
func TestLayoutIndexKeeps(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	src := r.Add(t, "app:1", sixLayers(t))
	dir := filepath.Join(testenv.Dir(t), "layout")
	o := clientOptions(t)
	copyImage(t, src, "oci:"+dir+":old", o)
	index := filepath.Join(dir, "index.json")
	rewrite(t, index, func(text string) string {
		text = strings.Replace(text, `{"schemaVersion":2,`, `{"schemaVersion":2,"annotations":{"a":"b"},"org.example.unknown":[1],`, 1)
		return strings.Replace(text, `{"mediaType":"application/vnd.oci.image.manifest.v1+json",`,
			`{"mediaType":"application/vnd.oci.image.manifest.v1+json","org.example.unknown":2,"artifactType":"x","urls":["https://example.org"],`, 1)
	})
	copyImage(t, src, "oci:"+dir+":new", o)
	rewrite(t, index, func(text string) string {
		for _, want := range []string{`"annotations":{"a":"b"}`, `"org.example.unknown":[1]`, `"org.example.unknown":2`, `"artifactType":"x"`, `"urls":["https://example.org"]`, `"new"`, `"old"`} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s is left in\n%s", want, text)
			}
		}
		return text
	})
}

// rewrite changes a file.
func rewrite(t *testing.T, path string, change func(string) string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(data))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReferrersAtOnce copies what several registries have about one image into one
// layout at the same time: all of it is listed.
func TestReferrersAtOnce(t *testing.T) {
	img := sixLayers(t)
	of, _ := img.Digest()
	var sources, want []string
	for i := range 8 {
		r := testenv.NewFakeRegistry(t, testenv.Quirks{})
		sources = append(sources, r.Add(t, "app:1", img))
		want = append(want, attachTo(t, r, "app", fmt.Sprintf("signature%d", i), describe(t, img)).Digest.String())
	}
	slices.Sort(want)
	dir := testenv.Dir(t)
	for round := range 4 {
		dst := fmt.Sprintf("oci:%s/layout%d:1", dir, round)
		if round%2 == 1 { // a layout that is there
			copyImage(t, sources[0], dst, clientOptions(t))
		}
		var group errgroup.Group
		for _, src := range sources {
			o := clientOptions(t)
			o.Referrers = true
			group.Go(func() error {
				_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, dst), o)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := referrersOf(t, clientOptions(t), dst, of); !slices.Equal(got, want) {
			t.Errorf("the layout lists\n%v\nwant\n%v", got, want)
		}
	}
}
