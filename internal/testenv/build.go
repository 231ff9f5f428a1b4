// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binaries are the programs of this module that a test process asked for, each
// once.
type binaries struct {
	mu    sync.Mutex
	built map[string]func() (string, error)
}

// Binary builds cmd/NAME for Linux and an architecture ("" is the machine's) as
// a release does, and returns its path in a directory of this test process.
// Processes that test the same source share what is built.
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
		build = sync.OnceValues(func() (string, error) { return placeBinary(dir, name, arch) })
		if b.built == nil {
			b.built = map[string]func() (string, error){}
		}
		b.built[key] = build
	}
	b.mu.Unlock()
	return build()
}

// placeBinary puts a program into a directory.
func placeBinary(dir, name, arch string) (string, error) {
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	cached, err := cachedBinary(root, name, arch)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	out := filepath.Join(dir, name)
	if err := os.Link(cached, out); err == nil {
		return out, nil
	}
	// The directory is on another disk.
	if text, err := exec.Command("cp", cached, out).CombinedOutput(); err != nil {
		return "", fmt.Errorf("place %s: %w\n%s", name, err, text)
	}
	return out, nil
}

// cachedBinary builds a program below .cache, unless one of this source is there.
func cachedBinary(root, name, arch string) (string, error) {
	key, err := sourceKey(root)
	if err != nil {
		return "", err
	}
	all := filepath.Join(root, ".cache", "test-programs")
	dir := filepath.Join(all, key)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(dir, name+"-"+arch+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	out := filepath.Join(dir, name+"-"+arch)
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	if err := goBuild(root, out+".new", name, arch); err != nil {
		return "", err
	}
	removeOld(all, key)
	return out, os.Rename(out+".new", out)
}

// removeOld removes the programs of sources that were tested long ago. What can't
// be removed stays.
func removeOld(all, but string) {
	const old = 24 * time.Hour
	entries, _ := os.ReadDir(all)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.Name() != but && time.Since(info.ModTime()) > old {
			_ = os.RemoveAll(filepath.Join(all, e.Name()))
		}
	}
}

// sourceKey is a digest of everything that a program is built from: the compiler,
// its flags, the versions of modules and every file beside the code that may go
// into a program.
func sourceKey(root string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), os.Getenv("GOFLAGS"), os.Getenv("GOAMD64"), buildFlags())
	files := []string{filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum")}
	for _, top := range []string{"cmd", "frontend", "internal", "llb"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testdata" || d.Name() == "testenv" || d.Name() == "e2e"):
				return fs.SkipDir
			case d.Type().IsRegular() && !strings.HasSuffix(path, "_test.go"):
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("read source: %w", err)
		}
	}
	for _, path := range files {
		if err := addFile(sum, root, path); err != nil {
			return "", fmt.Errorf("read source: %w", err)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:12]), nil
}

// addFile writes a file's name, size and content.
func addFile(w io.Writer, root, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	_, err1 := fmt.Fprintf(w, "%s %d\n", name, len(data))
	_, err2 := w.Write(data)
	return errors.Join(err1, err2)
}

func buildFlags() []string {
	return []string{"-tags=grpcnotrace", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="}
}

func goBuild(root, out, name, arch string) error {
	cmd := exec.Command("go", append(append([]string{"build"}, buildFlags()...), "-o", out, "./cmd/"+name)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s for %s: %w\n%s", name, arch, err, text)
	}
	return nil
}
