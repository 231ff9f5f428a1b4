// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// sent are the requests that changed something.
func sent(r *testenv.Registry) (bodies, manifests int) {
	for _, q := range r.Requests() {
		switch {
		case q.Method == http.MethodPatch, q.Method == http.MethodPut && strings.Contains(q.Path, "/blobs/"):
			bodies++
		case q.Method == http.MethodPut:
			manifests++
		}
	}
	return bodies, manifests
}

// TestNothingAgain copies what is there already: nothing is sent, whatever the
// source is.
func TestNothingAgain(t *testing.T) {
	r := testenv.SharedRegistry(t)
	dir := testenv.Dir(t)
	o := clientOptions(t)
	start := r.PushImageIndex(t, "again/start:1", multi(t))
	places := []string{start, "oci:" + dir + "/layout:1", "oci-archive:" + dir + "/a.tar:1"}
	for i, dst := range places[1:] {
		copyImage(t, places[i], dst, o)
	}
	for _, src := range places {
		r.Reset()
		copyImage(t, src, start, o)
		if bodies, manifests := sent(r); bodies+manifests != 0 {
			t.Errorf("%s to where it is sends %d blobs and %d manifests", src, bodies, manifests)
		}
		if n := len(r.Requests()); n > 12 {
			t.Errorf("%s to where it is takes %d requests", src, n)
		}
	}
	r.Reset()
	copyImage(t, places[1], r.Host+"/again/start:2", o)
	if bodies, manifests := sent(r); bodies != 0 || manifests != 1 {
		t.Errorf("another tag sends %d blobs and %d manifests", bodies, manifests)
	}
	r.Reset()
	copyImage(t, start, "oci:"+dir+"/layout:2", o)
	for _, q := range r.Requests() {
		if strings.Contains(q.Path, "/blobs/") {
			t.Errorf("the layout has all blobs, and still asks for %s", q.Path)
		}
	}
}

// TestMounts copies from one repository to another of the same registry.
func TestMounts(t *testing.T) {
	r := testenv.SharedRegistry(t)
	start := r.PushImageIndex(t, "mounts/start:1", multi(t))
	r.Reset()
	copyImage(t, start, r.Host+"/mounts/other/place:1", clientOptions(t))
	for _, q := range r.Requests() {
		if q.Method == http.MethodPatch || q.Method == http.MethodPut && strings.Contains(q.Path, "/blobs/") {
			t.Errorf("%s %s sends a blob", q.Method, q.Path)
		}
	}
	r.Validate(t, "mounts/other/place:1")
}

// TestUnchangedLayers pushes an image with one layer more than the last one.
func TestUnchangedLayers(t *testing.T) {
	r := testenv.SharedRegistry(t)
	one := []testenv.Entry{{Path: "one", Data: noise(10_000)}}
	r.Push(t, "unchanged/app:1", testenv.Image(t, "amd64", v1.Config{}, one))
	elsewhere := testenv.NewRegistry(t, testenv.RegistryOptions{})
	next := elsewhere.Push(t, "unchanged/app:2", testenv.Image(t, "amd64", v1.Config{}, one, []testenv.Entry{{Path: "two"}}))
	r.Reset()
	copyImage(t, next, r.Host+"/unchanged/app:2", clientOptions(t))
	if n := len(r.Uploads("unchanged/app")); n != 2 {
		t.Errorf("%d blobs were sent, want the configuration and one layer", n)
	}
}

// TestFullDisk copies to a disk with no space.
func TestFullDisk(t *testing.T) {
	r := testenv.SharedRegistry(t)
	ref := r.Push(t, "full/app:1", bigImage(t))
	dir := testenv.Dir(t)
	testenv.Output(t, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir)
	for _, dst := range []string{"oci:" + dir + "/layout", "oci-archive:" + dir + "/a.tar"} {
		_, err := transfer.Copy(t.Context(), parse(t, ref), parse(t, dst), clientOptions(t))
		if err == nil || !strings.Contains(err.Error(), "no space left on device") || strings.Contains(err.Error(), "\n") {
			t.Errorf("copy to %s: %v", dst, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v, %v", dst, left, err)
		}
	}
}

// TestLayoutKeepsOthers writes several images into one layout.
func TestLayoutKeepsOthers(t *testing.T) {
	r := testenv.SharedRegistry(t)
	o := clientOptions(t)
	layout := "oci:" + filepath.Join(testenv.Dir(t), "layout")
	for i := range 3 {
		img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: fmt.Sprint(i)}})
		copyImage(t, r.Push(t, fmt.Sprintf("keeps/app:%d", i), img), fmt.Sprintf("%s:v%d", layout, i), o)
	}
	img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "again"}})
	copyImage(t, r.Push(t, "keeps/app:again", img), layout+":v1", o)
	for tag, want := range map[string]string{"v0": "0", "v1": "again", "v2": "2"} {
		sameRaw(t, layout+":"+tag, r.Descriptor(t, "keeps/app:"+want).Digest)
	}
	if got := len(strings.Split(testenv.Output(t, "umoci", "list", "--layout", strings.TrimPrefix(layout, "oci:")), "\n")); got != 4 {
		t.Errorf("umoci lists %d lines, want three tags and an end", got)
	}
}
