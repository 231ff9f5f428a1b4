// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/grpc/codes"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/frontend/offline"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// request is one call of Build: the daemon that it came through, its options, and the
// build file as it was sent.
type request struct {
	daemon *source.Daemon
	finder *source.Finder
	// buildFile is as it was sent; file has it as clients may print it.
	buildFile []byte
	file      *fault.File
	// lock reads the lock beside the build file; nil when there is none.
	lock func() (*lock.File, error)
	// warnings are said to the user.
	warnings *warnings
	// config says which findings matter.
	config lint.Config
	// epoch is SOURCE_DATE_EPOCH where one was given.
	epoch *time.Time
	// built is called for each platform that is built, if it is not nil.
	built func(Planned)
	// strict refuses what isn't locked.
	strict bool
	// fetchBy is who fetches archives, whatever the build file says.
	fetchBy string
	// now is when signatures are checked at.
	now time.Time
}

// ArgLocked is the build argument that refuses what the lock doesn't have, when it is 1
// or true: what "strata build --locked" says by buildx.
const ArgLocked = "STRATA_LOCKED"

// ArgOffline is the build argument that fetches nothing, when it is 1 or true: what
// "strata build --offline" says by buildx.
const ArgOffline = "STRATA_OFFLINE"

// ArgFetch is the build argument that says who fetches archives, source or step, whatever
// the build file says.
const ArgFetch = "STRATA_FETCH"

// newRequest reads the options and the build file.
func newRequest(ctx context.Context, c client.Client) (*request, error) {
	opts := c.BuildOpts().Opts
	isOffline, err := parseSwitch(ArgOffline, opts["build-arg:"+ArgOffline])
	if err != nil {
		return nil, err
	}
	if isOffline {
		c = offline.Client(c)
	}
	if err := checkCaps(opts["frontend.caps"]); err != nil {
		return nil, err
	}
	if opts != nil && opts["filename"] == "" {
		opts["filename"] = DefaultFile
	}
	reads := &withLock{Client: c, buildFile: opts["filename"]}
	ui, err := dockerui.NewClient(reads)
	if err != nil {
		return nil, err
	}
	text, sent, err := readBuildFile(ctx, ui, reads)
	if err != nil {
		return nil, err
	}
	d := &source.Daemon{Client: c, UI: ui, IgnoreFile: reads.ignoreFile, Platform: platforms.Normalize(platforms.DefaultSpec())}
	if len(ui.BuildPlatforms) > 0 {
		d.Platform = platforms.Normalize(ui.BuildPlatforms[0])
	}
	if len(ui.TargetPlatforms) == 0 {
		// This process may run on another machine than the daemon, on macOS even.
		ui.TargetPlatforms = []ocispecs.Platform{d.Platform}
	}
	config, err := lint.Configure(text.Filename, sent, ui.LinterConfig)
	if err != nil {
		return nil, err
	}
	r := &request{daemon: d, finder: source.NewFinder(d), buildFile: sent, lock: reads.lock, warnings: newWarnings(text, config), config: config, now: time.Now()}
	r.file = &fault.File{Source: text, Dockerfile: r.finder.Dockerfile}
	if r.strict, err = parseSwitch(ArgLocked, ui.BuildArgs[ArgLocked]); err != nil {
		return nil, err
	}
	if r.fetchBy = ui.BuildArgs[ArgFetch]; r.fetchBy != "" {
		if _, err := spec.ParseFetch(r.fetchBy); err != nil {
			return nil, fmt.Errorf("parse %s: %w", ArgFetch, err)
		}
	}
	r.epoch, err = parseEpoch(ui.BuildArgs["SOURCE_DATE_EPOCH"])
	return r, err
}

// options are those of the request, by the names that BuildKit's clients give them.
func (r *request) options() map[string]string { return r.daemon.Client.BuildOpts().Opts }

// parseSwitch reads an argument that is on or off; it is off when it is empty.
func parseSwitch(name, value string) (bool, error) {
	if value == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("parse %s %q: want 1 or 0", name, value)
	}
	return on, nil
}

// parseEpoch reads SOURCE_DATE_EPOCH, in seconds since 1970; nil when it is
// empty.
func parseEpoch(s string) (*time.Time, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no epoch is not a fault
	}
	sec, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("parse SOURCE_DATE_EPOCH %q: want seconds since 1970: %w", s, err)
	}
	if most := int64(math.MaxInt64 / time.Second); sec > most || sec < -most { // files' times are in nanoseconds
		return nil, fmt.Errorf("parse SOURCE_DATE_EPOCH %q: want seconds since 1970: that is in the year %d, which no file's time can be", s, time.Unix(sec, 0).UTC().Year())
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
		"moby.buildkit.frontend.contexts.zstd",
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
