// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package exec

import (
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// Options are what the build's caller, not the build file, says about
// commands.
type Options struct {
	ExtraHosts []bk.HostIP
	Hostname   string
	// Network is the mode for commands that leave theirs at "default".
	Network pb.NetMode
	// ShmSize is the size of /dev/shm in bytes; 0 is BuildKit's default.
	ShmSize        int64
	Ulimits        []*pb.Ulimit
	CgroupParent   string
	LinuxResources *pb.LinuxResources
	Proxy          *bk.ProxyEnv
	// CacheNamespace is put before the ids of cache mounts.
	CacheNamespace string
}

// runOptions are what the build's caller gives every command.
func (r Options) runOptions() []bk.RunOption {
	var opts []bk.RunOption
	for _, h := range r.ExtraHosts {
		opts = append(opts, bk.AddExtraHost(h.Host, h.IP))
	}
	for _, u := range r.Ulimits {
		opts = append(opts, bk.AddUlimit(bk.UlimitName(u.Name), u.Soft, u.Hard))
	}
	if r.ShmSize > 0 {
		opts = append(opts, bk.AddMount("/dev/shm", bk.Scratch(), bk.Tmpfs(bk.TmpfsSize(r.ShmSize))))
	}
	if r.CgroupParent != "" {
		opts = append(opts, bk.WithCgroupParent(r.CgroupParent))
	}
	if r.Hostname != "" {
		opts = append(opts, bk.Hostname(r.Hostname))
	}
	if r.Proxy != nil {
		opts = append(opts, bk.WithProxy(*r.Proxy))
	}
	if x := r.LinuxResources; x != nil {
		opts = append(opts, bk.WithLinuxResources(bk.LinuxResources{
			Memory: x.Memory, MemorySwap: x.MemorySwap, CPUShares: x.CpuShares,
			CPUPeriod: x.CpuPeriod, CPUQuota: x.CpuQuota, CpusetCpus: x.CpusetCpus, CpusetMems: x.CpusetMems,
		}))
	}
	return opts
}
