// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/union"
)

// realUnions are the build files that TestUnionOnBuildKit makes. Among them are commands
// that delete in place, that ship $out and outputs, an image on scratch, and a refusal.
func realUnions() []uint64 { return []uint64{10, 15, 22, 90, 97, 110} }

// TestUnionOnBuildKit has a real BuildKit build some of the build files that the
// model of it is asked about by the thousand: a layer for each, and all in as few as there
// may be.
func TestUnionOnBuildKit(t *testing.T) {
	h := newHouse(t)
	deletes, ships := false, false
	for _, seed := range realUnions() {
		p := union.NewProject(seed)
		want, refused := p.Image()
		if errors.Is(refused, union.ErrReturns) || errors.Is(refused, union.ErrMeets) {
			continue
		}
		for _, l := range p.Layers {
			deletes, ships = deletes || l.Script != nil, ships || l.Ships != nil
		}
		dir := t.TempDir()
		writeTree(t, filepath.Join(dir, "context"), p.Context)
		writeTree(t, filepath.Join(dir, "base"), p.Base)
		testenv.Output(t, "sh", "-c", `mkdir -p "$0/bin" && cp "$(command -v busybox)" "$0/bin/busybox" && for a in chmod ln mkdir printf rm sh true; do ln -s busybox "$0/bin/$a"; done`, filepath.Join(dir, "base"))
		for limit := 0; limit <= 1; limit++ {
			text := p.YAML("context:base", limit)
			if limit == 1 {
				text = p.YAML("context:base", fewest(p))
			}
			write(t, filepath.Join(dir, "strata.yaml"), text)
			out := filepath.Join(dir, fmt.Sprint("out", limit, ".tar"))
			got := h.build(t, "-q", "-f", filepath.Join(dir, "strata.yaml"), "-o", "type=tar,dest="+out,
				"--build-context", "base="+filepath.Join(dir, "base"), filepath.Join(dir, "context"))
			switch {
			case refused != nil && got.Code == 0:
				t.Errorf("build file %d is built, and should not be (%v):\n%s", seed, refused, text)
			case refused != nil:
			case got.Code != 0:
				t.Errorf("build file %d: %s\n%s", seed, got.Stderr, text)
			default:
				if diff := cmp.Diff(want.Text(false), tarTree(t, out).Text(false)); diff != "" {
					t.Errorf("build file %d, limit %d (-want +got):\n%s\n%s\nbase:\n%s", seed, limit, diff, text, p.Base.Text(true))
				}
			}
		}
	}
	if !deletes || !ships {
		t.Error("no build file has a command in place, or none has one that ships something")
	}
}

// fewest is the least that max_layers can be: the base's layer, one for each command in
// place, and one for the files before, between and after them.
func fewest(p *union.Project) int {
	n, files := 1, false
	for _, l := range p.Layers {
		if l.Script != nil {
			n, files = n+1, false
		} else if !files {
			n, files = n+1, true
		}
	}
	return n
}

// writeTree writes a tree to a directory.
func writeTree(t *testing.T, at string, n *union.Node) {
	t.Helper()
	var err error
	switch n.Kind {
	case union.Link:
		err = os.Symlink(n.Data, at)
	case union.File:
		if err = os.WriteFile(at, []byte(n.Data), 0o600); err == nil {
			err = os.Chmod(at, os.FileMode(n.Mode))
		}
	default:
		if err = os.MkdirAll(at, 0o755); err == nil {
			err = os.Chmod(at, os.FileMode(n.Mode))
		}
		for name, kid := range n.Kids {
			writeTree(t, filepath.Join(at, name), kid)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tarTree reads a tree from an archive, without the programs of the base.
func tarTree(t *testing.T, file string) *union.Node {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	root, r := union.NewDir(), tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatal(err)
		}
		name := "/" + strings.Trim(h.Name, "/")
		if name == "/" || name == "/bin" || strings.HasPrefix(name, "/bin/") {
			continue
		}
		n := union.NewDir()
		switch h.Typeflag {
		case tar.TypeDir:
			root.Dirs(name)
			continue
		case tar.TypeSymlink:
			n = &union.Node{Kind: union.Link, Data: h.Linkname}
		case tar.TypeReg:
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			n = &union.Node{Kind: union.File, Data: string(data)}
		default:
			t.Errorf("%s is of type %q", name, h.Typeflag)
		}
		root.Put(name, n)
	}
}
