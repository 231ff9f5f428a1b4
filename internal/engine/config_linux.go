// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/util/appdefaults"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/disk"
	resolverconfig "github.com/moby/buildkit/util/resolver/config"
	"github.com/moby/buildkit/version"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pelletier/go-toml/v2"

	"github.com/strata-build/strata/internal/plainfile"
)

// configLimit is the most bytes that buildkitd.toml may have.
const configLimit = 8 << 20

// fingerprintName is the file that tells clients what the running engine is.
const fingerprintName = "engine.fingerprint"

// settings are an engine's configuration with every default filled in.
type settings struct {
	config.Config
	root string

	// unsynced databases leave it to the kernel when their changes reach the disk.
	unsynced bool

	// mendedCgroups says that control groups are not as the system made them.
	mendedCgroups bool

	// fingerprint differs between engines that would build differently.
	fingerprint string
}

// loadSettings reads the configuration that o names.
func loadSettings(o Options) (*settings, error) {
	var text []byte
	if o.Config != "" {
		var err error
		if text, err = plainfile.Read(o.Config, configLimit); err != nil {
			return nil, fmt.Errorf("read the engine's configuration: %w", err)
		}
	}
	s := &settings{root: o.Root}
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(&s.Config); err != nil {
		return nil, tomlError(o.Config, err)
	}
	if name := s.lacking(); name != "" {
		return nil, fmt.Errorf("%s: the embedded engine does not have %s: leave it out, or run buildkitd and name it with --addr", o.Config, name)
	}
	s.Registries = absolute(s.Registries, filepath.Dir(o.Config))
	s.setDefaults()
	s.fingerprint = fingerprint(o.Config, text)
	return s, nil
}

// lacking is a setting that asks for something the engine can't do, or empty.
// Where a daemon keeps its state and where it listens is not among them: the
// engine decides that itself, so that a daemon's file can be used as it is.
func (s *settings) lacking() string {
	c := s.Workers.OCI
	for _, x := range []struct {
		name string
		set  bool
	}{
		{"worker.oci.enabled = false", c.Enabled != nil && !*c.Enabled},
		{"worker.oci.rootless", c.Rootless},
		{"worker.oci.noProcessSandbox", c.NoProcessSandbox},
		{"worker.oci.userRemapUnsupported", c.UserRemapUnsupported != ""},
		{"worker.oci.proxySnapshotterPath", c.ProxySnapshotterPath != ""},
		{"worker.oci.stargzSnapshotter", len(c.StargzSnapshotterConfig) > 0},
		{"worker.containerd.enabled = true", s.Workers.Containerd.Enabled != nil && *s.Workers.Containerd.Enabled},
		{"cache.gha", s.Cache.GHA != nil},
		{"provenanceEnvDir", s.ProvenanceEnvDir != ""},
	} {
		if x.set {
			return x.name
		}
	}
	return ""
}

// tomlError says where in the file the fault is.
func tomlError(path string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		row, col := unknown.Errors[0].Position()
		return fmt.Errorf("%s:%d:%d: buildkitd.toml has no such setting: %q", path, row, col, unknown.Errors[0].Key())
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, col := bad.Position()
		return fmt.Errorf("%s:%d:%d: %w", path, row, col, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// setDefaults are buildkitd's, but for what the engine decides by itself.
func (s *settings) setDefaults() {
	n := &s.Workers.OCI.NetworkConfig
	setDefault(&n.CNIConfigPath, appdefaults.DefaultCNIConfigPath)
	setDefault(&n.CNIBinaryPath, appdefaults.DefaultCNIBinDir)
	setDefault(&n.BridgeName, appdefaults.BridgeName)
	setDefault(&n.BridgeSubnet, appdefaults.BridgeSubnet)
	setDefault(&s.Workers.OCI.DefaultCgroupParent, cgroupParent(s.root))
	if s.Entitlements == nil {
		s.Entitlements = []string{"network.host", "security.insecure"}
	}
}

// setDefault sets a string that is empty.
func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// absolute makes the paths in the registries' settings start at dir.
func absolute(registries map[string]resolverconfig.RegistryConfig, dir string) map[string]resolverconfig.RegistryConfig {
	from := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	for host, r := range registries {
		for i := range r.RootCAs {
			r.RootCAs[i] = from(r.RootCAs[i])
		}
		for i := range r.TLSConfigDir {
			r.TLSConfigDir[i] = from(r.TLSConfigDir[i])
		}
		for i := range r.KeyPairs {
			r.KeyPairs[i].Key = from(r.KeyPairs[i].Key)
			r.KeyPairs[i].Certificate = from(r.KeyPairs[i].Certificate)
		}
		registries[host] = r
	}
	return registries
}

// platforms are those the configuration names, or those the kernel can run.
func (s *settings) platforms() ([]ocispecs.Platform, error) {
	if len(s.Workers.OCI.Platforms) == 0 {
		return archutil.SupportedPlatforms(false), nil
	}
	all, err := platforms.ParseAll(s.Workers.OCI.Platforms)
	if err != nil {
		return nil, fmt.Errorf("read worker.oci.platforms: %w", err)
	}
	return all, nil
}

// gcPolicy keeps the cache below a limit, by default one that fits the disk.
func (s *settings) gcPolicy() []client.PruneInfo {
	gc := s.Workers.OCI.GCConfig
	if gc.GC != nil && !*gc.GC {
		return nil
	}
	stat, _ := disk.GetDiskStat(s.root) // zero means BuildKit's smallest limit
	rules := gc.GCPolicy
	if len(rules) == 0 {
		rules = config.DefaultGCPolicy(gc, stat)
	}
	policy := make([]client.PruneInfo, 0, len(rules))
	for _, rule := range rules {
		if rule.ReservedSpace == (config.DiskSpace{}) {
			rule.ReservedSpace = rule.KeepBytes //nolint:staticcheck // older files say keepBytes
		}
		policy = append(policy, client.PruneInfo{
			Filter:        rule.Filters,
			All:           rule.All,
			KeepDuration:  rule.KeepDuration.Duration,
			ReservedSpace: rule.ReservedSpace.AsBytes(stat),
			MaxUsedSpace:  rule.MaxUsedSpace.AsBytes(stat),
			MinFreeSpace:  rule.MinFreeSpace.AsBytes(stat),
		})
	}
	return policy
}

// fingerprint is a digest of the configuration and of the program's version.
func fingerprint(path string, text []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d %s", version.Version, path, len(text), text)
	if info, ok := debug.ReadBuildInfo(); ok {
		fmt.Fprintln(h, info.Main.Path, info.Main.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				fmt.Fprintln(h, s.Value)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// writeFingerprint tells clients what this engine is.
func (s *settings) writeFingerprint() error {
	f, err := openOwn(filepath.Join(s.root, fingerprintName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err == nil {
		_, err = f.WriteString(s.fingerprint)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("write the engine's fingerprint: %w", err)
	}
	return nil
}

// readFingerprint is what the running engine of a state directory says it is.
func readFingerprint(root string) string {
	data, _ := readOwn(root, fingerprintName)
	return string(data)
}
