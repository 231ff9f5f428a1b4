// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/moby/buildkit/util/bklog"
)

// snapshotter keeps the layers, in a folder named after how it does that.
type snapshotter struct {
	snapshots.Snapshotter
	name string
	root string
}

// newSnapshotter opens the snapshotter that is configured, or the best one the
// file system of the state folder supports.
func newSnapshotter(s *settings) (*snapshotter, error) {
	name := s.Workers.OCI.Snapshotter
	if name == "" || name == "auto" {
		name = detectSnapshotter(s.root)
	}
	sn := &snapshotter{name: name, root: filepath.Join(s.root, "runc-"+name)}
	if err := os.MkdirAll(sn.root, 0o700); err != nil {
		return nil, fmt.Errorf("make the worker's folder: %w", err)
	}
	var err error
	switch dir := filepath.Join(sn.root, "snapshots"); name {
	case "overlayfs":
		sn.Snapshotter, err = overlay.NewSnapshotter(dir, overlay.AsynchronousRemove)
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

// detectSnapshotter prefers overlayfs, which shares files between layers; native
// copies them and works everywhere.
func detectSnapshotter(root string) string {
	if err := overlayutils.Supported(root); err != nil {
		bklog.L.Warnf("overlayfs does not work on %s, so layers are copied: %v", root, err)
		return "native"
	}
	return "overlayfs"
}
