// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filesOf are files of some sizes, in bytes.
func filesOf(t *testing.T, sizes ...int) []string {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, size := range sizes {
		file := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(file, bytes.Repeat([]byte{'x'}, size), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func TestEach(t *testing.T) {
	sizes := []int{3, 0, 500, 12, 7, 7, 100}
	got, err := Each(t.Context(), filesOf(t, sizes...), func(_ context.Context, f Opened) (string, error) {
		data, err := io.ReadAll(f)
		return fmt.Sprint(f.Index, " ", f.Size, " ", len(data)), err
	})
	var want []string
	for i, size := range sizes {
		want = append(want, fmt.Sprint(i, " ", size, " ", size))
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	order, err := bySize(filesOf(t, sizes...))
	if diff := cmp.Diff([]int{2, 6, 3, 4, 5, 0, 1}, order); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestEachEnds wants the first error and nothing that is begun after it.
func TestEachEnds(t *testing.T) {
	fault := errors.New("it is damaged")
	var begun atomic.Int32
	_, err := Each(t.Context(), filesOf(t, make([]int, 200)...), func(ctx context.Context, f Opened) (int, error) {
		begun.Add(1)
		if f.Index == 0 {
			return 0, fault
		}
		<-ctx.Done()
		return 0, nil
	})
	if !errors.Is(err, fault) || errors.Is(err, context.Canceled) || begun.Load() == 200 {
		t.Errorf("%d are begun, %v", begun.Load(), err)
	}
	files := filesOf(t, 1, 1)
	if err := os.Remove(files[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := Each(t.Context(), files, func(context.Context, Opened) (int, error) { return 0, nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that isn't there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Each(ctx, filesOf(t, 1), func(context.Context, Opened) (int, error) { return 0, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
}

// archiveOf is a tar of files, with something after its end.
func archiveOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(name)), Mode: 0o644})
		if err == nil {
			_, err = io.WriteString(w, name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), make([]byte, 10240)...)
}

func TestEntries(t *testing.T) {
	whole := archiveOf(t, "a", "dir/b", "c")
	read := func(r io.Reader) (string, error) {
		var got []string
		err := Entries(t.Context(), r, Size{}, make([]byte, 100), func(h *tar.Header, content io.Reader) error {
			if h.Name == "bad" {
				return errors.New("it is bad")
			}
			text, err := io.ReadAll(content)
			got = append(got, h.Name+"="+string(text))
			return err
		})
		return strings.Join(got, " "), err
	}
	rest := bytes.NewReader(whole)
	if got, err := read(rest); got != "a=a dir/b=dir/b c=c" || err != nil || rest.Len() != 0 {
		t.Errorf("got %q, %v, with %d bytes left", got, err, rest.Len())
	}
	cut := errors.New("the stream is cut short")
	if _, err := read(io.MultiReader(bytes.NewReader(whole[:len(whole)-10]), faulty{cut})); !errors.Is(err, cut) {
		t.Errorf("a fault after the last file: %v", err)
	}
	if _, err := read(bytes.NewReader(whole[:512])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut in the middle: %v", err)
	}
	if _, err := read(bytes.NewReader(archiveOf(t, "a", "bad"))); err == nil || err.Error() != "read its files: it is bad" {
		t.Errorf("a bad file: %v", err)
	}
}

type faulty struct{ err error }

func (f faulty) Read([]byte) (int, error) { return 0, f.err }

func TestGroups(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a"} {
		if err := os.Mkdir(dir+"/"+name, 0o755); err != nil {
			t.Fatal(err)
		}
		g := &Group[string]{Packages: []string{name}, Conflicts: []Conflict{{Path: "/x", Packages: [2]string{name, "y"}}}}
		if err := g.Write(dir + "/" + name); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadGroups[string](dir)
	want := []*Group[string]{
		{Packages: []string{"a"}, Conflicts: []Conflict{{Path: "/x", Packages: [2]string{"a", "y"}}}},
		{Packages: []string{"b"}, Conflicts: []Conflict{{Path: "/x", Packages: [2]string{"b", "y"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := os.WriteFile(dir+"/a/"+metaFile, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadGroups[string](dir); err == nil {
		t.Error("half a file is read")
	}
}

// TestGroupsOfNothing reads the groups of a step that unpacked nothing, and of a
// directory that can't be read.
func TestGroupsOfNothing(t *testing.T) {
	if got, err := ReadGroups[string](filepath.Join(t.TempDir(), "none")); err != nil || len(got) > 0 {
		t.Errorf("nothing was unpacked: %v, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadGroups[string](file); err == nil {
		t.Error("a file is read as groups")
	}
}
