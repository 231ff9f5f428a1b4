// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/moby/buildkit/cache/remotecache"
	inlinecache "github.com/moby/buildkit/cache/remotecache/inline"
	localcache "github.com/moby/buildkit/cache/remotecache/local"
	registrycache "github.com/moby/buildkit/cache/remotecache/registry"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/frontend"
	dockerfile "github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/frontend/gateway"
	"github.com/moby/buildkit/frontend/gateway/forwarder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/db/boltutil"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // the codec of BuildKit's messages
	"github.com/moby/buildkit/util/resolver"
	"github.com/moby/buildkit/util/resolver/limited"
	"github.com/moby/buildkit/worker"
)

// newController assembles BuildKit. stopping ends its waiting for traces.
func newController(ctx context.Context, s *settings, stopping <-chan struct{}) (*control.Controller, error) {
	if err := applySystem(s); err != nil {
		return nil, err
	}
	sessions, err := session.NewManager()
	if err != nil {
		return nil, fmt.Errorf("start the session manager: %w", err)
	}
	hosts := withoutPorts(forPushes(resolver.NewRegistryConfig(s.Registries)))
	w, err := newWorker(ctx, s, hosts)
	if err != nil {
		return nil, err
	}
	workers := &worker.Controller{}
	if err := workers.Add(w); err != nil {
		return nil, fmt.Errorf("add the worker: %w", err)
	}
	opt := control.Opt{
		SessionManager:   sessions,
		WorkerController: workers,
		Entitlements:     s.Entitlements,
		LeaseManager:     w.LeaseManager(),
		ContentStore:     w.ContentStore(),
		HistoryConfig:    historyOf(s.History),
		ProxyNetwork:     s.ProxyNetwork,
		GarbageCollect:   w.GarbageCollect,
		GracefulStop:     stopping,
	}
	if w.CDIManager() != nil && !slices.Contains(opt.Entitlements, "device") {
		opt.Entitlements = append(opt.Entitlements, "device")
	}
	if opt.Frontends, err = frontends(s, workers); err != nil {
		return nil, err
	}
	addRemoteCaches(&opt, sessions, w, hosts)
	if err := addDatabases(ctx, &opt, s); err != nil {
		return nil, err
	}
	c, err := control.NewController(opt)
	if err != nil {
		return nil, fmt.Errorf("start the controller: %w", err)
	}
	return c, nil
}

// historyOf keeps no records of builds unless the configuration wants some: no one is
// there to ask for them, and writing one takes an eighth of a build that changes
// nothing.
func historyOf(c *config.HistoryConfig) *config.HistoryConfig {
	if c != nil {
		return c
	}
	none := int64(0)
	return &config.HistoryConfig{MaxEntries: &none}
}

// applySystem sets what BuildKit keeps in package variables.
func applySystem(s *settings) error {
	if s.System == nil {
		return nil
	}
	if age := s.System.PlatformsCacheMaxAge; age != nil {
		archutil.CacheMaxAge = age.Duration
	}
	if n := s.System.MaxRegistryConcurrency; n != nil {
		if *n <= 0 {
			return fmt.Errorf("system.maxRegistryConcurrency is %d: it must be greater than zero", *n)
		}
		limited.SetMaxConcurrency(int64(*n))
	}
	return nil
}

// frontends are those that run in the engine. Any other comes as an image.
func frontends(s *settings, workers *worker.Controller) (map[string]frontend.Frontend, error) {
	enabled := func(b *bool) bool { return b == nil || *b }
	all := map[string]frontend.Frontend{}
	if enabled(s.Frontends.Dockerfile.Enabled) {
		all["dockerfile.v0"] = forwarder.NewGatewayForwarder(workers.Infos(), dockerfile.Build)
	}
	if enabled(s.Frontends.Gateway.Enabled) {
		g, err := gateway.NewGatewayFrontend(workers.Infos(), s.Frontends.Gateway.AllowedRepositories)
		if err != nil {
			return nil, fmt.Errorf("start the gateway: %w", err)
		}
		all["gateway.v0"] = g
	}
	return all, nil
}

// addRemoteCaches sets up what --cache-to and --cache-from can name.
func addRemoteCaches(opt *control.Opt, sm *session.Manager, w worker.Worker, hosts docker.RegistryHosts) {
	opt.ResolveCacheExporterFuncs = map[string]remotecache.ResolveCacheExporterFunc{
		"registry": registrycache.ResolveCacheExporterFunc(sm, hosts),
		"local":    localcache.ResolveCacheExporterFunc(sm),
		"inline":   inlinecache.ResolveCacheExporterFunc(),
	}
	opt.ResolveCacheImporterFuncs = map[string]remotecache.ResolveCacheImporterFunc{
		"registry": registrycache.ResolveCacheImporterFunc(sm, w.ContentStore(), hosts),
		"local":    localcache.ResolveCacheImporterFunc(sm),
	}
}

// addDatabases opens the cache's and the history's. The lock of the state directory
// is held, so no one else has them open: BuildKit takes a database that does not
// open for a broken one and renames it away.
func addDatabases(ctx context.Context, opt *control.Opt, s *settings) error {
	store, err := bboltcachestorage.NewStore(filepath.Join(s.root, "cache.db"))
	if err != nil {
		return fmt.Errorf("open the cache: %w", err)
	}
	history, err := boltutil.SafeOpen(filepath.Join(s.root, "history.db"), 0o600, s.database())
	if err != nil {
		return fmt.Errorf("open the history: %w", err)
	}
	opt.CacheStore = store
	opt.CacheManager = solver.NewCacheManager(ctx, "local", store, worker.NewCacheResultStorage(opt.WorkerController))
	opt.HistoryDB = history
	return nil
}
