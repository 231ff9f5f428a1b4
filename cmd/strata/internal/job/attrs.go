// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"errors"
	"maps"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/flags"
)

// frontendAttrs are the options that reach the frontend, under the names that
// BuildKit's dockerui reads. Those that need a daemon or a file come later.
func frontendAttrs(o Options, env flags.Lookup) (map[string]string, error) {
	attrs, err := flags.Attests(o.Output.Attests, o.Output.SBOM, o.Output.Provenance)
	if err != nil {
		return nil, err
	}
	args, err := flags.BuildArgs(o.Input.BuildArgs, env)
	if err != nil {
		return nil, err
	}
	labels, err := flags.Labels(o.Output.Labels)
	if err != nil {
		return nil, err
	}
	for name, value := range args {
		attrs["build-arg:"+name] = value
	}
	for name, value := range labels {
		attrs["label:"+name] = value
	}
	step, err := stepAttrs(o.Step)
	if err != nil {
		return nil, err
	}
	cache, err := cacheAttrs(o.Cache)
	if err != nil {
		return nil, err
	}
	maps.Copy(attrs, step)
	maps.Copy(attrs, cache)
	set(attrs, "target", o.Input.Target)
	if o.Input.Locked {
		attrs["build-arg:"+frontend.ArgLocked] = "1"
	}
	if o.Input.Offline {
		attrs["build-arg:"+frontend.ArgOffline] = "1"
	}
	return attrs, nil
}

// stepAttrs are the options of build steps.
func stepAttrs(o Step) (map[string]string, error) {
	network, _, err := flags.Network(o.Network)
	if err != nil {
		return nil, err
	}
	shm, err := flags.ShmSize(o.ShmSize)
	if err != nil {
		return nil, err
	}
	ulimits, err := flags.Ulimits(o.Ulimits)
	if err != nil {
		return nil, err
	}
	attrs := map[string]string{}
	set(attrs, "force-network-mode", network)
	set(attrs, "shm-size", shm)
	set(attrs, "ulimit", ulimits)
	set(attrs, "cgroup-parent", o.CgroupParent)
	return attrs, nil
}

// cacheAttrs say what is not to come from the cache.
func cacheAttrs(o Cache) (map[string]string, error) {
	attrs := map[string]string{}
	if o.NoCache && len(o.NoCacheFilter) > 0 {
		return nil, errors.New("--no-cache and --no-cache-filter do not go together")
	}
	if o.NoCache {
		attrs["no-cache"] = "" // no name means all of them
	}
	set(attrs, "no-cache", strings.Join(o.NoCacheFilter, ","))
	if o.Pull {
		attrs["image-resolve-mode"] = pb.AttrImageResolveModeForcePull
	}
	return attrs, nil
}

// set leaves out what has no value.
func set(attrs map[string]string, key, value string) {
	if value != "" {
		attrs[key] = value
	}
}

// entitlements are the permissions that --allow and --network ask for.
func entitlements(o Step) ([]string, error) {
	allowed, err := flags.Allow(o.Allow)
	if err != nil {
		return nil, err
	}
	_, needed, err := flags.Network(o.Network)
	if err != nil || needed == "" {
		return allowed, err
	}
	return append(allowed[:len(allowed):len(allowed)], needed), nil
}
