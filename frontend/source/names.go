// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
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
	// mostNames is how much of it is read, in bytes: names of more than half a million
	// files.
	mostNames = 64 << 20
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

// listNames lists a local source that was sent without content; nil for another state, and
// for one that has too many names: of some that aren't known, nothing must be said.
func (d *Daemon) listNames(ctx context.Context, st bk.State) fault.Lister {
	ref, err := d.Solve(ctx, st)
	if err != nil || ref == nil {
		return nil
	}
	if st, err := ref.StatFile(ctx, client.StatRequest{Path: namesFile}); err != nil || st.Size > mostNames {
		return nil
	}
	data, err := ReadWhole(ctx, ref, namesFile)
	if err != nil {
		return nil
	}
	stats, err := parseNames(data)
	if err != nil {
		return nil
	}
	dirs := map[string][]*fstypes.Stat{}
	for _, stat := range stats {
		dir := path.Dir(stat.Path)
		if dir == "." {
			dir = ""
		}
		dirs[dir] = append(dirs[dir], stat)
	}
	return func(dir string) ([]*fstypes.Stat, error) { return dirs[dir], nil }
}

// parseNames reads the records of namesFile: a length of four bytes, little end
// first, and a message.
func parseNames(data []byte) ([]*fstypes.Stat, error) {
	var stats []*fstypes.Stat
	for len(data) > 0 {
		if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
			return nil, fmt.Errorf("read names: %w", io.ErrUnexpectedEOF)
		}
		end := 4 + int(binary.LittleEndian.Uint32(data))
		stat := &fstypes.Stat{}
		if err := stat.UnmarshalVT(data[4:end]); err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		stats = append(stats, stat)
		data = data[end:]
	}
	return stats, nil
}
