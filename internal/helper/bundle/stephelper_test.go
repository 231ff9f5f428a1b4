// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/tonistiigi/fsutil"
)

// contents is what the daemon would see of a mount.
func contents(t *testing.T, m fsutil.FS) (files map[string]string, times map[string]int64) {
	t.Helper()
	files, times = map[string]string{}, map[string]int64{}
	err := m.Walk(context.Background(), "", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		if fi.Mode() != 0o755 {
			t.Errorf("%s has mode %v", path, fi.Mode())
		}
		r, err := m.Open(path)
		if err != nil {
			return err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if int64(len(data)) != fi.Size() {
			t.Errorf("%s has %d bytes, and says %d", path, len(data), fi.Size())
		}
		files[path], times[path] = string(data), fi.ModTime().Unix()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, times
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	empty, first, second := t.TempDir(), t.TempDir(), t.TempDir()
	put(t, first, "strata-step-riscv64", "riscv")
	put(t, first, "strata-stepping", "no helper")
	put(t, second, "strata-step", "plain")
	own := "strata-step-" + runtime.GOARCH

	got, _ := contents(t, find([]string{empty, filepath.Join(empty, "missing"), first, second}))
	if diff := cmp.Diff(map[string]string{"strata-step-riscv64": "riscv"}, got); diff != "" {
		t.Errorf("first directory with helpers (-want +got):\n%s", diff)
	}
	got, _ = contents(t, find([]string{second}))
	if diff := cmp.Diff(map[string]string{own: "plain"}, got); diff != "" {
		t.Errorf("helper without architecture (-want +got):\n%s", diff)
	}
	put(t, first, "elsewhere", "exact")
	if err := os.Symlink(filepath.Join(first, "elsewhere"), filepath.Join(second, own)); err != nil {
		t.Fatal(err)
	}
	got, _ = contents(t, find([]string{second}))
	if diff := cmp.Diff(map[string]string{own: "exact"}, got); diff != "" {
		t.Errorf("helper with architecture (-want +got):\n%s", diff)
	}
}

// TestTime holds that two helpers of one size differ for the daemon, which
// compares sizes and times.
func TestTime(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "strata-step-x", "one")
	put(t, dir, "strata-step-y", "two")
	put(t, dir, "strata-step-z", "one")
	_, times := contents(t, find([]string{dir}))
	if times["strata-step-x"] == times["strata-step-y"] || times["strata-step-x"] != times["strata-step-z"] {
		t.Errorf("times do not follow the bytes: %v", times)
	}
}

// counted counts how often files are opened.
type counted struct {
	fs.FS
	opened map[string]int
}

func (c counted) Open(name string) (fs.File, error) {
	c.opened[name]++
	return c.FS.Open(name)
}

// TestReadOnce holds that of the helpers for all architectures only the one that a build
// selects is read, and that it is summed up once however often the daemon asks.
func TestReadOnce(t *testing.T) {
	c := counted{FS: fstest.MapFS{"a": {Data: []byte("one")}, "b": {Data: []byte("two")}}, opened: map[string]int{}}
	m := &mount{files: map[string]*helper{"strata-step-x": newHelper(c, "a", "strata-step-x"), "strata-step-y": newHelper(c, "b", "strata-step-y")}}
	for range 3 {
		selected, err := fsutil.NewFilterFS(m, &fsutil.FilterOpt{IncludePatterns: []string{"strata-step-y"}, FollowPaths: []string{"strata-step-y"}})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		err = selected.Walk(context.Background(), "", func(path string, d fs.DirEntry, err error) error {
			names = append(names, path)
			_, infoErr := d.Info()
			return errors.Join(err, infoErr)
		})
		if err != nil || !slices.Equal(names, []string{"strata-step-y"}) {
			t.Fatalf("the selected helpers are %q, %v", names, err)
		}
	}
	if diff := cmp.Diff(map[string]int{"b": 1}, c.opened); diff != "" {
		t.Errorf("how often each helper is read (-want +got):\n%s", diff)
	}
}

func TestMissing(t *testing.T) {
	m := find([]string{t.TempDir()})
	err := m.Walk(context.Background(), "", func(string, fs.DirEntry, error) error { return nil })
	if missing := (*MissingError)(nil); !errors.As(err, &missing) {
		t.Errorf("error %v, want a MissingError", err)
	}
	if _, err := m.Open("strata-step-amd64"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
}
