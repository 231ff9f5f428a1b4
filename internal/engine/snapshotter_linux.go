// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/core/snapshots/storage"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/moby/buildkit/util/bklog"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// snapshotter keeps the layers, in a directory named after how it does that.
type snapshotter struct {
	snapshots.Snapshotter
	name string
	root string
}

// newSnapshotter opens the snapshotter that is configured, or the best one the
// file system of the state directory supports.
func newSnapshotter(s *settings) (*snapshotter, error) {
	name := s.Workers.OCI.Snapshotter
	if name == "" || name == "auto" {
		name = detectSnapshotter(s.root)
	}
	sn := &snapshotter{name: name, root: filepath.Join(s.root, "runc-"+name)}
	if err := os.MkdirAll(sn.root, 0o700); err != nil {
		return nil, fmt.Errorf("make the worker's directory: %w", err)
	}
	var err error
	switch dir := filepath.Join(sn.root, "snapshots"); name {
	case "overlayfs":
		sn.Snapshotter, err = s.newOverlay(dir)
	case "native":
		sn.Snapshotter, err = native.NewSnapshotter(dir)
	default:
		err = fmt.Errorf("worker.oci.snapshotter is %q: the embedded engine has auto, overlayfs and native", name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the snapshotter: %w", err)
	}
	return sn, nil
}

// newOverlay opens the snapshotter of overlayfs with its database.
func (s *settings) newOverlay(dir string) (snapshots.Snapshotter, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := storage.NewMetaStore(filepath.Join(dir, "metadata.db"), func(o *bolt.Options) error {
		o.NoSync = s.unsynced
		return nil
	})
	if err != nil {
		return nil, err
	}
	return overlay.NewSnapshotter(dir, overlay.AsynchronousRemove, overlay.WithMetaStore(db))
}

// detectSnapshotter prefers overlayfs, which shares files between layers; native
// copies them and works everywhere.
func detectSnapshotter(root string) string {
	if err := probeOverlay(); err != nil {
		bklog.L.Warnf("overlayfs does not work on %s, so layers are copied: %v", root, err)
		return "native"
	}
	return "overlayfs"
}

// probeOverlay mounts an overlay on the state directory's file system, which is
// where temporary files are. It is a volatile one: unmounting any other makes the
// kernel write all that waits to be written to that disk, whoever wrote it.
func probeOverlay() error {
	dir, err := os.MkdirTemp("", "overlay")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, name := range []string{"lower1", "lower2", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return fmt.Errorf("make a directory: %w", err)
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower2:%[1]s/lower1,upperdir=%[1]s/upper,workdir=%[1]s/work,volatile", dir)
	merged := filepath.Join(dir, "merged")
	err = unix.Mount("overlay", merged, "overlay", 0, options)
	if errors.Is(err, unix.EINVAL) {
		return overlayutils.Supported(dir) // a kernel before 5.10 knows no volatile
	}
	if err != nil {
		return fmt.Errorf("mount an overlay: %w", err)
	}
	return unix.Unmount(merged, 0)
}
