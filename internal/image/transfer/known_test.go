// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// remembering are the options of a new process that remembers in a directory.
func remembering(t *testing.T, known, authFile string) transfer.Options {
	t.Helper()
	client, err := registry.New(registry.Options{
		Env:  func(string) (string, bool) { return "", false },
		Wait: 1e6, Known: known, AuthFile: authFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	return transfer.Options{Options: image.Options{Registries: client, Temp: testenv.Dir(t)}}
}

// TestKnownBlobs pulls an image to a layout and pushes it from there to another
// repository of the registry, which has the blobs mounted.
func TestKnownBlobs(t *testing.T) {
	r := testenv.SharedRegistry(t)
	known, layout := filepath.Join(testenv.Dir(t), "cache", "known"), "oci:"+testenv.Dir(t)+"/layout:1"
	start := r.PushImageIndex(t, "known/start:1", multi(t))
	copyImage(t, start, layout, remembering(t, known, ""))
	for _, to := range []string{"known/second", "known/third/place"} {
		r.Reset()
		copyImage(t, layout, r.Host+"/"+to+":1", remembering(t, known, ""))
		if bodies, manifests := sent(r); bodies != 0 || manifests == 0 {
			t.Errorf("%s: %d blobs and %d manifests are sent", to, bodies, manifests)
		}
		r.Validate(t, to+":1")
	}
}

// TestKnownBlobsAreOutOfDate pushes to a registry of which wrong things are known.
func TestKnownBlobsAreOutOfDate(t *testing.T) {
	r := testenv.SharedRegistry(t)
	layout := "oci:" + testenv.Dir(t) + "/layout:1"
	start := r.Push(t, "outdated/start:1", bigImage(t))
	d := copyImage(t, start, layout, clientOptions(t))
	blobs, err := os.ReadDir(strings.TrimSuffix(strings.TrimPrefix(layout, "oci:"), ":1") + "/blobs/sha256")
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{"no/such/place", "../../etc", "Upper", "", "outdated/to4", strings.Repeat("long/", 100)} {
		known, to := testenv.Dir(t), fmt.Sprintf("outdated/to%d", i)
		file := "no line of this kind\nsha256:12 a\n\n\xff\xfe\x00\n"
		for _, b := range blobs {
			file += "sha256:" + b.Name() + " " + path + "\n"
		}
		if err := os.WriteFile(filepath.Join(known, r.Host), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		r.Reset()
		copyImage(t, layout, r.Host+"/"+to+":1", remembering(t, known, ""))
		if n := len(r.Uploads(to)); n != len(blobs)-1 {
			t.Errorf("%q: %d of %d blobs are sent", path, n, len(blobs)-1)
		}
		sameRaw(t, "docker://"+r.Host+"/"+to+":1", d.Digest)
		r.Validate(t, to+":1")
	}
}

// TestKnownBlobsOfOthers pushes as someone who may not pull from where the blobs
// are known to be.
func TestKnownBlobsOfOthers(t *testing.T) {
	tokens, r := tokenRegistry(t)
	tokens.ReadOnly = nil
	tokens.Owners = map[string]string{"ann/app": "ann", "bob/app": "bob"}
	known, layout := testenv.Dir(t), "oci:"+testenv.Dir(t)+"/layout:1"
	as := func(user string) transfer.Options {
		file := filepath.Join(testenv.Dir(t), "auth.json")
		auth := base64.StdEncoding.EncodeToString([]byte(user + ":secret"))
		if err := os.WriteFile(file, fmt.Appendf(nil, `{"auths": {%q: {"auth": %q}}}`, r.Host, auth), 0o600); err != nil {
			t.Fatal(err)
		}
		return remembering(t, known, file)
	}
	elsewhere := testenv.NewRegistry(t, testenv.RegistryOptions{})
	start := elsewhere.Push(t, "start:1", bigImage(t))
	copyImage(t, start, r.Host+"/ann/app:1", as("ann"))
	copyImage(t, start, layout, as("ann"))
	bob := as("bob")
	bob.Parallel = 1
	r.Reset()
	d := copyImage(t, layout, r.Host+"/bob/app:1", bob)
	if n := mounts(r, "ann/app"); n != 2 {
		t.Errorf("bob asks %d times for what is ann's, want once, and once more with a fresh token", n)
	}
	if n := len(r.Uploads("bob/app")); n != 3 {
		t.Errorf("%d blobs are sent, want two layers and the configuration", n)
	}
	if _, err := image.Open(t.Context(), parse(t, r.Host+"/bob/app@"+d.Digest.String()), as("bob").Options); err != nil {
		t.Error(err)
	}
	// What is known now is where bob has them, and ann has them nevertheless.
	r.Reset()
	copyImage(t, layout, r.Host+"/ann/app:2", as("ann"))
	if bodies, manifests := sent(r); bodies != 0 || manifests != 1 {
		t.Errorf("ann sends %d blobs and %d manifests", bodies, manifests)
	}
}

// mounts is how often a registry was asked to mount something of a repository.
func mounts(r *testenv.Registry, repository string) int {
	n := 0
	for _, q := range r.Requests() {
		if q.Query.Get("from") == repository {
			n++
		}
	}
	return n
}

// TestKnownBlobsOfAnotherRegistry pushes by a name that leads to another registry than
// the one that has the blobs: that one doesn't hear of them.
func TestKnownBlobsOfAnotherRegistry(t *testing.T) {
	one, two := testenv.SharedRegistry(t), testenv.NewRegistry(t, testenv.RegistryOptions{})
	layout := "oci:" + testenv.Dir(t) + "/layout:1"
	conf := filepath.Join(testenv.Dir(t), "registries.conf")
	text := fmt.Sprintf("[[registry]]\nprefix = '%s/moved'\nlocation = '%s/at/two'\n", one.Host, two.Host)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{Wait: 1e6, Insecure: true, Known: testenv.Dir(t), Env: func(name string) (string, bool) {
		return conf, name == "CONTAINERS_REGISTRIES_CONF"
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := transfer.Options{Options: image.Options{Registries: client}}
	copyImage(t, one.Push(t, "secret/project:1", bigImage(t)), layout, o)
	for _, to := range []string{"moved/first", "moved/second"} {
		copyImage(t, layout, one.Host+"/"+to+":1", o)
	}
	if n := mounts(two, "secret/project"); n != 0 {
		t.Errorf("the other registry is asked %d times for a repository of the first", n)
	}
	if n := mounts(two, "at/two/first"); n != 3 {
		t.Errorf("%d blobs are mounted, want 3 under the name that they have there", n)
	}
	two.Validate(t, "at/two/second:1")
}

// TestDirWithOtherThings leaves directories alone that are no layouts.
func TestDirWithOtherThings(t *testing.T) {
	ref := testenv.SharedRegistry(t).Push(t, "foreign/app:1", bigImage(t))
	for name, make := range map[string]func(path string) error{
		"blobs":      func(p string) error { return os.WriteFile(p, []byte("mine"), 0o600) },
		"oci-layout": func(p string) error { return os.Mkdir(p, 0o700) },
		"notes.txt":  func(p string) error { return os.WriteFile(p, []byte("mine"), 0o600) },
	} {
		dir := testenv.Dir(t)
		if err := make(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		_, err := transfer.Copy(t.Context(), parse(t, ref), parse(t, "oci:"+dir+":1"), clientOptions(t))
		if err == nil || !strings.Contains(err.Error(), "the directory has other things in it, and no OCI layout") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != name {
			t.Errorf("%s: the directory has %v, %v", name, left, err)
		}
	}
}

// TestKnownBlobsAreForgotten lets the file become too large.
func TestKnownBlobsAreForgotten(t *testing.T) {
	r := testenv.SharedRegistry(t)
	known := testenv.Dir(t)
	start := r.Push(t, "forgotten/start:1", bigImage(t))
	file := filepath.Join(known, r.Host)
	line := "sha256:" + strings.Repeat("0", 64) + " "
	text := []byte(line + "oldest\n" + strings.Repeat(line+"older\n", 7000) + strings.Repeat(line+"newer\n", 7000))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	copyImage(t, start, "oci:"+testenv.Dir(t)+"/layout", remembering(t, known, ""))
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > len(text)/2+1000 || bytes.Contains(got, []byte("oldest")) || !bytes.HasPrefix(got, []byte(line)) || !bytes.HasSuffix(got, []byte(" forgotten/start\n")) {
		t.Errorf("%d bytes of %d are left, and end with %q", len(got), len(text), got[max(0, len(got)-200):])
	}
}

// TestLayoutAtOnce writes many names into one layout at once, which is not there yet
// or an empty directory.
func TestLayoutAtOnce(t *testing.T) {
	r := testenv.SharedRegistry(t)
	start := r.Push(t, "atonce/start:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	o := clientOptions(t)
	for _, layout := range []string{testenv.Dir(t) + "/layout", testenv.Dir(t)} {
		var all sync.WaitGroup
		const n = 40
		for i := range n {
			all.Go(func() {
				if _, err := transfer.Copy(t.Context(), parse(t, start), parse(t, fmt.Sprintf("oci:%s:v%d", layout, i)), o); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := len(strings.Fields(testenv.Output(t, "umoci", "list", "--layout", layout))); got != n {
			t.Errorf("umoci lists %d tags, want %d", got, n)
		}
		if entries, err := os.ReadDir(layout); err != nil || len(entries) != 3 {
			t.Errorf("the layout has %v, %v", entries, err)
		}
	}
}
