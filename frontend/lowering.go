// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/exec"
	"github.com/strata-build/strata/llb/spec"
)

// trees gives the trees of a build file for one platform, and how they are lowered.
func (r *request) trees(s *spec.Spec) *source.Trees {
	o := llb.Options{
		SourceMap:    r.file.Source.SourceMap,
		NoCache:      r.daemon.UI.IsNoCache,
		ShowPlatform: r.daemon.UI.MultiPlatformRequested,
		Run:          runOptions(r.daemon.UI),
	}
	if r.epoch != nil {
		o.Epoch = *r.epoch
	}
	return r.finder.Trees(s, o)
}

// runOptions are what the caller says about every command.
func runOptions(ui *dockerui.Client) exec.Options {
	return exec.Options{
		ExtraHosts:     ui.ExtraHosts,
		Hostname:       ui.Hostname,
		Network:        ui.NetworkMode,
		ShmSize:        ui.ShmSize,
		Ulimits:        ui.Ulimits,
		CgroupParent:   ui.CgroupParent,
		LinuxResources: ui.LinuxResources,
		Proxy:          proxy(ui.BuildArgs),
		CacheNamespace: ui.CacheIDNamespace,
	}
}

// proxy finds the proxy settings among the arguments. They reach every command
// but no cache key.
func proxy(args map[string]string) *bk.ProxyEnv {
	env := &bk.ProxyEnv{}
	found := false
	for k, v := range args {
		for name, to := range map[string]*string{
			"http_proxy": &env.HTTPProxy, "https_proxy": &env.HTTPSProxy, "ftp_proxy": &env.FTPProxy,
			"no_proxy": &env.NoProxy, "all_proxy": &env.AllProxy,
		} {
			if strings.EqualFold(k, name) {
				*to, found = v, true
			}
		}
	}
	if !found {
		return nil
	}
	return env
}
