// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// outside is what a build file names: an image, a file of a server and a branch.
type outside struct {
	image string
	files *filesServer
	git   *testenv.Git
}

// filesServer serves one text, whatever is asked for, and counts.
type filesServer struct {
	url   string
	mu    sync.Mutex
	text  string
	asked int
}

func newFilesServer(t *testing.T, text string) *filesServer {
	f := &filesServer{text: text}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked++
		_, _ = w.Write([]byte(f.text))
	}))
	t.Cleanup(s.Close)
	f.url = s.URL + "/tool,1"
	return f
}

func (f *filesServer) set(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text, f.asked = text, 0
}

func (f *filesServer) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// outsideProject is a project that takes something of each kind from outside, and what
// that is.
func outsideProject(t *testing.T, h *house.House) (string, *outside) {
	t.Helper()
	o := &outside{files: newFilesServer(t, "tool 1\n"), git: testenv.GitServer(t, map[string]string{"lib/a": "a 1\n"})}
	name := strings.ToLower(t.Name()) + ":1"
	o.image = testenv.BusyboxImage(t, h.Registry, name, testenv.BusyboxTweaks{})
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: `+o.image+`
layers:
  - files:
      - {dest: /usr/bin/tool, url: "`+o.files.url+`", mode: 0755}
      - {dest: /src, git: "`+o.git.URL+`#main:lib"}
      - {dest: /etc/from-stage, from: "dockerfile:Dockerfile", source: /made}
config: {cmd: [sh]}
-- Dockerfile --
FROM `+o.image+`
RUN echo made > /made
`)
	return dir, o
}

// move lets the image, the file and the branch be something else.
func (o *outside) move(t *testing.T, h *house.House) {
	t.Helper()
	testenv.BusyboxImage(t, h.Registry, strings.TrimPrefix(o.image, h.Registry.Host+"/"), testenv.BusyboxTweaks{Release: "2\n"})
	o.files.set("tool 2\n")
	o.git.Add(t, map[string]string{"lib/a": "a 2\n"})
}

// TestLockSources locks an image, a url and a branch; builds take what is locked by both
// doors, ask no server, and say nothing when everything has moved.
func TestLockSources(t *testing.T) {
	h := house.New(t)
	dir, o := outsideProject(t, h)
	before := digests(t, h, dir)
	h.MustLock(t, house.Hello(t), dir)
	text := house.Read(t, dir, "strata.lock")
	house.Contains(t, text, "version: 2\n", "images:\n", `": {digest: "sha256:`, "urls:\n",
		"  \""+o.files.url+"\": {sha256: ", ", size: 7}\n", "git:\n", o.git.URL+"#main\": {ref: refs/heads/main, commit: ", o.git.Commit)
	h.MustLock(t, house.Hello(t), dir)
	house.Want(t, "the lock, written again", house.Read(t, dir, "strata.lock"), text)

	o.move(t, h)
	h.Registry.Reset()
	o.git.Reset()
	for door, digest := range digests(t, h, dir, "--build-arg", "STRATA_LOCKED=1") {
		house.Want(t, "the digest by "+door+" after all moved", digest, before[door])
	}
	for _, asked := range h.Registry.Requests() {
		if strings.HasSuffix(asked.Path, "/testlocksources/manifests/1") {
			t.Errorf("a locked build asks the registry for a tag: %s %s", asked.Method, asked.Path)
		}
	}
	if n := o.files.count(); n != 0 {
		t.Errorf("a locked build asks for the file %d times", n)
	}
	if asked := o.git.Requests(); len(asked) != 0 {
		t.Errorf("a locked build asks for the repository: %v", asked)
	}

	status, out := h.Lock(t, house.Hello(t), dir, "--check")
	want3(t, status, out)
	house.Contains(t, out, "image ", ": from sha256:", "url "+o.files.url+": from sha256:", "git "+o.git.URL+"#main: from ", " to "+o.git.Commit, "strata.lock is not what is there today")
	house.Want(t, "the lock after --check", house.Read(t, dir, "strata.lock"), text)

	h.MustLock(t, house.Hello(t), dir, "--update", o.files.url)
	updated := house.Read(t, dir, "strata.lock")
	if changed := changedLines(text, updated); len(changed) != 1 || !strings.Contains(changed[0], o.files.url) {
		t.Errorf("--update of a url changes %q", changed)
	}
	h.MustLock(t, house.Hello(t), dir, "--update")
	if status, out := h.Lock(t, house.Hello(t), dir, "--check"); status != 0 {
		t.Errorf("a lock of today does not hold: status %d\n%s", status, out)
	}
	for door, digest := range digests(t, h, dir) {
		if digest == before[door] {
			t.Errorf("by %s an updated lock builds what was there before", door)
		}
	}
}

func want3(t *testing.T, status int, out string) {
	t.Helper()
	if status != 3 {
		t.Fatalf("exit status %d, want 3\n%s", status, out)
	}
}

// digests builds by both doors, and returns the image's digest of each.
func digests(t *testing.T, h *house.House, dir string, more ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, w := range h.Ways() {
		all[w.Name] = h.Registry.Descriptor(t, w.Image(t, h, "", house.Flags(dir, more...)...)).Digest.String()
	}
	return all
}

// changedLines are the lines of a text that an older one doesn't have.
func changedLines(older, newer string) []string {
	var changed []string
	for line := range strings.SplitSeq(newer, "\n") {
		if !strings.Contains(older, line+"\n") {
			changed = append(changed, line)
		}
	}
	return changed
}

// TestUnlockedSources builds with a lock that doesn't have everything.
func TestUnlockedSources(t *testing.T) {
	h := house.New(t)
	dir, o := outsideProject(t, h)
	lock := filepath.Join(dir, "strata.lock")
	w := h.ByStrata()

	house.Write(t, lock, []byte("version: 1\n"))
	out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
	if n := strings.Count(out, "WARNING: UnlockedSource: "); n != 1 || !strings.Contains(out, "strata.lock has packages and store paths alone, as older versions of Strata wrote it") {
		t.Errorf("no word of an older lock:\n%s", out)
	}
	house.Write(t, lock, []byte("version: 2\n"))
	out = w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
	house.Contains(t, out, "strata.yaml:2:7: strata.lock does not have the image "+o.image, "strata.yaml:5:", "strata.lock does not have "+o.files.url, "strata.lock does not have "+o.git.URL+"#main")
	if out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly", "--build-context", o.image+"=docker-image://"+o.image)...); strings.Contains(out, "strata.yaml:2:7: strata.lock does not have") {
		t.Errorf("a context that took an image's place is said to lack in the lock:\n%s", out)
	}
	out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly", "--locked")...)
	if err == nil {
		t.Error("--locked builds what is not locked")
	}
	house.Contains(t, out, "strata.yaml:2:7: the lock is not up to date: strata.lock does not have the image "+o.image, `run "strata lock"`)
	h.MustLock(t, house.Hello(t), dir)
	w.Must(t, house.Flags(dir, "-o", "type=cacheonly", "--locked")...)
	house.Write(t, lock, []byte(swapSum(house.Read(t, lock))))
	out, err = h.Strata(house.Flags(dir, "-o", "type=cacheonly", "--no-cache")...)
	if err == nil {
		t.Error("a file is built that is not what the lock says")
	}
	house.Contains(t, out, "strata.yaml:5:", o.files.url+" is not what strata.lock says: it has sha256:", "strata lock --update "+o.files.url)
}

// TestLockedImageGone builds by a lock whose image the registry doesn't have any more.
func TestLockedImageGone(t *testing.T) {
	h := house.New(t)
	image := testenv.BusyboxImage(t, h.Registry, "gone:1", testenv.BusyboxTweaks{})
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+image+"\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	gone := "sha256:" + strings.Repeat("0", 64)
	house.Write(t, filepath.Join(dir, "strata.lock"), []byte("version: 2\nimages:\n  \""+image+"\": {digest: \""+gone+"\"}\n"))
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir, "-o", "type=cacheonly")...)
		if err == nil {
			t.Error("an image that is not there is built on")
		}
		house.Contains(t, out, "strata.yaml:2:7: look up "+image+": "+h.Registry.Host+" has no such image any more as "+gone+", which strata.lock has", `strata lock --update `+image)
	})
}

// swapSum is a lock whose files have another checksum.
func swapSum(text string) string {
	at := strings.Index(text, "sha256: \"") + len("sha256: \"")
	return text[:at] + strings.Repeat("0", 64) + text[at+64:]
}
