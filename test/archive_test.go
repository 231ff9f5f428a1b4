// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// archive is a case of testdata: files, and sections about them.
type archive struct {
	name string
	path string
	arch *txtar.Archive
}

// archives reads the cases of a folder of testdata.
func archives(t *testing.T, folder string) []*archive {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no cases in testdata/%s: %v", folder, err)
	}
	var all []*archive
	for _, path := range paths {
		arch, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &archive{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, arch: arch})
	}
	return all
}

// unpack writes the files to a new folder, all but the sections.
func (a *archive) unpack(t *testing.T, sections ...string) string {
	t.Helper()
	files := map[string]string{}
	for _, f := range a.arch.Files {
		if !slices.Contains(sections, f.Name) {
			files[f.Name] = string(f.Data)
		}
	}
	return folder(t, files)
}

// section returns a file of the case.
func (a *archive) section(name string) string {
	for _, f := range a.arch.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// expect compares a section with what came out, or writes it with -update.
func (a *archive) expect(t *testing.T, name, got string) {
	t.Helper()
	if !*update {
		if diff := cmp.Diff(a.section(name), got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", name, a.path, diff)
		}
		return
	}
	i := slices.IndexFunc(a.arch.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		a.arch.Files = append(a.arch.Files, txtar.File{Name: name})
		i = len(a.arch.Files) - 1
	}
	a.arch.Files[i].Data = []byte(got)
	if err := os.WriteFile(a.path, txtar.Format(a.arch), 0o644); err != nil {
		t.Fatal(err)
	}
}
