// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// noise is data that does not compress.
func noise(size int) []byte {
	data := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(data)
	return data
}

// bigImage has a layer of 3 MB.
func bigImage(t *testing.T) v1.Image {
	t.Helper()
	return testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "noise", Data: noise(3 << 20)}}, []testenv.Entry{{Path: "small", Data: []byte("small\n")}})
}

// TestDownloads pulls from a registry that misbehaves and recovers.
func TestDownloads(t *testing.T) {
	r := testenv.SharedRegistry(t)
	ref := r.Push(t, "bad/app:1", bigImage(t))
	want := r.Descriptor(t, "bad/app:1").Digest
	for name, rule := range map[string]*misbehave.Rule{
		"drops blobs":              {Method: "GET", Path: "/blobs/", Times: 4, Fault: misbehave.Drop(700_000)},
		"drops blobs at the start": {Method: "GET", Path: "/blobs/", Times: 3, Fault: misbehave.Drop(0)},
		"drops manifests":          {Method: "GET", Path: "/manifests/", Times: 2, Fault: misbehave.Drop(50)},
		"is busy":                  {Method: "GET", Times: 3, Fault: misbehave.Answer(429, "Retry-After: 0")},
		"fails":                    {Method: "GET", Times: 3, Fault: misbehave.Answer(500)},
		"is slow":                  {Method: "GET", Path: "/blobs/", Fault: misbehave.Slow(time.Millisecond)},
		"truncates a manifest":     {Method: "GET", Path: "/manifests/", Times: 1, Fault: misbehave.Truncate()},
		"spoils a manifest":        {Method: "GET", Path: "/manifests/", Times: 1, Fault: misbehave.Flip()},
	} {
		t.Run(name, func(t *testing.T) {
			r.Misbehave(t, rule)
			dst := "oci:" + filepath.Join(testenv.Dir(t), "layout") + ":1"
			if got := copyImage(t, ref, dst, clientOptions(t)); got.Digest != want {
				t.Errorf("the digest is %s, want %s", got.Digest, want)
			}
			sameRaw(t, dst, want)
			if rule.Happened() == 0 {
				t.Error("the registry never misbehaved")
			}
		})
	}
}

// TestDownloadsFail pulls from a registry that does not recover: there is one
// line that says what is wrong, and nothing is stored.
func TestDownloadsFail(t *testing.T) {
	r, other := testenv.SharedRegistry(t), testenv.NewRegistry(t, testenv.RegistryOptions{})
	ref := r.Push(t, "bad/app:1", bigImage(t))
	for name, c := range map[string]struct {
		rule *misbehave.Rule
		want string
	}{
		"drops blobs":          {&misbehave.Rule{Method: "GET", Path: "/blobs/", Fault: misbehave.Drop(0)}, "EOF"},
		"is busy":              {&misbehave.Rule{Method: "GET", Path: "/blobs/", Fault: misbehave.Answer(429)}, "too many requests"},
		"is busy for a day":    {&misbehave.Rule{Method: "GET", Path: "/blobs/", Fault: misbehave.Answer(429, "Retry-After: 86400")}, "too many requests"},
		"fails":                {&misbehave.Rule{Path: "/manifests/", Fault: misbehave.Answer(500)}, "500 Internal Server Error: UNKNOWN: it is a bad day"},
		"spoils blobs":         {&misbehave.Rule{Method: "GET", Path: "/blobs/", Fault: misbehave.Flip()}, "content does not match its descriptor"},
		"truncates blobs":      {&misbehave.Rule{Method: "GET", Path: "/blobs/", Fault: misbehave.Truncate()}, "again and again"},
		"truncates a manifest": {&misbehave.Rule{Method: "GET", Path: "/manifests/", Fault: misbehave.Truncate()}, "the manifest's digest is"},
	} {
		t.Run(name, func(t *testing.T) {
			r.Misbehave(t, c.rule)
			dir := testenv.Dir(t)
			for _, dst := range []string{"oci:" + dir + "/layout", "oci-archive:" + dir + "/a.tar", other.Host + "/app:1"} {
				_, err := transfer.Copy(t.Context(), parse(t, ref), parse(t, dst), clientOptions(t))
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("copy to %s: %v, want %q", dst, err, c.want)
				} else if strings.Contains(err.Error(), "\n") {
					t.Errorf("copy to %s gives more than a line:\n%v", dst, err)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it leaves %v, %v", left, err)
			}
			for _, q := range other.Requests() {
				if q.Method == http.MethodPut && q.Status == http.StatusCreated && strings.Contains(q.Path, "/manifests/") {
					t.Errorf("%s was stored", q.Path)
				}
			}
		})
	}
}

// TestSourceGivesUp copies from a registry that stops in the middle of a layer, and then does
// not give the rest: it is that registry which the error is about.
func TestSourceGivesUp(t *testing.T) {
	img := bigImage(t)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	big, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	src, dst := testenv.NewFakeRegistry(t, testenv.Quirks{}), testenv.NewFakeRegistry(t, testenv.Quirks{})
	src.Add(t, "app:1", img)
	for status, want := range map[int]string{
		http.StatusUnauthorized: "wants a login", http.StatusForbidden: "does not allow it", http.StatusNotFound: "has no such image",
		http.StatusTooManyRequests: "has had too many requests", http.StatusInternalServerError: "answers 500",
	} {
		rest := &misbehave.Rule{Method: "GET", Path: big.String(), Fault: misbehave.Answer(status)}
		server := httptest.NewServer(misbehave.Wrap(src, &misbehave.Rule{Method: "GET", Path: big.String(), Times: 1, Fault: misbehave.Drop(2_000_000)}, rest))
		t.Cleanup(server.Close)
		host := server.Listener.Addr().String()
		_, err := transfer.Copy(t.Context(), parse(t, host+"/app:1"), parse(t, dst.Host+"/app:1"), clientOptions(t))
		if err == nil || !strings.Contains(err.Error(), "pull "+host+"/app@"+big.String()+": "+host+" "+want) || strings.Contains(err.Error(), "push") {
			t.Errorf("%d: it says %v", status, err)
		}
		if rest.Happened() > 10 {
			t.Errorf("%d: it was asked %d times for the rest", status, rest.Happened())
		}
	}
}

// TestUploads pushes to a registry that misbehaves and recovers.
func TestUploads(t *testing.T) {
	start, r := testenv.NewRegistry(t, testenv.RegistryOptions{}), testenv.SharedRegistry(t)
	ref := start.Push(t, "app:1", bigImage(t))
	layout := "oci:" + filepath.Join(testenv.Dir(t), "layout") + ":1"
	want := copyImage(t, ref, layout, clientOptions(t)).Digest
	for name, rule := range map[string]func(r *testenv.Registry) *misbehave.Rule{
		"breaks uploads": func(r *testenv.Registry) *misbehave.Rule {
			return &misbehave.Rule{Method: "PATCH", Times: 3, Fault: r.Cuts().Cut(900_000)}
		},
		"forgets uploads": func(*testenv.Registry) *misbehave.Rule {
			return &misbehave.Rule{Method: "PATCH", Times: 2, Fault: misbehave.Drop(0)}
		},
		"is busy": func(*testenv.Registry) *misbehave.Rule {
			return &misbehave.Rule{Times: 4, Fault: misbehave.Answer(429, "Retry-After: 0")}
		},
		"fails at the end of uploads": func(*testenv.Registry) *misbehave.Rule {
			return &misbehave.Rule{Method: "PUT", Path: "/blobs/", Times: 3, Fault: misbehave.Answer(503)}
		},
		"loses the answer to a manifest": func(*testenv.Registry) *misbehave.Rule {
			return &misbehave.Rule{Method: "PUT", Path: "/manifests/", Times: 1, Fault: misbehave.Drop(0)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i, src := range []string{layout, ref} {
				bad := rule(r)
				r.Misbehave(t, bad)
				dst := fmt.Sprintf("uploads/%s/%d:1", strings.ReplaceAll(name, " ", "-"), i)
				if got := copyImage(t, src, r.Host+"/"+dst, clientOptions(t)); got.Digest != want {
					t.Errorf("the digest is %s, want %s", got.Digest, want)
				}
				if bad.Happened() == 0 {
					t.Error("the registry never misbehaved")
				}
				r.Misbehave(t)
				r.Validate(t, dst)
			}
		})
	}
}

// TestUploadResumes counts the bytes that go over the wire when a connection
// breaks: each is sent once.
func TestUploadResumes(t *testing.T) {
	start, r := testenv.NewRegistry(t, testenv.RegistryOptions{}), testenv.SharedRegistry(t)
	ref := start.Push(t, "app:1", bigImage(t))
	layout := "oci:" + filepath.Join(testenv.Dir(t), "layout") + ":1"
	copyImage(t, ref, layout, clientOptions(t))
	cut := r.Cuts().Cut(1_000_000)
	var ranges []string
	var started atomic.Int32
	rule := &misbehave.Rule{Method: "PATCH", Times: 2, Fault: func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		ranges = append(ranges, q.Header.Get("Content-Range"))
		cut(w, q, registry)
	}}
	count := &misbehave.Rule{Method: "POST", Fault: func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		started.Add(1)
		registry.ServeHTTP(w, q)
	}}
	r.Misbehave(t, rule, count)
	o := clientOptions(t)
	o.Parallel = 1
	copyImage(t, layout, r.Host+"/resumes/app:1", o)
	if len(ranges) != 2 || ranges[0] != "" || !strings.HasPrefix(ranges[1], "1000000-") {
		t.Errorf("the pieces that were cut had the ranges %q", ranges)
	}
	if started.Load() != 3 {
		t.Errorf("%d uploads were begun for 3 blobs", started.Load())
	}
}

// TestDamagedUpload pushes a layout with a flipped bit.
func TestDamagedUpload(t *testing.T) {
	r := testenv.SharedRegistry(t)
	ref := r.Push(t, "damaged/app:1", bigImage(t))
	dir := filepath.Join(testenv.Dir(t), "layout")
	copyImage(t, ref, "oci:"+dir, clientOptions(t))
	largest := ""
	var most int64
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fi, err := e.Info()
		if err == nil && fi.Size() > most {
			largest, most = path, fi.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(largest, data, 0o644); err != nil {
		t.Fatal(err)
	}
	// Who knows where the blob is has the good one mounted.
	_, err = transfer.Copy(t.Context(), parse(t, "oci:"+dir), parse(t, r.Host+"/damaged/copy:1"), clientOptions(t))
	if !errors.Is(err, image.ErrDamaged) {
		t.Errorf("pushing a damaged layer: %v", err)
	}
	for _, q := range r.Requests() {
		if strings.Contains(q.Path, "/damaged/copy/manifests/") && q.Method == http.MethodPut {
			t.Errorf("%s was stored", q.Path)
		}
	}
}

// TestRedirects pulls from a registry that sends clients elsewhere for blobs. The
// credentials are not for that place.
func TestRedirects(t *testing.T) {
	r := testenv.NewRegistry(t, testenv.RegistryOptions{User: "ann", Password: "secret"})
	r.Push(t, "app:1", bigImage(t))
	var seen atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		seen.Add(1)
		if got := q.Header.Get("Authorization"); got != "" {
			t.Errorf("the other host is told %q", got)
		}
		q.SetBasicAuth("ann", "secret") // it has the blobs of the registry
		q.Host = r.Host
		r.ServeHTTP(w, q)
	}))
	defer elsewhere.Close()
	front := httptest.NewServer(misbehave.Wrap(r.Recorder, &misbehave.Rule{
		Method: "GET", Path: "/blobs/", Fault: misbehave.Redirect(strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)),
	}))
	defer front.Close()
	o := loggedIn(t, front.Listener.Addr().String(), "ann", "secret")
	copyImage(t, front.Listener.Addr().String()+"/app:1", "oci:"+testenv.Dir(t)+"/layout", o)
	if seen.Load() == 0 {
		t.Error("the other host was not asked")
	}
}
