// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/binary"
	"os"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
)

const (
	// namesFile is where BuildKit keeps the names of a local source that it was sent
	// no content of.
	namesFile = "/.fsutil-metadata"
	// mostNames is how much of it is read, in bytes.
	mostNames = 8 << 20
)

// contextNames lists the build context by its names alone, so that no content is
// sent. It is nil when the context isn't a directory of the client, or the daemon
// can't do it.
func (d *Daemon) contextNames(ctx context.Context, opts ...bk.LocalOption) fault.Lister {
	caps := d.Client.BuildOpts().LLBCaps
	if caps.Supports(pb.CapSourceMetadataTransfer) != nil {
		return nil
	}
	st, err := d.UI.MainContext(ctx, append(opts, bk.MetadataOnlyTransfer(nil), bk.WithCustomName("[internal] look for near names"))...)
	if err != nil {
		return nil
	}
	return d.listNames(ctx, *st)
}

// MayHave reports whether the build context may have a file whose name begins so.
func (d *Daemon) MayHave(ctx context.Context, prefix string) bool {
	list := d.contextNames(ctx)
	return list == nil || hasPrefix(list, "", prefix)
}

// hasPrefix reports whether something below a directory has a name that begins so.
func hasPrefix(list fault.Lister, dir, prefix string) bool {
	stats, err := list(dir)
	return err != nil || slices.ContainsFunc(stats, func(s *fstypes.Stat) bool {
		return strings.HasPrefix(path.Base(s.Path), prefix) || os.FileMode(s.Mode).IsDir() && hasPrefix(list, s.Path, prefix)
	})
}

// listNames lists a local source that was sent without content; nil for another state.
func (d *Daemon) listNames(ctx context.Context, st bk.State) fault.Lister {
	ref, err := d.Solve(ctx, st)
	if err != nil || ref == nil {
		return nil
	}
	data, err := ref.ReadFile(ctx, client.ReadRequest{Filename: namesFile, Range: &client.FileRange{Length: mostNames}})
	if err != nil {
		return nil
	}
	dirs := map[string][]*fstypes.Stat{}
	for _, stat := range parseNames(data) {
		dir := path.Dir(stat.Path)
		if dir == "." {
			dir = ""
		}
		dirs[dir] = append(dirs[dir], stat)
	}
	return func(dir string) ([]*fstypes.Stat, error) { return dirs[dir], nil }
}

// parseNames reads the records of namesFile: a length of four bytes, little end
// first, and a message. The last one may be cut off.
func parseNames(data []byte) []*fstypes.Stat {
	var stats []*fstypes.Stat
	for len(data) >= 4 {
		size := int64(binary.LittleEndian.Uint32(data))
		data = data[4:]
		if size > int64(len(data)) {
			break
		}
		stat := &fstypes.Stat{}
		if stat.UnmarshalVT(data[:size]) != nil {
			break
		}
		stats = append(stats, stat)
		data = data[size:]
	}
	return stats
}
