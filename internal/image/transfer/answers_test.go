// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// reaching are options of a client.
func reaching(t *testing.T, o registry.Options) transfer.Options {
	t.Helper()
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	o.Wait = 1e6
	client, err := registry.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return transfer.Options{Options: image.Options{Registries: client, Temp: testenv.Dir(t)}}
}

// TestSilence gives registries up that take a request and never answer.
func TestSilence(t *testing.T) {
	img := sixLayers(t)
	start := testenv.NewFakeRegistry(t, testenv.Quirks{})
	src := start.Add(t, "app:1", img)
	for _, hang := range []string{"GET /v2/", "HEAD /v2/app/manifests", "HEAD /v2/app/blobs", "POST /v2/app/blobs", "PUT /v2/app/blobs", "PUT /v2/app/manifests"} {
		t.Run(hang, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, testenv.Quirks{Hang: hang})
			begun := time.Now()
			_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, r.Host+"/app:1"), reaching(t, registry.Options{Timeout: 300 * time.Millisecond}))
			if err == nil || !strings.Contains(err.Error(), "no answer within 300ms") || !strings.Contains(err.Error(), "--timeout") {
				t.Errorf("it says %v", err)
			}
			if took := time.Since(begun); took > time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestPauses asks a registry that wants to be left alone for a time.
func TestPauses(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{Busy: 3, RetryAfter: "2"})
	src := r.Add(t, "app:1", sixLayers(t))
	dst := "oci:" + testenv.Dir(t) + "/layout"
	_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, dst), reaching(t, registry.Options{Longest: time.Second}))
	if err == nil || !strings.Contains(err.Error(), "asks to wait for 2s") || !strings.Contains(err.Error(), "--wait 2s") {
		t.Errorf("it says %v", err)
	}
	again := testenv.NewFakeRegistry(t, testenv.Quirks{Busy: 2, RetryAfter: "0"})
	copyImage(t, again.Add(t, "app:1", sixLayers(t)), dst, reaching(t, registry.Options{Longest: 1}))
}

// TestUntrusted reads from a registry whose certificate is not trusted.
func TestUntrusted(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{TLS: true})
	src := r.Add(t, "app:1", sixLayers(t))
	dst := "oci:" + testenv.Dir(t) + "/layout"
	_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, dst), reaching(t, registry.Options{}))
	if err == nil || !strings.Contains(err.Error(), "the certificate of "+r.Host+" is not trusted") || strings.Contains(err.Error(), "400") {
		t.Errorf("it says %v", err)
	}
	copyImage(t, src, dst, reaching(t, registry.Options{Insecure: true}))
}

// TestTagWithDigest copies to a name with a tag and a digest.
func TestTagWithDigest(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	img := sixLayers(t)
	src := r.Add(t, "app:1", img)
	h, _ := img.Digest()
	other := strings.Repeat("0", 64)
	dir := testenv.Dir(t)
	o := clientOptions(t)
	for _, dst := range []string{r.Host + "/other:2", "oci:" + dir + "/layout:2", "oci-archive:" + dir + "/a.tar:2"} {
		if _, err := transfer.Copy(t.Context(), parse(t, src), parse(t, dst+"@sha256:"+other), o); err == nil || !strings.Contains(err.Error(), h.String()) {
			t.Errorf("%s with another digest: %v", dst, err)
		}
		copyImage(t, src, dst+"@"+h.String(), o)
		copyImage(t, dst, "oci:"+testenv.Dir(t)+"/back", o)
	}
	if r.Manifest("other:2") == nil {
		t.Error("the registry has no tag")
	}
	if r.Manifest("app@sha256:"+other) != nil {
		t.Error("the wrong digest was pushed")
	}
}

// sha512Image stores an image whose digests are all SHA-512, and returns its manifest's.
func sha512Image(t *testing.T, r *testenv.FakeRegistry, repository string) string {
	t.Helper()
	layer := testenv.Tar(t, []testenv.Entry{{Path: "greeting", Data: []byte("hello\n")}})
	config := fmt.Appendf(nil, `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[%q]}}`, sha512Of(layer))
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: r.AddBlob512(t, repository, config), Layers: []v1.Descriptor{r.AddBlob512(t, repository, layer)},
	}
	m.Config.MediaType, m.Layers[0].MediaType = types.OCIConfigJSON, types.OCIUncompressedLayer
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r.AddManifestAs(repository+":1", string(m.MediaType), sha512Of(raw), raw)
	return sha512Of(raw)
}

func sha512Of(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512:" + hex.EncodeToString(sum[:])
}

// TestSHA512 copies an image with digests by SHA-512 through all places.
func TestSHA512(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	want := sha512Image(t, r, "app")
	dir := testenv.Dir(t)
	o := clientOptions(t)
	ways := []string{
		r.Host + "/app@" + want, "oci:" + filepath.Join(dir, "layout") + ":1", "oci-archive:" + dir + "/a.tar:1", r.Host + "/second:1", r.Host + "/third@" + want,
		"oci:" + filepath.Join(dir, "other") + ":1@" + want,
	}
	for i, dst := range ways[1:] {
		if got := copyImage(t, ways[i], dst, o); got.Digest.String() != want && !strings.Contains(ways[i], "second") {
			t.Errorf("%s has the digest %s, want %s", dst, got.Digest, want)
		}
	}
	copyImage(t, r.Host+"/app:1", "oci:"+dir+"/by-tag", o)
	s, err := image.Open(t.Context(), parse(t, ways[5]), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := s.Manifest(t.Context(), s.Root)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := v1.ParseManifest(bytes.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "other", "blobs", "sha512", parsed.Layers[0].Digest.Hex)
	rewrite(t, path, func(text string) string { return strings.Replace(text, "hello", "hullo", 1) })
	if _, err := transfer.Copy(t.Context(), parse(t, ways[5]), parse(t, "oci-archive:"+dir+"/b.tar"), o); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("a damaged layer: %v", err)
	}
}

// TestDockerAuthConfig takes credentials from the variable where no file is named.
func TestDockerAuthConfig(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{Login: "basic"})
	src := r.Add(t, "app:1", sixLayers(t))
	good, wrong := authText(r.Host, testenv.FakePassword), authText(r.Host, "wrong")
	env := func(values map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	}
	home := testenv.Dir(t)
	for name, c := range map[string]struct {
		file, variable string
		ok             bool
	}{
		"variable alone":         {"", good, true},
		"file over the variable": {good, wrong, true},
		"wrong file":             {wrong, good, false},
		"wrong variable":         {"", wrong, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DOCKER_AUTH_CONFIG", c.variable) // docker's own code looks there, too
			o := registry.Options{Env: env(map[string]string{"DOCKER_AUTH_CONFIG": c.variable, "HOME": home})}
			if c.file != "" {
				o.AuthFile = filepath.Join(testenv.Dir(t), "auth.json")
				writeText(t, o.AuthFile, c.file)
			}
			_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "oci:"+testenv.Dir(t)+"/layout"), reaching(t, o))
			if (err == nil) != c.ok {
				t.Errorf("it gives %v", err)
			}
			if name == "wrong variable" && !strings.Contains(err.Error(), "of DOCKER_AUTH_CONFIG") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func authText(host, password string) string {
	auth := base64.StdEncoding.EncodeToString([]byte(testenv.FakeUser + ":" + password))
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth)
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
