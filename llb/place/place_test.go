// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// disk is directories of this machine for the local sources of those names. A
// copy from a source has what the source has.
type disk map[string]string

// path is where a file of a state is.
func (d disk) path(ctx context.Context, st bk.State, file string) (string, error) {
	def, err := st.Marshal(ctx)
	if err != nil {
		return "", err
	}
	var first pb.Op
	if err := first.UnmarshalVT(def.Def[0]); err != nil {
		return "", err
	}
	root := d[strings.TrimPrefix(first.GetSource().GetIdentifier(), "local://")]
	return filepath.Join(root, file), nil
}

func (d disk) List(ctx context.Context, st bk.State, dir string) ([]*fstypes.Stat, error) {
	real, err := d.path(ctx, st, dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(real)
	if err != nil {
		return nil, err
	}
	var out []*fstypes.Stat
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		s := &fstypes.Stat{Path: e.Name(), Mode: uint32(info.Mode())}
		if info.Mode()&fs.ModeSymlink != 0 {
			if s.Linkname, err = os.Readlink(filepath.Join(real, e.Name())); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func (d disk) Open(ctx context.Context, st bk.State) (tree.Tree, error) {
	root, err := d.path(ctx, st, "/")
	return directory(root), err
}

// directory is one directory of this machine.
type directory string

func (d directory) ReadFile(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}

func (d directory) ReadDir(_ context.Context, dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(string(d), dir))
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// write makes a directory with files, each perhaps with its text after a "="; a
// name that ends in a slash is a directory, and "a -> b" is a link.
func write(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		file, target, isLink := strings.Cut(name, " -> ")
		real := filepath.Join(root, file)
		err := os.MkdirAll(filepath.Dir(strings.SplitN(real, "=", 2)[0]), 0o755)
		switch {
		case err != nil:
		case isLink:
			err = os.Symlink(target, real)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(real, 0o755)
		default:
			file, content, _ := strings.Cut(real, "=")
			err = os.WriteFile(file, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// house is an image on a base that has directories and links, and a context.
type house struct {
	placer *place.Placer
	on     place.Base
}

func newHouse(t *testing.T) *house {
	d := disk{
		"base":    write(t, "usr/bin/", "usr/lib/", "bin -> usr/bin", "opt/app -> ../srv/app", "srv/app/", "etc/passwd=app:x:1000:1001::/srv/app:/bin/sh\n"),
		"context": write(t, "tree/bin/tool", "tree/opt/app/data", "tree/etc/new", "tree/usr/bin/other", "one"),
	}
	base := bk.Local("base", bk.LocalUniqueID("same"))
	trees := func(_ context.Context, t plan.Tree) (bk.State, error) {
		return bk.Local(t.Name, bk.LocalUniqueID("same")), nil
	}
	return &house{
		placer: place.NewPlacer(d, trees),
		on:     place.Base{Skeleton: place.NewSkeleton(d, base, false), Current: func() bk.State { return base }, Ops: &op.Maker{}},
	}
}

func (h *house) files(t *testing.T, entries ...plan.Entry) (string, error) {
	t.Helper()
	st, err := h.placer.Files(t.Context(), h.on, &plan.Layer{}, &plan.Files{Entries: entries}, "files")
	if err != nil {
		return "", err
	}
	def, err := st.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := llb.Dump(&text, def); err != nil {
		t.Fatal(err)
	}
	return text.String(), nil
}

func fromContext(p, dest string) plan.Entry {
	return plan.Entry{Dest: dest, Copy: &plan.Copy{From: plan.Tree{Kind: plan.Main, Name: "context"}, Path: p}}
}

// TestTreeBesideLinks places a tree with directories that are links in the base:
// what is below them goes where they point, and the links stay.
func TestTreeBesideLinks(t *testing.T) {
	got, err := newHouse(t).files(t, fromContext("/tree", "/"))
	if err != nil {
		t.Fatal(err)
	}
	var copies []string
	for line := range strings.Lines(got) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "copy /tree") {
			copies = append(copies, line)
		}
	}
	want := []string{
		"copy /tree from 2 to / 0:0 exclude bin exclude opt/app time 0",
		"copy /tree/bin from 2 to /usr/bin 0:0 time 0",
		"copy /tree/opt/app from 2 to /srv/app 0:0 time 0",
	}
	if diff := cmp.Diff(want, copies); diff != "" {
		t.Errorf("copies (-want +got):\n%s\n%s", diff, got)
	}
}

func TestMistakes(t *testing.T) {
	text := "x"
	for name, c := range map[string]struct {
		entry plan.Entry
		want  string
	}{
		"root":      {plan.Entry{Dest: "/", Directory: true}, "the root can't be an entry"},
		"content":   {plan.Entry{Dest: "/srv/app", Content: &text}, "the base has a directory there; write /srv/app/"},
		"copy":      {fromContext("/one", "/srv/app"), "the base has a directory there; write /srv/app/"},
		"link":      {plan.Entry{Dest: "/srv/app", Symlink: "/x"}, "there is a directory already"},
		"git":       {plan.Entry{Dest: "/src", Git: &plan.Git{URL: "ftp://x"}}, "parse git address"},
		"owner":     {plan.Entry{Dest: "/x", Content: &text, Owner: &plan.Owner{User: "web"}}, `look up user "web"`},
		"link loop": {plan.Entry{Dest: "/loop/x", Content: &text}, "follow /loop: "},
	} {
		h := newHouse(t)
		if name == "link loop" {
			if _, err := h.files(t, plan.Entry{Dest: "/loop", Symlink: "loop"}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := h.files(t, c.entry)
		var fault *plan.Fault
		if !errors.As(err, &fault) || !fault.IsMistake() || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want a mistake with %q", name, err, c.want)
		}
	}
}

func TestOwnerByName(t *testing.T) {
	text := "x"
	got, err := newHouse(t).files(t, plan.Entry{Dest: "/srv/app/x", Content: &text, Owner: &plan.Owner{User: "app"}})
	if err != nil || !strings.Contains(got, "mkfile /srv/app/x 0644 1000:1001") {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestSkeletonOfATarget puts files on an image whose base is another target: what
// that one's layers are known to have made holds, and what a command made there is
// only looked at in a step.
func TestSkeletonOfATarget(t *testing.T) {
	below := newHouse(t)
	mode := plan.Mode(0o700)
	if _, err := below.files(t, plan.Entry{Dest: "/var/secret", Directory: true, Mode: &mode}); err != nil {
		t.Fatal(err)
	}
	text := "x"
	file := plan.Entry{Dest: "/var/secret/x", Content: &text}
	h := newHouse(t)
	h.on.Skeleton.Continue(below.on.Skeleton)
	got, err := h.files(t, file)
	if err != nil || !strings.Contains(got, "mkdir /var/secret 0700 0:0") {
		t.Errorf("on a directory of the target below: %v\n%s", err, got)
	}
	below.on.Skeleton.Replace(below.on.Current())
	h = newHouse(t)
	h.on.Skeleton.Continue(below.on.Skeleton)
	if _, err := h.files(t, file); !errors.Is(err, op.ErrNoStep) {
		t.Errorf("after a command, and without a step helper: error %v, want %v", err, op.ErrNoStep)
	}
}
