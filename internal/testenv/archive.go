// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Archive is a case of testdata: files, and sections that say how to build them
// and what must come out.
type Archive struct {
	// Name is the file's name without its ending.
	Name string
	// Path is where the archive lies.
	Path string

	text *txtar.Archive
}

// Archives reads the cases of a directory below testdata.
func Archives(t testing.TB, directory string) []*Archive {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Root(t), "testdata", directory, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no cases in testdata/%s: %v", directory, err)
	}
	all := make([]*Archive, 0, len(paths))
	for _, path := range paths {
		all = append(all, ReadArchive(t, path))
	}
	return all
}

// ReadArchive reads one case.
func ReadArchive(t testing.TB, path string) *Archive {
	t.Helper()
	text, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return &Archive{Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), Path: path, text: text}
}

// Files are the contents by name, the sections left out.
func (a *Archive) Files(sections ...string) map[string]string {
	files := map[string]string{}
	for _, f := range a.text.Files {
		if !slices.Contains(sections, f.Name) {
			files[f.Name] = string(f.Data)
		}
	}
	return files
}

// Section returns the content of one name, empty when there is none.
func (a *Archive) Section(name string) string { return a.Files()[name] }

// Expect compares a section with what came out, or writes it.
func (a *Archive) Expect(t testing.TB, name, got string, write bool) {
	t.Helper()
	if !write {
		if diff := cmp.Diff(a.Section(name), got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", name, a.Path, diff)
		}
		return
	}
	i := slices.IndexFunc(a.text.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		a.text.Files = append(a.text.Files, txtar.File{Name: name})
		i = len(a.text.Files) - 1
	}
	a.text.Files[i].Data = []byte(got)
	if err := os.WriteFile(a.Path, txtar.Format(a.text), 0o644); err != nil {
		t.Fatal(err)
	}
}
