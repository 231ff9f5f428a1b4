// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"maps"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/internal/flags"
)

// frontendAttrs are the options that reach the frontend, under the names that
// BuildKit's dockerui reads. Those that need a daemon or a file come later.
func frontendAttrs(o buildOptions, env flags.Lookup) (map[string]string, error) {
	attrs, err := flags.Attests(o.attests, o.sbom, o.provenance)
	if err != nil {
		return nil, err
	}
	args, err := flags.BuildArgs(o.buildArgs, env)
	if err != nil {
		return nil, err
	}
	labels, err := flags.Labels(o.labels)
	if err != nil {
		return nil, err
	}
	for name, value := range args {
		attrs["build-arg:"+name] = value
	}
	for name, value := range labels {
		attrs["label:"+name] = value
	}
	step, err := stepAttrs(o)
	if err != nil {
		return nil, err
	}
	cache, err := cacheAttrs(o)
	if err != nil {
		return nil, err
	}
	maps.Copy(attrs, step)
	maps.Copy(attrs, cache)
	set(attrs, "target", o.target)
	return attrs, nil
}

// stepAttrs are the options of build steps.
func stepAttrs(o buildOptions) (map[string]string, error) {
	network, _, err := flags.Network(o.network)
	if err != nil {
		return nil, err
	}
	shm, err := flags.ShmSize(o.shmSize)
	if err != nil {
		return nil, err
	}
	ulimits, err := flags.Ulimits(o.ulimits)
	if err != nil {
		return nil, err
	}
	attrs := map[string]string{}
	set(attrs, "force-network-mode", network)
	set(attrs, "shm-size", shm)
	set(attrs, "ulimit", ulimits)
	set(attrs, "cgroup-parent", o.cgroupParent)
	return attrs, nil
}

// cacheAttrs say what is not to come from the cache.
func cacheAttrs(o buildOptions) (map[string]string, error) {
	attrs := map[string]string{}
	if o.noCache && len(o.noCacheFilter) > 0 {
		return nil, errors.New("--no-cache and --no-cache-filter do not go together")
	}
	if o.noCache {
		attrs["no-cache"] = "" // no name means all of them
	}
	set(attrs, "no-cache", strings.Join(o.noCacheFilter, ","))
	if o.pull {
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
