// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/containerd/containerd/v2/core/diff/apply"
	ctdmetadata "github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/diff/walking"
	"github.com/moby/buildkit/cache/metadata"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/executor/resources"
	"github.com/moby/buildkit/executor/runcexecutor"
	containerdsnapshot "github.com/moby/buildkit/snapshot/containerd"
	"github.com/moby/buildkit/util/leaseutil"
	"github.com/moby/buildkit/util/winlayers"
	"github.com/moby/buildkit/version"
	"github.com/moby/buildkit/worker/base"
	"github.com/moby/buildkit/worker/label"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sync/semaphore"
)

// namespace is the name all of BuildKit's records carry in containerd's stores.
const namespace = "buildkit"

// newWorker assembles the one worker of the engine, from the parts that
// worker/runc.NewWorkerOpt takes too; that function itself wants a runtime.
func newWorker(ctx context.Context, s *settings, hosts docker.RegistryHosts) (*base.Worker, error) {
	sn, err := newSnapshotter(s)
	if err != nil {
		return nil, err
	}
	opt := base.WorkerOpt{
		Root:            sn.root,
		GCPolicy:        s.gcPolicy(),
		BuildkitVersion: buildkitVersion(),
		RegistryHosts:   hosts,
		MountPoolRoot:   filepath.Join(sn.root, "cachemounts"),
	}
	if opt.Platforms, err = s.platforms(); err != nil {
		return nil, err
	}
	if opt.ID, err = workerID(sn.root); err != nil {
		return nil, fmt.Errorf("read the worker's name: %w", err)
	}
	if n := s.Workers.OCI.MaxParallelism; n > 0 {
		opt.ParallelismSem = semaphore.NewWeighted(int64(n))
	}
	if err := addStores(ctx, &opt, sn, s); err != nil {
		return nil, err
	}
	if err := addExecutor(&opt, s); err != nil {
		return nil, err
	}
	opt.Labels = workerLabels(s, sn.name, opt.Labels)
	w, err := base.NewWorker(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	return w, boundDownloads(w)
}

// workerID is the worker's name as BuildKit keeps it, a new one where what is there
// can't be one.
func workerID(root string) (string, error) {
	id, err := base.ID(root)
	if err != nil || isWorkerID.MatchString(id) {
		return id, err
	}
	if err := os.Remove(filepath.Join(root, "workerid")); err != nil {
		return "", err
	}
	return base.ID(root)
}

var isWorkerID = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// addStores opens the databases and stores below the worker's directory.
func addStores(ctx context.Context, opt *base.WorkerOpt, sn *snapshotter, s *settings) error {
	store, err := local.NewStore(filepath.Join(sn.root, "content"))
	if err != nil {
		return fmt.Errorf("open the content store: %w", err)
	}
	db, err := bolt.Open(filepath.Join(sn.root, "containerdmeta.db"), 0o600, s.database())
	if err != nil {
		return fmt.Errorf("open the content database: %w", err)
	}
	// Without its wrapping, which would hide that it removes directories when it is asked to clean up.
	mdb := ctdmetadata.NewDB(db, store, map[string]snapshots.Snapshotter{sn.name: sn.Snapshotter})
	if err := mdb.Init(ctx); err != nil {
		return fmt.Errorf("open the content database: %w", err)
	}
	md, err := metadata.NewStore(filepath.Join(sn.root, "metadata_v2.db"))
	if err != nil {
		return fmt.Errorf("open the cache's database: %w", err)
	}
	// BuildKit opens this one itself and has no option for it.
	if db, ok := md.DB().(*bolt.DB); ok {
		db.NoSync = s.unsynced
	}
	content := containerdsnapshot.NewContentStore(forgetful{mdb.ContentStore()}, namespace)
	opt.MetadataStore = md
	opt.Snapshotter = containerdsnapshot.NewSnapshotter(sn.name, mdb.Snapshotter(sn.name), namespace, nil)
	opt.ContentStore = content
	opt.Applier = winlayers.NewFileSystemApplierWithWindows(content, apply.NewFileSystemApplier(content))
	opt.Differ = winlayers.NewWalkingDiffWithWindows(content, walking.NewWalkingDiff(content))
	opt.LeaseManager = leaseutil.WithNamespace(ctdmetadata.NewLeaseManager(mdb), namespace)
	opt.GarbageCollect = mdb.GarbageCollect
	return nil
}

// database is how a database is opened.
func (s *settings) database() *bolt.Options {
	return &bolt.Options{FreelistType: bolt.FreelistMapType, NoSync: s.unsynced}
}

// addExecutor sets up what runs the steps.
func addExecutor(opt *base.WorkerOpt, s *settings) error {
	c := s.Workers.OCI
	nets, err := newNetworks(c.NetworkConfig, s.root)
	if err != nil {
		return err
	}
	monitor, err := resources.NewMonitor()
	if err != nil {
		return fmt.Errorf("watch the steps' resources: %w", err)
	}
	devices, err := newDevices(s.CDI)
	if err != nil {
		return err
	}
	x := &lazyExecutor{runtimes: runtimes(s.mendedCgroups), bin: filepath.Join(opt.Root, "bin"), providers: nets.providers, opt: runcexecutor.Opt{
		Root:                filepath.Join(opt.Root, "executor"),
		ProcessMode:         oci.ProcessSandbox,
		DNS:                 s.dns(),
		ApparmorProfile:     c.ApparmorProfile,
		SELinux:             c.SELinux,
		DefaultCgroupParent: c.DefaultCgroupParent,
		ResourceMonitor:     monitor,
		CDIManager:          devices,
		ProxyProvider:       nets.proxy,
	}}
	if c.Binary != "" {
		x.opt.CommandCandidates = []string{c.Binary}
	}
	opt.Executor = x
	opt.NetworkProviders, opt.ProxyProvider = nets.providers, nets.proxy
	opt.ResourceMonitor, opt.CDIManager = monitor, devices
	opt.Labels = map[string]string{label.Network: nets.mode}
	return nil
}

// workerLabels describe the worker to its clients.
func workerLabels(s *settings, snapshotter string, more map[string]string) map[string]string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	labels := map[string]string{
		label.Executor:       "oci",
		label.Snapshotter:    snapshotter,
		label.Hostname:       host,
		label.OCIProcessMode: oci.ProcessSandbox.String(),
		label.SELinuxEnabled: strconv.FormatBool(s.Workers.OCI.SELinux),
	}
	if p := s.Workers.OCI.ApparmorProfile; p != "" {
		labels[label.ApparmorProfile] = p
	}
	maps.Copy(labels, more)
	maps.Copy(labels, s.Workers.OCI.Labels)
	return labels
}

// dns is the resolver's configuration for steps.
func (s *settings) dns() *oci.DNSConfig {
	if s.DNS == nil {
		return nil
	}
	return &oci.DNSConfig{Nameservers: s.DNS.Nameservers, Options: s.DNS.Options, SearchDomains: s.DNS.SearchDomains}
}

// buildkitVersion is what the engine says about itself.
func buildkitVersion() client.BuildkitVersion {
	return client.BuildkitVersion{Package: version.Package, Version: version.Version, Revision: version.Revision}
}
