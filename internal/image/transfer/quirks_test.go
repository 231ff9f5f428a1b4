// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// fakeOptions reach a registry with the login that it knows.
func fakeOptions(t *testing.T, r *testenv.FakeRegistry, password string) transfer.Options {
	t.Helper()
	return loggedIn(t, r.Host, testenv.FakeUser, password)
}

// sixLayers is an image whose blobs go concurrently.
func sixLayers(t *testing.T) v1.Image {
	t.Helper()
	var layers [][]testenv.Entry
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		layers = append(layers, []testenv.Entry{{Path: name, Data: []byte(name)}})
	}
	return testenv.Image(t, "amd64", v1.Config{}, layers...)
}

// TestQuirksOfLogin copies from and to registries that want a login each in its way.
func TestQuirksOfLogin(t *testing.T) {
	img := sixLayers(t)
	for name, q := range map[string]testenv.Quirks{
		"basic":                         {Login: "basic"},
		"basic, another way first":      {Login: "basic", OtherChallenge: true},
		"basic, open greeting":          {Login: "basic", OpenPing: true},
		"basic, no greeting":            {Login: "basic", PingStatus: 404},
		"bearer, a forbidden greeting":  {Login: "bearer", PingStatus: 403},
		"bearer":                        {Login: "bearer"},
		"bearer, another way first":     {Login: "bearer", OtherChallenge: true},
		"bearer, open greeting":         {Login: "bearer", OpenPing: true},
		"bearer, the first token tells": {Login: "bearer", FirstToken: true},
		"bearer, open, the first tells": {Login: "bearer", FirstToken: true, OpenPing: true},
		"bearer, access_token":          {Login: "bearer", AccessToken: true},
		"bearer, a token not yet known": {Login: "bearer", FreshTokens: 1},
		"bearer, HEAD is refused (403)": {Login: "bearer", HeadStatus: 403},
		"basic, HEAD is refused (405)":  {Login: "basic", HeadStatus: 405},
		"basic, a token elsewhere":      {Login: "basic", Redirect: true, RedirectLogin: true},
		"bearer, anonymous users pull":  {Login: "bearer", AnonymousPull: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, q)
			src := r.Add(t, "start/app:1", img)
			o := fakeOptions(t, r, testenv.FakePassword)
			copyImage(t, src, r.Host+"/other/app:1", o)
			dir := testenv.Dir(t)
			copyImage(t, r.Host+"/other/app:1", "oci:"+dir+"/layout", o)
			got := copyImage(t, "oci:"+dir+"/layout", r.Host+"/third/app:1", fakeOptions(t, r, testenv.FakePassword))
			if want, _ := img.Digest(); got.Digest != want {
				t.Errorf("the copy is %s, want %s", got.Digest, want)
			}
			for _, scopes := range r.Scopes() {
				if strings.Contains(scopes, "third/app") && !strings.Contains(scopes, "push") {
					t.Errorf("a push begins with a token for %q", scopes)
				}
			}
		})
	}
}

// TestQuirksOfRefusals compares what is said when a login fails.
func TestQuirksOfRefusals(t *testing.T) {
	img := sixLayers(t)
	for name, c := range map[string]struct {
		quirks   testenv.Quirks
		password string
		want     string
	}{
		"basic":                 {testenv.Quirks{Login: "basic"}, "wrong", "does not accept the user name and password of"},
		"bearer":                {testenv.Quirks{Login: "bearer"}, "wrong", "does not accept the user name and password of"},
		"basic, open greeting":  {testenv.Quirks{Login: "basic", OpenPing: true}, "wrong", "does not accept the user name and password of"},
		"bearer, open greeting": {testenv.Quirks{Login: "bearer", OpenPing: true}, "wrong", "does not accept the user name and password of"},
		"nothing asked for":     {testenv.Quirks{Login: "basic", OpenPing: true, NoChallenge: true}, testenv.FakePassword, "was not sent"},
		"none":                  {testenv.Quirks{Login: "basic", OpenPing: true}, "", "no file has credentials for it"},
	} {
		t.Run(name, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, c.quirks)
			src := r.Add(t, "start/app:1", img)
			o := clientOptions(t)
			if c.password != "" {
				o = fakeOptions(t, r, c.password)
			}
			for _, dst := range []string{"oci:" + testenv.Dir(t) + "/layout", r.Host + "/other/app:1"} {
				_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, dst), o)
				if !errors.Is(err, registry.ErrLogin) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("copy to %s: %v, want %q", dst, err, c.want)
				}
				sent := 0
				for _, q := range r.Requests() {
					if q.Status == http.StatusUnauthorized && strings.HasPrefix(q.Path, "/v2/start/") {
						sent++
					}
				}
				if sent > 2*2 {
					t.Errorf("what is refused was sent %d times in two copies", sent)
				}
				if c.want == "was not sent" && strings.Contains(err.Error(), "accept") {
					t.Errorf("what was not sent is not accepted: %v", err)
				}
			}
		})
	}
}

// TestQuirksOfAnswers copies from and to registries whose answers differ.
func TestQuirksOfAnswers(t *testing.T) {
	img := sixLayers(t)
	for name, q := range map[string]testenv.Quirks{
		"no digest":               {NoDigest: true},
		"no length":               {NoLength: true},
		"no digest and length":    {NoDigest: true, NoLength: true},
		"type of text":            {Type: "text/plain"},
		"HEAD is forbidden":       {HeadStatus: 403},
		"HEAD is not implemented": {HeadStatus: 405},
		"HEAD finds nothing":      {HeadStatus: 404},
		"HEAD is a bad request":   {HeadStatus: 400},
		"HEAD is not acceptable":  {HeadStatus: 406},
		"HEAD fails":              {HeadStatus: 500},
		"no greeting":             {PingStatus: 404},
		"a forbidden greeting":    {PingStatus: 403},
		"no mounts":               {NoMount: true},
		"mounts are refused":      {MountStatus: 403},
		"locations without host":  {BareLocation: true},
		"blobs elsewhere":         {Redirect: true},
		"no ranges":               {NoRanges: true},
		"202 for a manifest":      {PutStatus: 202},
	} {
		t.Run(name, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, q)
			src := r.Add(t, "start/app:1", img)
			o := clientOptions(t)
			want, _ := img.Digest()
			dir := testenv.Dir(t)
			for i, dst := range []string{"oci:" + dir + "/layout:1", "oci-archive:" + dir + "/a.tar", r.Host + "/other/app:1", r.Host + "/start/app:2"} {
				if got := copyImage(t, src, dst, o); got.Digest != want {
					t.Errorf("copy %d is %s, want %s", i, got.Digest, want)
				}
			}
			copyImage(t, "oci:"+dir+"/layout:1", r.Host+"/third/app:1", o)
			if r.Manifest("third/app:1") == nil {
				t.Error("the layout's image has no name in the registry")
			}
		})
	}
}

// sparse is an index in a registry that lacks one of its images.
func sparse(t *testing.T, r *testenv.FakeRegistry, repository string) (ref string, there, gone v1.Image) {
	t.Helper()
	there = testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "there"}})
	gone = testenv.Image(t, "arm64", v1.Config{}, []testenv.Entry{{Path: "gone"}})
	ref = r.AddIndex(t, repository, v1.IndexManifest{Manifests: []v1.Descriptor{describe(t, there), describe(t, gone)}}, there)
	return ref, there, gone
}

// describe is an index's entry for an image.
func describe(t *testing.T, img v1.Image) v1.Descriptor {
	t.Helper()
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	h, size, err := v1.SHA256(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: h, Size: size, Platform: config.Platform()}
}

// TestSparse copies from registries and to registries that have an index without all
// of its images.
func TestSparse(t *testing.T) {
	mirror := testenv.NewFakeRegistry(t, testenv.Quirks{Sparse: true})
	ref, there, gone := sparse(t, mirror, "mirror/app:1")
	o := clientOptions(t)
	t.Run("one that is there", func(t *testing.T) {
		one := o
		one.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
		got := copyImage(t, ref, "oci:"+testenv.Dir(t)+"/layout", one)
		if want, _ := there.Digest(); got.Digest != want {
			t.Errorf("the copy is %s, want %s", got.Digest, want)
		}
	})
	t.Run("all of it", func(t *testing.T) {
		dir := testenv.Dir(t)
		_, err := transfer.Copy(t.Context(), parse(t, ref), parse(t, "oci:"+dir+"/layout"), o)
		if err == nil || !strings.Contains(err.Error(), "lists linux/arm64") || !strings.Contains(err.Error(), "--platform") {
			t.Errorf("a copy of what is not there: %v", err)
		}
	})
	t.Run("into", func(t *testing.T) {
		whole := testenv.NewFakeRegistry(t, testenv.Quirks{})
		src := whole.AddIndex(t, "whole/app:1", v1.IndexManifest{Manifests: []v1.Descriptor{describe(t, there), describe(t, gone)}}, there, gone)
		copyImage(t, src, ref, o)
		h, _ := gone.Digest()
		if mirror.Manifest("mirror/app@"+h.String()) == nil {
			t.Error("the mirror had the index, and still lacks an image of it")
		}
		if layers, _ := gone.Manifest(); !mirror.HasBlob("mirror/app", layers.Layers[0].Digest) {
			t.Error("the mirror lacks a layer")
		}
		mirror.Reset()
		copyImage(t, src, ref, o)
		for _, q := range mirror.Requests() {
			if q.Method != http.MethodHead && q.Path != "/v2/" {
				t.Errorf("what is there takes %s %s", q.Method, q.Path)
			}
		}
	})
}

// TestNestedSparse copies an index of indexes to where the outer one and an inner one
// are, but not its image.
func TestNestedSparse(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{Sparse: true})
	whole := testenv.NewFakeRegistry(t, testenv.Quirks{Sparse: true})
	img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "inner"}})
	inner, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{describe(t, img)}})
	if err != nil {
		t.Fatal(err)
	}
	h, size, err := v1.SHA256(strings.NewReader(string(inner)))
	if err != nil {
		t.Fatal(err)
	}
	outer := v1.IndexManifest{Manifests: []v1.Descriptor{{MediaType: types.OCIImageIndex, Digest: h, Size: size}}}
	for _, to := range []*testenv.FakeRegistry{r, whole} {
		to.AddManifest(t, "nested/app", string(types.OCIImageIndex), inner)
		to.AddIndex(t, "nested/app:1", outer)
	}
	whole.Add(t, "nested/app", img)
	copyImage(t, whole.Host+"/nested/app:1", r.Host+"/nested/app:1", clientOptions(t))
	if want, _ := img.Digest(); r.Manifest("nested/app@"+want.String()) == nil {
		t.Error("the inner index's image was not copied")
	}
}

// TestThereWithoutMounts copies within a registry that mounts nothing to where the blobs
// are: they are not sent again.
func TestThereWithoutMounts(t *testing.T) {
	for name, q := range map[string]testenv.Quirks{"refused": {MountStatus: 403}, "not done": {NoMount: true}, "refused (404)": {MountStatus: 404}} {
		t.Run(name, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, q)
			src := r.Add(t, "start/app:1", bigImage(t))
			r.Add(t, "other/app:old", bigImage(t))
			var config v1.Hash
			if m, err := bigImage(t).Manifest(); err == nil {
				config = m.Config.Digest
			}
			r.Remove("other/app", config) // one has to be sent
			r.Remove("other/app", describe(t, bigImage(t)).Digest)
			copyImage(t, src, r.Host+"/other/app:1", clientOptions(t))
			for _, q := range r.Requests() {
				if q.Method == http.MethodPatch {
					t.Errorf("%s %s sends a blob that is there", q.Method, q.Path)
				}
			}
			if r.Manifest("other/app:1") == nil || !r.HasBlob("other/app", config) {
				t.Error("the image is not there")
			}
		})
	}
}

// TestUploadsWithoutParts pushes a large blob to registries that want it in one request.
func TestUploadsWithoutParts(t *testing.T) {
	src := testenv.NewFakeRegistry(t, testenv.Quirks{}).Add(t, "app:1", bigImage(t))
	for _, status := range []int{http.StatusMethodNotAllowed, http.StatusNotImplemented} {
		r := testenv.NewFakeRegistry(t, testenv.Quirks{PatchStatus: status})
		copyImage(t, src, r.Host+"/app:1", clientOptions(t))
		if r.Manifest("app:1") == nil {
			t.Errorf("%d: nothing was pushed", status)
		}
	}
}
