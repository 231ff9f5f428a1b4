// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/image/rootfs"
)

// script reads layers, a line an entry: its kind, its name, and what it leads
// to. A line of three dashes begins the next layer.
func script(text string) [][]entry {
	layers := [][]entry{nil}
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, target, _ := strings.Cut(rest, " ")
		var e entry
		switch kind {
		case "---":
			layers = append(layers, nil)
			continue
		case "f":
			e = file(name, target)
		case "d":
			e = dir(name)
		case "s":
			e = symlink(name, target)
		case "h":
			e = hardlink(name, target)
		case "w":
			e = remove(name)
		case "o":
			e = opaque(name)
		case "p":
			e = device(name, tar.TypeFifo, 0, 0)
		case "x":
			e = file(name, "").xattr("user.x", target)
		default:
			continue
		}
		layers[len(layers)-1] = append(layers[len(layers)-1], e)
	}
	return layers
}

// fuzzLimit is how long an input may be, in bytes: a round writes all of it to a
// directory, and the fuzzer takes a slow round for one that hangs.
const fuzzLimit = 32 << 10

// FuzzLayers applies layers with all kinds of entries. What comes out stays in
// its directory, and is the same when it is flattened again.
func FuzzLayers(f *testing.F) {
	for _, seed := range []string{
		"d a\nf a/b c\n---\nw a\nf a d",
		"s up ../../..\nf up/x 1\n---\nw up/x\nh y up/x",
		"d d\nf d/f 1\n---\no d\nd d\nf d/g 2\ns l /d/../..\n---\no l/d",
		"s a b\ns b a\nf a/x 1",
		"f ../../x 1\nh ../y ../../x\np a/../../p\nx /x 1",
		"d d\ns l d\n---\nd l\no l\n---\nf l/../l 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > fuzzLimit/64 {
			return
		}
		var tars [][]byte
		for _, entries := range script(text) {
			data, ok := tryArchive(entries)
			if !ok {
				return
			}
			tars = append(tars, data)
		}
		if first, ok := tryFlatten(t, tars); ok {
			again, ok := tryFlatten(t, [][]byte{first})
			if !ok || !bytes.Equal(first, again) {
				t.Error("what was flattened is another when it is flattened again")
			}
		}
	})
}

// FuzzArchive reads archives that may be none.
func FuzzArchive(f *testing.F) {
	for _, s := range samples() {
		for _, layer := range s.layers {
			if data := archive(f, layer); len(data) <= fuzzLimit {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= fuzzLimit {
			tryFlatten(t, [][]byte{data})
		}
	})
}

func tryArchive(entries []entry) ([]byte, bool) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		e.Format = tar.FormatPAX
		if w.WriteHeader(&e.Header) != nil {
			return nil, false
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			return nil, false
		}
	}
	return buf.Bytes(), w.Close() == nil
}

// tryFlatten flattens archives into a directory, which has to be all that changes,
// and into an archive. Layers may be refused.
func tryFlatten(t *testing.T, tars [][]byte) ([]byte, bool) {
	t.Helper()
	var layers []rootfs.Layer
	for _, data := range tars {
		layers = append(layers, rootfs.Layer{Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		}})
	}
	around := t.TempDir()
	tree, err := rootfs.Flatten(t.Context(), layers, rootfs.Options{TempDir: around})
	if err != nil {
		return nil, false
	}
	defer tree.Close()
	// A device needs rights, and a number may be taken for another kind; the
	// directories are about paths.
	_, written := tree.WriteDir(t.Context(), filepath.Join(around, "a"))
	_, _, unpacked := rootfs.Unpack(t.Context(), layers, filepath.Join(around, "b"))
	if (written == nil) != (unpacked == nil) {
		t.Errorf("WriteDir: %v, Unpack: %v", written, unpacked)
	}
	left, err := os.ReadDir(around)
	if err != nil || len(left) != 2 || left[0].Name() != "a" || left[1].Name() != "b" {
		t.Fatalf("beside the roots are %v, %v", left, err)
	}
	if waiting, err := filepath.Glob(filepath.Join(around, "b", ".strata-bodies-*")); err != nil || len(waiting) > 0 {
		t.Errorf("left behind: %v, %v", waiting, err)
	}
	var buf bytes.Buffer
	if err := tree.WriteTar(t.Context(), &buf); err != nil {
		t.Fatalf("WriteTar: %v", err)
	}
	return buf.Bytes(), true
}
