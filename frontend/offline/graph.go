// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/gitutil"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"

	"github.com/strata-build/strata/frontend/fault"
)

// graph is a definition whose operations reach nothing.
type graph struct {
	def *pb.Definition
	// was are the names of the operations in the definition that it was made from.
	was map[string]string
	// cut are the operations that were changed themselves, and what they would get from
	// outside: an address, a reference, or nothing for a command.
	cut map[string]string
	// images says that some of them are images.
	images bool
}

// unreachable makes a graph of a definition; with images, only these are changed.
func unreachable(def *pb.Definition, onlyImages bool) (*graph, error) {
	g := &graph{def: def.CloneVT(), was: map[string]string{}, cut: map[string]string{}}
	names := map[string]string{}
	for i, data := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(data); err != nil {
			return nil, fmt.Errorf("read operation: %w", err)
		}
		changed := false
		for _, in := range op.Inputs {
			if name := names[in.Digest]; name != in.Digest {
				in.Digest, changed = name, true
			}
		}
		what, cut := g.change(op, onlyImages)
		if changed || cut {
			var err error
			if data, err = (proto.MarshalOptions{Deterministic: true}).Marshal(op); err != nil {
				return nil, fmt.Errorf("write operation: %w", err)
			}
		}
		was, is := digest.FromBytes(def.Def[i]).String(), digest.FromBytes(data).String()
		names[was], g.was[is], g.def.Def[i] = is, was, data
		if cut {
			g.cut[is] = what
		}
	}
	g.rename(names)
	return g, nil
}

// rename lets what is said of operations be said of them under their new names.
func (g *graph) rename(names map[string]string) {
	meta := map[string]*pb.OpMetadata{}
	for name, m := range g.def.Metadata {
		meta[newName(names, name)] = m
	}
	g.def.Metadata = meta
	if g.def.Source == nil {
		return
	}
	places := map[string]*pb.Locations{}
	for name, at := range g.def.Source.Locations {
		places[newName(names, name)] = at
	}
	g.def.Source.Locations = places
}

func newName(names map[string]string, name string) string {
	if is, ok := names[name]; ok {
		return is
	}
	return name
}

// change lets an operation reach nothing; false says that it doesn't anyhow.
func (g *graph) change(op *pb.Op, onlyImages bool) (what string, changed bool) {
	if exec := op.GetExec(); exec != nil && !onlyImages && exec.Network != pb.NetMode_NONE {
		exec.Meta.ProxyEnv = unstartable()
		return "", true
	}
	src := op.GetSource()
	if src == nil {
		return "", false
	}
	if src.Attrs == nil {
		src.Attrs = map[string]string{}
	}
	scheme, _, _ := strings.Cut(src.Identifier, "://")
	switch {
	case scheme == "docker-image":
		g.images = true
		ref := strings.TrimPrefix(src.Identifier, imageScheme)
		at, _ := image(ref)
		src.Identifier = imageScheme + at
		return Image(ref), true
	case onlyImages || strings.HasPrefix(src.Identifier, uploads):
		return "", false
	case scheme == "http" || scheme == "https":
		what = src.Identifier
		src.Identifier = file(what)
		return what, true
	case scheme == "git":
		return repository(src), true
	}
	return "", false
}

// unstartable is an environment that no program can be started with: a variable of more
// than 128 KiB, with a zero byte.
func unstartable() *pb.ProxyEnv {
	return &pb.ProxyEnv{HttpProxy: strings.Repeat("offline ", 128<<10/len("offline ")) + "\x00"}
}

// unpinned is the failure of what a graph would look up outside, whatever the cache has:
// images, files and repositories without a digest. It is nil where all are pinned.
func unpinned(def *pb.Definition) error {
	for _, data := range def.Def {
		op := &pb.Op{}
		if op.UnmarshalVT(data) != nil {
			continue
		}
		if what := needsLook(op.GetSource()); what != "" {
			return (&fault.Uncached{What: what, Unpinned: true}).At(linesOf(def, digest.FromBytes(data).String()))
		}
	}
	return nil
}

// needsLook is the address of a source that isn't pinned; empty for others.
func needsLook(src *pb.SourceOp) string {
	scheme, rest, _ := strings.Cut(src.GetIdentifier(), "://")
	switch scheme {
	case "docker-image":
		if _, pinned := image(rest); !pinned {
			return Image(rest)
		}
	case "http", "https":
		if src.Attrs[pb.AttrHTTPChecksum] == "" && !strings.HasPrefix(src.Identifier, uploads) {
			return src.Identifier
		}
	case "git":
		_, fragment, _ := strings.Cut(rest, "#")
		ref, _, _ := strings.Cut(fragment, ":")
		byCommit := src.Attrs[pb.AttrGitFetchByCommit] == "true" && gitutil.IsCommitSHA(src.Attrs[pb.AttrGitChecksum])
		if !gitutil.IsCommitSHA(ref) && !byCommit {
			return repository(src.CloneVT())
		}
	}
	return ""
}

// explain says what was missing when a graph failed. Of other failures it makes those of
// the definition that the graph was made from.
func (g *graph) explain(err error) error {
	if err == nil {
		return nil
	}
	var vertex *errdefs.VertexError
	if errors.As(err, &vertex) {
		if what, cut := g.cut[vertex.Digest]; cut {
			return (&fault.Uncached{What: what, Err: err}).At(linesOf(g.def, vertex.Digest))
		}
	}
	// A layer of an image is fetched by whoever needs it first.
	for name, what := range g.cut {
		if what != "" && g.asked(name, err.Error()) {
			return (&fault.Uncached{What: what, Err: err}).At(linesOf(g.def, name))
		}
	}
	if vertex != nil && g.was[vertex.Digest] != "" {
		vertex.Digest = g.was[vertex.Digest]
	}
	return err
}

// asked reports whether an error is about an image's registry, which can't be reached.
func (g *graph) asked(name, text string) bool {
	for _, data := range g.def.Def {
		if digest.FromBytes(data).String() != name {
			continue
		}
		op := &pb.Op{}
		if op.UnmarshalVT(data) != nil {
			return false
		}
		ref, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), imageScheme)
		if !ok {
			return false
		}
		host, rest, _ := strings.Cut(ref, "/")
		rest, _, _ = strings.Cut(rest, "@")
		if i := strings.LastIndexByte(rest, ':'); i >= 0 {
			rest = rest[:i]
		}
		return strings.Contains(text, host+"/v2/"+rest+"/") || strings.Contains(text, host+"/"+rest)
	}
	return false
}

// linesOf are the lines of the build file that an operation has.
func linesOf(def *pb.Definition, name string) []*errdefs.Source {
	if def.Source == nil {
		return nil
	}
	var lines []*errdefs.Source
	for _, at := range def.Source.Locations[name].GetLocations() {
		if i := int(at.SourceIndex); i >= 0 && i < len(def.Source.Infos) {
			lines = append(lines, &errdefs.Source{Info: def.Source.Infos[i], Ranges: at.Ranges})
		}
	}
	return lines
}
