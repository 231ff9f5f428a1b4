// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/testenv"
)

// full is a file on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestTagSaysWhatItCannotPrint gives an image a name, and can't say so.
func TestTagSaysWhatItCannotPrint(t *testing.T) {
	dir := filepath.Join(testenv.Dir(t), "layout")
	at, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := at.AppendImage(testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}})); err != nil {
		t.Fatal(err)
	}
	terminal := cli.Terminal{In: strings.NewReader(""), Out: full{}, Err: os.Stderr, Env: func(string) (string, bool) { return "", false }}
	if err := runTag(t.Context(), terminal, tagOptions{source: "oci:" + dir, names: []string{"new"}}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
}
