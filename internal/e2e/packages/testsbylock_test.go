// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestTestsByTheLock tests the image that a build makes: of the packages that the
// lock has, although the archive has a newer one, which lacks the program.
func TestTestsByTheLock(t *testing.T) {
	h := house.New(t)
	program, err := os.ReadFile(testenv.Binary(t, "strata-step", ""))
	if err != nil {
		t.Fatal(err)
	}
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "prog", Version: "1", Files: map[string]string{"usr/bin/prog": string(program)}})
	dir := h.PackagesProject(t, a, "prog")
	file := filepath.Join(dir, "strata.yaml")
	house.Write(t, file, []byte(house.Read(t, file)+"tests: [{name: runs, run: [/usr/bin/prog, version]}]\n"))
	h.MustLock(t, a, dir)
	a.Add(t, testenv.Deb{Name: "prog", Version: "2", Files: map[string]string{"usr/share/prog": "no program\n"}})
	test := func() testenv.Result {
		return h.CLI.Run(t, "test", "--progress=plain", "--addr", h.Daemon.Addr, "--build-arg", "MIRROR="+a.URL, dir)
	}
	if r := test(); r.Code != 0 || !strings.Contains(r.Stdout, "ok    runs") || strings.Contains(r.Stderr, "not locked") {
		t.Errorf("with the lock: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	house.Remove(t, filepath.Join(dir, "strata.lock"))
	if r := test(); r.Code == 0 || !strings.Contains(r.Stderr, "packages are not locked") {
		t.Errorf("without the lock: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}
