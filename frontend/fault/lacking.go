// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	bk "github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/opencontainers/go-digest"
)

// Lacking is a failure because the daemon is too old, or has switched something off.
type Lacking struct {
	// Cap is BuildKit's name of what is lacking.
	Cap apicaps.CapID
	err error
}

// Error says what is lacking, and what has it.
func (l *Lacking) Error() string {
	if l.Cap == gateway.CapGatewayEvaluate {
		return "this BuildKit daemon is too old: Strata needs BuildKit 0.20 or later, or Docker Engine 28"
	}
	for _, k := range capabilities() {
		if k.id == l.Cap {
			return fmt.Sprintf("this BuildKit daemon is too old: it can't %s; BuildKit %s and newer can", k.what, k.since)
		}
	}
	return fmt.Sprintf("this BuildKit daemon is too old: it lacks %s; use a newer one", l.Cap)
}

// Unwrap is BuildKit's own error.
func (l *Lacking) Unwrap() error { return l.err }

// capability is one that not every BuildKit since 0.12 has, and without which something of a
// build file can't be done.
type capability struct {
	id apicaps.CapID
	// what is what a build file wants that needs it.
	what string
	// since is the first release among those that were looked at which has it.
	since string
}

func capabilities() []capability {
	return []capability{
		{pb.CapFileCopyAlwaysReplaceExistingDestPaths, "put a file where a directory is, or the other way round", "0.14"},
		{capBits, "set the setuid, setgid and sticky bits", "0.13"},
		{capModes, "set modes such as a-x or u+x", "0.17"},
		{pb.CapFileSymlinkCreate, "make links", "0.20"},
		{capX, "set modes such as a=rX", "0.22"},
		{pb.CapSourceHTTPAuth, "fetch from servers with a login", "0.22"},
		{pb.CapSourceHTTPHeader, "send headers to servers", "0.22"},
		{pb.CapSourceGitChecksum, "hold a git reference to a commit", "0.22"},
		{pb.CapSourceGitSkipSubmodules, "leave out submodules of git", "0.24"},
		{pb.CapSourceImageChecksum, "hold an image to a digest", "0.25"},
		{pb.CapSourceGitSignatureVerify, "check signatures of tags and commits", "0.26"},
		{pb.CapSourceImageBlob, "fetch a single blob of a registry", "0.28"},
		{pb.CapSourceGitMTime, "set the times of a git checkout", "0.29"},
		{pb.CapSourceGitFetchByCommit, "fetch a commit under a reference's name", "0.30"},
	}
}

// What BuildKit learned about modes has no capability that a daemon tells of; these came with
// it.
const (
	capBits  = pb.CapExecMountContentCache  // bits above 0777
	capModes = pb.CapGCFreeSpaceFilter      // modes in letters
	capX     = pb.CapSourceMetadataTransfer // X behind =
)

// TooOld is a [Lacking] if nothing can be built on a daemon with these capabilities of its
// gateway: before BuildKit 0.11 it doesn't say what became of a step while a build lasts.
func TooOld(caps apicaps.CapSet) error {
	if err := caps.Supports(gateway.CapGatewayEvaluate); err != nil {
		return &Lacking{Cap: gateway.CapGatewayEvaluate, err: err}
	}
	return nil
}

// equalX is a mode whose X older releases drop.
var equalX = regexp.MustCompile(`=[rwst]*X`)

// Lacks finds what a graph needs and a daemon doesn't have, as a [Lacking] at the lines that
// ask for it. BuildKit refuses only some of it: of file operations an old daemon passes over
// what it doesn't know, and the image is another one.
func Lacks(def *bk.Definition, caps apicaps.CapSet) error {
	if !slices.ContainsFunc(capabilities(), func(c capability) bool { return caps.Supports(c.id) != nil }) {
		return nil
	}
	users := map[digest.Digest][]digest.Digest{}
	var lacking error
	// The operations that use another one follow it.
	for _, data := range slices.Backward(def.Def) {
		var o pb.Op
		if err := o.UnmarshalVT(data); err != nil {
			return fmt.Errorf("read operation: %w", err)
		}
		at := digest.FromBytes(data)
		for _, in := range o.Inputs {
			users[digest.Digest(in.Digest)] = append(users[digest.Digest(in.Digest)], at)
		}
		for _, id := range append(fileNeeds(o.GetFile()), slices.Sorted(maps.Keys(def.Metadata[at].Caps))...) {
			if err := caps.Supports(id); err != nil {
				lacking = atLines(&Lacking{Cap: id, err: err}, def, located(def, at, users))
				break
			}
		}
	}
	return lacking
}

// located is an operation with lines: at, or the nearest of those that it is for.
func located(def *bk.Definition, at digest.Digest, users map[digest.Digest][]digest.Digest) digest.Digest {
	seen := map[digest.Digest]bool{}
	for queue := []digest.Digest{at}; len(queue) > 0; queue = queue[1:] {
		if len(def.Source.GetLocations()[queue[0].String()].GetLocations()) > 0 {
			return queue[0]
		}
		for _, user := range users[queue[0]] {
			if !seen[user] {
				seen[user] = true
				queue = append(queue, user)
			}
		}
	}
	return at
}

// fileNeeds are the capabilities that a file operation needs.
func fileNeeds(o *pb.FileOp) (ids []apicaps.CapID) {
	for _, action := range o.GetActions() {
		c := action.GetCopy()
		for id, needed := range map[apicaps.CapID]bool{
			pb.CapFileCopyAlwaysReplaceExistingDestPaths: c.GetAlwaysReplaceExistingDestPaths(),
			capBits:                 c.GetMode() > 0o777,
			capModes:                c.GetModeStr() != "",
			pb.CapFileSymlinkCreate: action.GetSymlink() != nil,
			capX:                    equalX.MatchString(c.GetModeStr()),
		} {
			if needed {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// atLines gives an error the lines of the build file that an operation is for.
func atLines(err error, def *bk.Definition, at digest.Digest) error {
	for _, l := range def.Source.GetLocations()[at.String()].GetLocations() {
		if infos := def.Source.GetInfos(); int(l.SourceIndex) < len(infos) {
			err = errdefs.WithSource(err, &errdefs.Source{Info: infos[l.SourceIndex], Ranges: l.Ranges})
		}
	}
	return err
}
