// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// binaries are the programs of this module that a test process built, each once.
type binaries struct {
	mu    sync.Mutex
	built map[string]func() (string, error)
}

// Binary builds cmd/NAME for Linux and an architecture ("" is the machine's) as
// a release does, once for each test process, and returns its path.
func Binary(t testing.TB, name, arch string) string {
	t.Helper()
	if arch == "" {
		arch = runtime.GOARCH
	}
	s := sharedSession(t)
	path, err := s.binaries.get(filepath.Join(s.dir, "bin-"+arch), name, arch)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (b *binaries) get(dir, name, arch string) (string, error) {
	b.mu.Lock()
	key := name + "/" + arch
	build, ok := b.built[key]
	if !ok {
		build = sync.OnceValues(func() (string, error) { return goBuild(dir, name, arch) })
		if b.built == nil {
			b.built = map[string]func() (string, error){}
		}
		b.built[key] = build
	}
	b.mu.Unlock()
	return build()
}

func goBuild(dir, name, arch string) (string, error) {
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-tags=grpcnotrace", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", out, "./cmd/"+name)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s for %s: %w\n%s", name, arch, err, text)
	}
	return out, nil
}
