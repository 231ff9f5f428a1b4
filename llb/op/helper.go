// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package op

import (
	"errors"
	"fmt"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/call"
)

// HelperPath is where a step finds the step helper. /dev is in memory there, so
// the mount point leaves nothing behind.
const HelperPath = helperDir + "/" + helperFile

// The helper is mounted with the directory that it is alone in. For each file that is
// mounted by itself the daemon leaves an empty directory among its temporary ones.
const (
	helperDir  = "/dev/.strata/helper"
	helperFile = "step"
)

// ErrNoStep says that a step helper is needed and there is none.
var ErrNoStep = errors.New("there is no step helper")

// Platform is where the step helper runs.
func (m *Maker) Platform() ocispecs.Platform {
	if m.BuildPlatform.Architecture == "" {
		return platforms.Normalize(platforms.DefaultSpec())
	}
	return m.BuildPlatform
}

// helperFor is the key of the step helper for an architecture.
type helperFor string

// Helper mounts the step helper for an architecture. It is copied out of where it comes
// from, so that what a step that was ended leaves in use isn't the frontend's image.
func (m *Maker) Helper(arch string) (bk.RunOption, error) {
	alone, err := m.Shared(helperFor(arch), func() (bk.State, error) { return m.copyHelper(arch) })
	if err != nil {
		return nil, err
	}
	return bk.AddMount(helperDir, alone, bk.Readonly), nil
}

func (m *Maker) copyHelper(arch string) (bk.State, error) {
	if m.Step == nil {
		return bk.State{}, ErrNoStep
	}
	st, file, err := m.Step(arch)
	if err != nil {
		return bk.State{}, fmt.Errorf("find the step helper for %s: %w", arch, err)
	}
	return bk.Scratch().File(bk.Copy(st, file, "/"+helperFile, &bk.CopyInfo{
		Mode: &bk.ChmodOpt{Mode: Mode(0o755)}, ChownOpt: Owner(0, 0), CreatedTime: new(FileTime()),
	}), bk.Platform(m.Platform()), bk.WithCustomName("[internal] copy the step helper")), nil
}

// Run runs the step helper on the build platform, offline, on an empty root.
func (m *Maker) Run(name string, args []string, opts ...bk.RunOption) (bk.ExecState, error) {
	p := m.Platform()
	helper, err := m.Helper(p.Architecture)
	if err != nil {
		return bk.ExecState{}, err
	}
	return bk.Scratch().Run(append([]bk.RunOption{
		bk.Args(append([]string{HelperPath}, args...)),
		bk.Dir("/"),
		bk.Network(pb.NetMode_NONE),
		bk.Platform(p),
		bk.WithCustomName(name),
		helper,
	}, opts...)...), nil
}

// Online runs the step helper on the build platform, in a root and with the network.
func (m *Maker) Online(name string, root bk.State, args []string, opts ...bk.RunOption) (bk.ExecState, error) {
	p := m.Platform()
	helper, err := m.Helper(p.Architecture)
	if err != nil {
		return bk.ExecState{}, err
	}
	all := []bk.RunOption{bk.Args(append([]string{HelperPath}, args...)), bk.Dir("/"), bk.Platform(p), bk.WithCustomName(name), helper}
	if m.Proxy != nil {
		all = append(all, bk.WithProxy(*m.Proxy))
	}
	if m.HostNetwork {
		all = append(all, bk.Network(pb.NetMode_HOST))
	}
	for _, h := range m.Hosts {
		all = append(all, bk.AddExtraHost(h.Host, h.IP))
	}
	return Restart(root).Run(append(all, opts...)...), nil
}

// FetchedDir is where files are in a step of [Maker.Fetched]. It is gone when the step
// ends.
const FetchedDir = "/fetched"

// Fetched runs the step helper as Run does, with files that the step fetches itself: it
// has the network if there are any.
func (m *Maker) Fetched(name string, files []call.FetchedFile, args []string, opts ...bk.RunOption) (bk.ExecState, error) {
	if len(files) == 0 {
		return m.Run(name, args, opts...)
	}
	return m.Online(name, bk.Scratch(), call.Fetched{Files: files, Dir: FetchedDir, Then: args}.Args(), opts...)
}

// Tree is what the step helper, run as by Run, writes to /out.
func (m *Maker) Tree(name string, args []string, opts ...bk.RunOption) (bk.State, error) {
	run, err := m.Run(name, args, opts...)
	if err != nil {
		return bk.State{}, err
	}
	return Restart(run.AddMount("/out", bk.Scratch())), nil
}
