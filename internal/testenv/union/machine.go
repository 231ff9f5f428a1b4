// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// Machine runs LLB on trees in memory. It has one image and one build context.
type Machine struct {
	Base, Context *Node
	// mu is for known: places are looked up side by side.
	mu    sync.Mutex
	known map[digest.Digest][]*change
}

// change is a result: a tree, and what it removes from what it is put on.
type change struct {
	tree    *Node
	removed []string
}

// NewMachine is a machine that has built nothing yet.
func NewMachine(base, buildContext *Node) *Machine {
	return &Machine{Base: base, Context: buildContext, known: map[digest.Digest][]*change{}}
}

// Run is the tree of a state.
func (m *Machine) Run(ctx context.Context, st bk.State) (*Node, error) {
	if st.Output() == nil {
		return NewDir(), nil
	}
	def, err := st.Marshal(ctx, bk.LinuxAmd64)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var last pb.Op
	for _, dt := range def.Def {
		last = pb.Op{}
		if err := last.UnmarshalVT(dt); err != nil {
			return nil, err
		}
		id := digest.FromBytes(dt)
		if _, ok := m.known[id]; ok || last.Op == nil {
			continue
		}
		made, err := m.operate(&last)
		if err != nil {
			return nil, err
		}
		m.known[id] = made
	}
	return m.input(last.Inputs[0]).tree, nil
}

func (m *Machine) input(in *pb.Input) *change {
	out := m.known[digest.Digest(in.Digest)]
	if int(in.Index) >= len(out) {
		return &change{tree: NewDir()}
	}
	return out[in.Index]
}

func (m *Machine) operate(op *pb.Op) ([]*change, error) {
	inputs := make([]*change, len(op.Inputs))
	trees := make([]*Node, len(op.Inputs))
	for i, in := range op.Inputs {
		inputs[i] = m.input(in)
		trees[i] = inputs[i].tree
	}
	switch x := op.Op.(type) {
	case *pb.Op_Source:
		switch id := x.Source.Identifier; {
		case strings.HasPrefix(id, "docker-image://"):
			return []*change{{tree: m.Base}}, nil
		case id == "local://context":
			return []*change{{tree: m.Context}}, nil
		case id == "local://strata-step":
			helpers := NewDir()
			for _, arch := range []string{"amd64", "arm64"} {
				helpers.Kids["strata-step-"+arch] = &Node{Kind: File, Mode: 0o755}
			}
			return []*change{{tree: helpers}}, nil
		}
		return []*change{{tree: NewDir()}}, nil
	case *pb.Op_File:
		out, err := fileOp(x.File, trees)
		return []*change{{tree: out}}, err
	case *pb.Op_Merge:
		out := NewDir()
		for _, in := range x.Merge.Inputs {
			if in.Input < 0 {
				continue
			}
			for _, p := range inputs[in.Input].removed {
				out.Remove(p)
			}
			out.Over(inputs[in.Input].tree)
		}
		return []*change{{tree: out}}, nil
	case *pb.Op_Diff:
		return []*change{difference(at(trees, x.Diff.Lower.Input), at(trees, x.Diff.Upper.Input))}, nil
	case *pb.Op_Exec:
		return execute(x.Exec, trees)
	}
	return nil, fmt.Errorf("unknown operation %T", op.Op)
}

func at(trees []*Node, i int64) *Node {
	if i < 0 {
		return NewDir()
	}
	return trees[i]
}

// difference is what was changed, with the directories above it, and what was removed.
func difference(lower, upper *Node) *change {
	c := &change{tree: NewDir()}
	c.differ(lower, upper, "/", c.tree)
	return c
}

func (c *change) differ(lower, upper *Node, dir string, into *Node) bool {
	changed := false
	for name := range lower.Kids {
		if upper.Kids[name] == nil {
			c.removed = append(c.removed, path.Join(dir, name))
			changed = true
		}
	}
	for name, kid := range upper.Kids {
		old := lower.Kids[name]
		same := old != nil && old.Kind == kid.Kind && old.Data == kid.Data && old.Mode == kid.Mode && old.UID == kid.UID && old.GID == kid.GID
		switch {
		case same && kid.Kind != Dir:
		case old != nil && old.Kind == Dir && kid.Kind == Dir:
			sub := NewDir()
			sub.Mode, sub.UID, sub.GID = kid.Mode, kid.UID, kid.GID
			if c.differ(old, kid, path.Join(dir, name), sub) || !same {
				into.Kids[name] = sub
				changed = true
			}
		default:
			into.Kids[name] = kid.Clone()
			changed = true
		}
	}
	return changed
}

// List lists a directory as BuildKit does, which follows links.
func (m *Machine) List(ctx context.Context, st bk.State, dir string) ([]*fstypes.Stat, error) {
	root, err := m.Run(ctx, st)
	if err != nil {
		return nil, err
	}
	real, ok := root.Real(dir)
	if !ok {
		return nil, errLoop
	}
	n := root.At(real)
	switch {
	case n == nil:
		return nil, fs.ErrNotExist
	case n.Kind != Dir:
		return nil, errors.New("not a directory")
	}
	var out []*fstypes.Stat
	for name, kid := range n.Kids {
		s := &fstypes.Stat{Path: name, Mode: kid.Mode, Uid: uint32(kid.UID), Gid: uint32(kid.GID)}
		switch kid.Kind {
		case Dir:
			s.Mode |= uint32(os.ModeDir)
		case Link:
			s.Mode, s.Linkname = s.Mode|uint32(os.ModeSymlink), kid.Data
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *fstypes.Stat) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// Open opens a tree to read files.
func (m *Machine) Open(ctx context.Context, st bk.State) (tree.Tree, error) {
	root, err := m.Run(ctx, st)
	return opened{root, err}, nil
}

// opened is a tree that is read. As with BuildKit, it shows only then whether it can be made.
type opened struct {
	root *Node
	err  error
}

// ReadFile returns a file's content.
func (o opened) ReadFile(_ context.Context, name string) ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	real, ok := o.root.Real(name)
	if n := o.root.At(real); ok && n != nil && n.Kind == File {
		return []byte(n.Data), nil
	}
	return nil, fs.ErrNotExist
}

// ReadDir returns no names: nothing here asks for them.
func (o opened) ReadDir(context.Context, string) ([]string, error) { return nil, o.err }

// Tree is the image or the build context.
func (m *Machine) Tree(_ context.Context, t plan.Tree) (bk.State, error) {
	if t.Kind == plan.Main {
		return bk.Local("context", bk.LocalUniqueID("same")), nil
	}
	return bk.Image(t.Name, bk.LinuxAmd64), nil
}

// Image is the image's configuration, whatever its name.
func (m *Machine) Image(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.OS, img.Architecture = "linux", "amd64"
	img.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("base")}}
	return t, img, nil
}

// Step is a step helper for any architecture.
func (m *Machine) Step(arch string) (bk.State, string, error) {
	return bk.Local("strata-step", bk.LocalUniqueID("same")), "/strata-step-" + arch, nil
}
