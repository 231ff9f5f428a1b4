// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro"
)

// files are an image that has nothing else.
type files fstest.MapFS

func (f files) ReadFile(_ context.Context, name string) ([]byte, error) {
	return fstest.MapFS(f).ReadFile(strings.TrimPrefix(name, "/"))
}

func (f files) ReadDir(_ context.Context, name string) ([]string, error) {
	entries, err := fstest.MapFS(f).ReadDir(strings.TrimPrefix(name, "/"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// TestRepositoriesOfTheBase reads the files that "apk update" reads, in its order.
func TestRepositoriesOfTheBase(t *testing.T) {
	line := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("https://example.org/" + name + "\n")}
	}
	b := &base{Configured: distro.Configured{Name: "the base", Tree: files{
		"etc/apk/repositories":               line("main"),
		"etc/apk/repositories.d/20.list":     line("etc-20"),
		"etc/apk/repositories.d/.5.list":     line("hidden"),
		"etc/apk/repositories.d/15.list.bak": line("old"),
		"lib/apk/repositories.d/10.list":     line("lib-10"),
		"lib/apk/repositories.d/20.list":     line("lib-20"),
	}}}
	all, err := b.repositories(t.Context(), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		got = append(got, r.uris...)
	}
	if diff := cmp.Diff([]string{"https://example.org/main", "https://example.org/lib-10", "https://example.org/etc-20"}, got); diff != "" {
		t.Error(diff)
	}
}
