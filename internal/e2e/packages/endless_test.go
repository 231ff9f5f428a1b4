// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// endless serves an archive, but for files with some word in their path: those begin as
// they are and have no end. It counts what it sends of these.
func endless(t *testing.T, a *testenv.DebArchive, word string) (url string, sent *atomic.Int64) {
	t.Helper()
	sent = new(atomic.Int64)
	files, chunk := http.FileServer(http.Dir(a.Dir)), make([]byte, 1<<20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, word) {
			files.ServeHTTP(w, r)
			return
		}
		for {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return "http://" + server.Listener.Addr().String(), sent
}

// TestDownloadsEnd meets servers that never stop sending: in the embedded engine every
// file of an archive ends at its size, or at the most that is taken of its kind.
func TestDownloadsEnd(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := h.PackagesProject(t, a, "hello")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	lock := house.Read(t, dir, "strata.lock")
	for _, c := range []struct {
		name, word string
		locked     bool
		// most is what the server may have sent, in bytes, with what is on the way.
		most int64
	}{
		{"list of files", "InRelease", false, 32 << 20},
		{"list of packages", "Packages", false, 1 << 20},
		{"package", "pool/", true, 1 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, sent := endless(t, a, c.word)
			_ = exec.Command("rm", "-f", filepath.Join(dir, "strata.lock")).Run()
			if c.locked {
				house.Write(t, filepath.Join(dir, "strata.lock"), []byte(lock))
			}
			cmd := h.CLI.Command(append([]string{"build", "--progress=plain", "-o", "type=cacheonly"}, house.Flags(dir, "--build-arg=MIRROR="+url, "--platform=linux/amd64")...)...)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Error("it is not an error")
			}
			house.Contains(t, string(out), "the server sends more than ")
			// BuildKit may ask once more.
			if most := 4 * (c.most + 16<<20); sent.Load() > most {
				t.Errorf("the server sent %d bytes, want at most %d", sent.Load(), most)
			}
		})
	}
}
