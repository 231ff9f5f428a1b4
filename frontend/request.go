// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/grpc/codes"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// request is one call of Build.
type request struct {
	client client.Client
	// ui reads the options that Docker's command line sends.
	ui     *dockerui.Client
	source *dockerui.Source
	spec   *spec.Spec
	// lock is nil when there is none, or none is needed.
	lock   *lock.File
	prober *prober
	// dockerfiles are what Dockerfiles made.
	dockerfiles dockerfiles
	// buildsOn is the platform that the daemon runs steps on natively.
	buildsOn ocispecs.Platform
	// epoch is SOURCE_DATE_EPOCH where one was given.
	epoch *time.Time
	// built is called for each platform that is built, if it is not nil.
	built func(Planned)
	// now is when signatures are checked at.
	now time.Time
}

// newRequest reads the options and the build file.
func newRequest(ctx context.Context, c client.Client) (*request, error) {
	opts := c.BuildOpts().Opts
	if err := checkCaps(opts["frontend.caps"]); err != nil {
		return nil, err
	}
	if opts != nil && opts["filename"] == "" {
		opts["filename"] = DefaultFile
	}
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	source, err := readBuildFile(ctx, ui, opts["filename"])
	if err != nil {
		return nil, err
	}
	r := &request{client: c, ui: ui, source: source, prober: newProber(), now: time.Now()}
	r.prober.solve = r.solve
	r.buildsOn = platforms.Normalize(platforms.DefaultSpec())
	if len(ui.BuildPlatforms) > 0 {
		r.buildsOn = platforms.Normalize(ui.BuildPlatforms[0])
	}
	if len(ui.TargetPlatforms) == 0 {
		// This process may run on another machine than the daemon, on macOS even.
		ui.TargetPlatforms = []ocispecs.Platform{r.buildsOn}
	}
	r.epoch, err = parseEpoch(ui.BuildArgs["SOURCE_DATE_EPOCH"])
	return r, err
}

// readBuildFile reads the build file. The lock comes in the same transfer, beside what
// dockerui asks for.
func readBuildFile(ctx context.Context, ui *dockerui.Client, name string) (*dockerui.Source, error) {
	paths := []string{name, name + ".dockerignore", LockName(name)}
	if path.Base(name) == dockerui.DefaultDockerfileName {
		paths = append(paths, path.Join(path.Dir(name), strings.ToLower(dockerui.DefaultDockerfileName)))
	}
	return ui.ReadEntrypoint(ctx, "YAML", bk.FollowPaths(paths))
}

// parseEpoch reads SOURCE_DATE_EPOCH, in seconds since 1970; nil when it is
// empty.
func parseEpoch(s string) (*time.Time, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no epoch is no fault
	}
	sec, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("parse SOURCE_DATE_EPOCH %q: want seconds since 1970: %w", s, err)
	}
	t := time.Unix(sec, 0).UTC()
	return &t, nil
}

// knownCaps are the frontend capabilities that a client may require.
func knownCaps() []string {
	return []string{
		"moby.buildkit.frontend.inputs",
		"moby.buildkit.frontend.subrequests",
		"moby.buildkit.frontend.contexts",
		"moby.buildkit.frontend.gitquerystring",
	}
}

// checkCaps refuses a request that needs what this frontend doesn't have.
func checkCaps(wanted string) error {
	for name := range strings.SplitSeq(wanted, ",") {
		name, _, _ = strings.Cut(name, "+")
		known := name == ""
		for _, k := range knownCaps() {
			known = known || k == name
		}
		if !known {
			return grpcerrors.WrapCode(errdefs.NewUnsupportedFrontendCapError(name), codes.Unimplemented)
		}
	}
	return nil
}

// merges tells whether the daemon has MergeOp and DiffOp.
func (r *request) merges() bool {
	caps := r.client.BuildOpts().LLBCaps
	return caps.Supports(pb.CapMergeOp) == nil && caps.Supports(pb.CapDiffOp) == nil
}

// runOptions are what the caller says about every command.
func (r *request) runOptions() llb.RunOptions {
	namespace := r.ui.CacheIDNamespace
	return llb.RunOptions{
		ExtraHosts:     r.ui.ExtraHosts,
		Hostname:       r.ui.Hostname,
		Network:        r.ui.NetworkMode,
		ShmSize:        r.ui.ShmSize,
		Ulimits:        r.ui.Ulimits,
		CgroupParent:   r.ui.CgroupParent,
		LinuxResources: r.ui.LinuxResources,
		Proxy:          proxy(r.ui.BuildArgs),
		CacheNamespace: namespace,
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
