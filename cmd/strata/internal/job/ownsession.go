// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/ociindex"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/session"
	sessioncontent "github.com/moby/buildkit/session/content"
	"github.com/moby/buildkit/session/filesync"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// ownSession is a session that BuildKit's client doesn't make. One is in the place of the
// client's for a build that writes a directory, which the client has no way to receive but
// its own; a nil one is for other builds. Others are what several builds read by.
type ownSession struct {
	session *session.Session
	stop    context.CancelFunc
	ended   chan error
	// layouts are the directories of OCI layouts that the build writes.
	layouts []string
}

// openSession begins a session if a build needs one of its own.
func openSession(ctx context.Context, bkc *client.Client, opt *client.SolveOpt) (*ownSession, error) {
	if !slices.ContainsFunc(opt.Exports, func(e client.ExportEntry) bool { return e.Type == client.ExporterLocal }) {
		return nil, nil //nolint:nilnil // it needs none
	}
	s, err := session.NewSession(ctx, opt.SharedKey)
	if err != nil {
		return nil, fmt.Errorf("begin a session: %w", err)
	}
	own := &ownSession{session: s}
	dirs, err := localSources(opt.LocalMounts)
	if err != nil {
		return nil, err
	}
	stores, err := own.stores(opt)
	if err != nil {
		return nil, err
	}
	attached := append(slices.Clone(opt.Session), filesync.NewFSSyncProvider(dirs), newReceiver(opt.Exports))
	if len(stores) > 0 {
		attached = append(attached, sessioncontent.NewAttachable(stores))
	}
	for _, a := range attached {
		s.Allow(a)
	}
	opt.SharedSession, opt.SessionPreInitialized = s, true
	own.start(ctx, bkc)
	return own, nil
}

// start offers to a daemon what was attached, until the session is closed: the daemon asks
// on while it cancels a build.
func (s *ownSession) start(ctx context.Context, bkc *client.Client) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.ended = stop, make(chan error, 1)
	go func() { s.ended <- s.session.Run(running, bkc.Dialer()) }()
}

// close ends the session.
func (s *ownSession) close() error {
	if s == nil {
		return nil
	}
	err := s.session.Close()
	s.stop()
	return errors.Join(err, <-s.ended)
}

// newReceiver is what receives exports.
func newReceiver(exports []client.ExportEntry) *receiver {
	r := &receiver{SyncTarget: filesync.NewFSSyncTarget(), dirs: map[int]string{}}
	for i, e := range exports {
		switch {
		case e.Type == client.ExporterLocal:
			r.dirs[i] = e.OutputDir
		case e.Output != nil:
			r.Add(filesync.WithFSSync(i, e.Output))
		}
	}
	return r
}

// localSources are the directories that the daemon may read, as if they were root's.
func localSources(mounts map[string]fsutil.FS) (filesync.StaticDirSource, error) {
	out := filesync.StaticDirSource{}
	for name, mount := range mounts {
		var err error
		out[name], err = fsutil.NewFilterFS(mount, &fsutil.FilterOpt{Map: func(_ string, st *types.Stat) fsutil.MapResult {
			st.Uid, st.Gid = 0, 0
			return fsutil.MapResultKeep
		}})
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
	}
	return out, nil
}

// stores are the directories of images and caches that the daemon reads and writes.
func (s *ownSession) stores(opt *client.SolveOpt) (map[string]content.Store, error) {
	stores := map[string]content.Store{}
	for name, store := range opt.OCIStores {
		stores["oci:"+name] = store
	}
	dirs := map[string]string{}
	for _, c := range slices.Concat(opt.CacheExports, opt.CacheImports) {
		for _, dir := range []string{c.Attrs["dest"], c.Attrs["src"]} {
			if c.Type == "local" && dir != "" {
				dirs["local:"+dir] = dir
			}
		}
	}
	for _, e := range opt.Exports {
		if e.Type != client.ExporterLocal && e.OutputDir != "" {
			dirs["export"] = e.OutputDir
			s.layouts = append(s.layouts, e.OutputDir)
		}
	}
	for name, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		store, err := local.NewStore(dir)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", dir, err)
		}
		stores[name] = store
	}
	return stores, nil
}

// finish adds the image to the indexes of its layouts.
func (s *ownSession) finish(exporter map[string]string) error {
	if s == nil || len(s.layouts) == 0 || exporter[exptypes.ExporterImageDescriptorKey] == "" {
		return nil
	}
	var image ocispecs.Descriptor
	data, err := base64.StdEncoding.DecodeString(exporter[exptypes.ExporterImageDescriptorKey])
	if err == nil {
		err = json.Unmarshal(data, &image)
	}
	if err != nil {
		return fmt.Errorf("read what the daemon says of the image: %w", err)
	}
	names := []ociindex.NameOrTag{ociindex.Tag("latest")}
	if said, ok := exporter[exptypes.ExporterImageNameKey]; ok {
		names = nil
		for name := range strings.SplitSeq(said, ",") {
			names = append(names, ociindex.Name(name))
		}
	}
	for _, dir := range s.layouts {
		if err := ociindex.NewStoreIndex(dir).Put(image, names...); err != nil {
			return fmt.Errorf("add the image to %s: %w", dir, err)
		}
	}
	return nil
}
