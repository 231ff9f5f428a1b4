// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package op makes operations of BuildKit the way all of Strata's are made: with
// the lines of the build file that ask for them, named for progress, with fixed
// times, and the step helper offline on the build platform.
package op

import (
	"context"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Trees returns the state of a tree that is not the image so far.
type Trees func(ctx context.Context, t plan.Tree) (bk.State, error)

// Maker makes the operations of one target. Its zero value names no lines and
// has no step helper.
type Maker struct {
	// Target is the target's name for NoCache.
	Target string
	// Inside stands in brackets before each operation's name.
	Inside []string
	// SourceMap is the build file; may be nil.
	SourceMap *bk.SourceMap
	// Step returns the step helper for an architecture as a state and its path
	// there; nil when no step can be run.
	Step func(arch string) (bk.State, string, error)
	// BuildPlatform is where the step helper runs; the zero value is this
	// machine's.
	BuildPlatform ocispecs.Platform
	// Proxy and Hosts are what steps with the network get.
	Proxy *bk.ProxyEnv
	Hosts []bk.HostIP
	// HostNetwork says that their network is the machine's, as the caller says of commands.
	HostNetwork bool
	// NoCache reports whether a layer or a target of that name is built without the
	// cache; nil means none is.
	NoCache func(name string) bool
	// HashesMounts says that BuildKit hashes every mount that a step reads, as those before
	// 0.14 do.
	HashesMounts bool
	// shared is what [Maker.Shared] has made.
	shared map[any]bk.State
}

// Shared returns what operations of a key make, which are made once for all that ask for
// it: as often as a state is made, BuildKit's client marshals it. A Maker is used by one
// goroutine at a time.
func (m *Maker) Shared(key any, made func() (bk.State, error)) (bk.State, error) {
	if st, ok := m.shared[key]; ok {
		return st, nil
	}
	st, err := made()
	if err != nil {
		return bk.State{}, err
	}
	if m.shared == nil {
		m.shared = map[any]bk.State{}
	}
	m.shared[key] = st
	return st, nil
}

// At makes an operation point at the lines that ask for it.
func (m *Maker) At(r spec.Range) bk.ConstraintsOpt {
	return m.SourceMap.Location([]*pb.Range{{
		Start: &pb.Position{Line: int32(r.Start.Line), Character: int32(max(r.Start.Column-1, 0))},
		End:   &pb.Position{Line: int32(r.End.Line), Character: int32(max(r.End.Column-1, 0))},
	}})
}

// Base mounts an image that a step looks into. It isn't hashed for the step's cache key,
// where BuildKit can leave that out: that takes longer than to look.
func (m *Maker) Base(dir string, st bk.State) bk.RunOption {
	opts := []bk.MountOption{bk.Readonly}
	if !m.HashesMounts {
		opts = append(opts, bk.ContentCache(bk.MountContentCacheOff))
	}
	return bk.AddMount(dir, st, opts...)
}

// Name puts what stands in brackets before words.
func (m *Maker) Name(words string) string { return Bracketed(m.Inside, words) }

// Bracketed puts words in brackets, if there are any, before a name.
func Bracketed(inside []string, name string) string {
	name = printable.Line(name)
	if len(inside) == 0 {
		return name
	}
	return "[" + printable.Line(strings.Join(inside, " ")) + "] " + name
}

// IgnoresCache reports whether the layer of that name, or the whole target, is
// built without the cache. The name may be empty.
func (m *Maker) IgnoresCache(layer string) bool {
	if m.NoCache == nil {
		return false
	}
	return layer != "" && m.NoCache(layer) || m.Target != "" && m.NoCache(m.Target)
}
