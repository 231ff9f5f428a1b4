// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/spec"
)

// configure makes the configuration: the base's, with the build file's over it.
func (t *Target) configure() error {
	out, err := t.baseConfig()
	if err != nil {
		return err
	}
	c := &t.described.Config
	set := settings{read: t.read, warn: t.pass.req.Warn}
	if t.described.Name == t.pass.req.Target {
		set.labels = t.pass.req.Labels
	}
	for _, step := range []func(*spec.Config, *dockerspec.DockerOCIImageConfig) error{
		set.setCommand, set.setEnv, set.setPlace, set.setNetwork, set.setLabels, set.setHealthcheck,
	} {
		if err := step(c, &out.Config); err != nil {
			return err
		}
	}
	if t.described.Config.Author.IsSet() {
		if out.Author, err = t.read.expand(t.described.Config.Author); err != nil {
			return err
		}
	}
	t.image.Config = *out
	t.image.Annotations = map[string]string{}
	for _, p := range t.described.Annotations {
		if t.image.Annotations[p.Key], err = t.read.expand(p.Value); err != nil {
			return err
		}
	}
	return nil
}

// baseConfig is a copy of the base's configuration without what belongs to the
// base alone.
func (t *Target) baseConfig() (*dockerspec.DockerOCIImage, error) {
	p, err := platforms.Parse(t.image.Platform)
	if err != nil {
		return nil, err
	}
	out := &dockerspec.DockerOCIImage{}
	if t.image.Base == nil {
		out.Platform = ocispecs.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion}
		return out, nil
	}
	data, err := json.Marshal(t.image.Base)
	if err != nil {
		return nil, fmt.Errorf("copy the base's configuration: %w", err)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return nil, fmt.Errorf("copy the base's configuration: %w", err)
	}
	out.History, out.RootFS, out.Created = nil, ocispecs.RootFS{}, nil
	out.Config.OnBuild = nil // they are for the image that is built on the base, once
	return out, nil
}

// settings are what the build file puts over a base's configuration.
type settings struct {
	read reader
	// labels are those of the request, which win.
	labels map[string]string
	// warn is told of what can't be removed.
	warn func(*spec.Error)
}

// setCommand sets what runs. A new entrypoint drops the base's command, which
// was meant for another program.
func (s settings) setCommand(c *spec.Config, out *dockerspec.DockerOCIImageConfig) error {
	for _, f := range []struct {
		from []spec.String
		to   *[]string
	}{{c.Cmd, &out.Cmd}, {c.Entrypoint, &out.Entrypoint}, {c.Shell, &out.Shell}, {c.OnBuild, &out.OnBuild}} {
		if f.from == nil {
			continue
		}
		words, err := s.read.verbatimAll(f.from)
		if err != nil {
			return err
		}
		*f.to = words
	}
	if c.Entrypoint != nil && c.Cmd == nil {
		out.Cmd = nil
	}
	return nil
}

func (s settings) setEnv(c *spec.Config, out *dockerspec.DockerOCIImageConfig) error {
	for _, p := range c.Env {
		if p.Removed {
			mustHave(s, "variable", p.Key, p.KeyPos, environment(out.Env).table())
		}
	}
	env, err := s.read.merge(append(environment{}, out.Env...), c.Env)
	if err != nil {
		return err
	}
	out.Env = env
	return nil
}

func (s settings) setPlace(c *spec.Config, out *dockerspec.DockerOCIImageConfig) error {
	for _, f := range []struct {
		from  spec.String
		to    *string
		check func(string) error
	}{{c.User, &out.User, parses(spec.ParseOwner)}, {c.StopSignal, &out.StopSignal, parses(spec.ParseSignal)}} {
		if !f.from.IsSet() {
			continue
		}
		v, err := s.read.expand(f.from)
		if err != nil {
			return err
		}
		if v != "" { // as null, or an argument that isn't given, says
			err = f.check(v)
		}
		if err != nil {
			return s.read.errorf(f.from.Pos, "%w", err)
		}
		*f.to = v
	}
	if !c.Workdir.IsSet() {
		return nil
	}
	if c.Workdir.IsNull() {
		out.WorkingDir = ""
		return nil
	}
	text, err := s.read.expand(c.Workdir)
	if err != nil {
		return err
	}
	if out.WorkingDir, err = spec.CleanDest(text); err != nil { // a slash at the end stays, as with WORKDIR
		return s.read.errorf(c.Workdir.Pos, "%w", err)
	}
	return nil
}

// parses makes a check of a parser.
func parses[V any](parse func(string) (V, error)) func(string) error {
	return func(text string) error {
		_, err := parse(text)
		return err
	}
}

// setNetwork sets ports and volumes.
func (s settings) setNetwork(c *spec.Config, out *dockerspec.DockerOCIImageConfig) error {
	var err error
	if out.ExposedPorts, err = s.add("port", c.Expose, out.ExposedPorts, s.ports, plainPort); err != nil {
		return err
	}
	out.Volumes, err = s.add("volume", c.Volumes, out.Volumes, s.volume, plainVolume)
	return err
}

// plainVolume is a volume as build files write it: images may have one with a slash at its
// end, or without one at its beginning.
func plainVolume(name string) string { return path.Join("/", name) }

// plainPort is a port as build files write it: images may have one without a protocol.
func plainPort(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return name + "/tcp"
}

// add is what an image has of something after the build file's additions; nil
// when that is nothing. What the base has may be written in other ways, of which plain
// makes the one that is read.
func (s settings) add(noun string, a spec.Additions, base map[string]struct{}, read func(spec.String) ([]string, error), plain func(string) string) (map[string]struct{}, error) {
	all := map[string]struct{}{}
	if !a.Clear {
		maps.Copy(all, base)
	}
	written := map[string][]string{}
	for name := range base {
		written[plain(name)] = append(written[plain(name)], name)
	}
	for _, entry := range a.Remove {
		names, err := read(entry)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			mustHave(s, noun, name, entry.Pos, written)
			for _, as := range written[name] {
				delete(all, as)
			}
		}
	}
	for _, entry := range a.Add {
		names, err := read(entry)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			all[name] = struct{}{}
		}
	}
	if len(all) == 0 {
		return nil, nil //nolint:nilnil // an image without ports, or volumes, is one, too
	}
	return all, nil
}

// mustHave warns of a name that is to be removed although it isn't there.
func mustHave[V any](s settings, noun, name string, at spec.Pos, base map[string]V) {
	if _, ok := base[name]; ok {
		return
	}
	w := s.read.errorf(at, "the base has no %s %q to remove", noun, name)
	w.Rule = RuleNothingToRemove
	s.warn(w.WithHint(spell.DidYouMean(name, slices.Sorted(maps.Keys(base)))))
}

func (s settings) ports(entry spec.String) ([]string, error) {
	text, err := s.read.expand(entry)
	if err != nil {
		return nil, err
	}
	ports, err := spec.ParsePort(text)
	if err != nil {
		return nil, s.read.errorf(entry.Pos, "%w", err)
	}
	return ports, nil
}

func (s settings) volume(entry spec.String) ([]string, error) {
	p, _, err := s.read.dest(entry)
	return []string{p}, err
}

func (s settings) setLabels(c *spec.Config, out *dockerspec.DockerOCIImageConfig) error {
	labels := maps.Clone(out.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	for _, p := range c.Labels {
		if p.Removed {
			mustHave(s, "label", p.Key, p.KeyPos, out.Labels)
			delete(labels, p.Key)
			continue
		}
		v, err := s.read.expand(p.Value)
		if err != nil {
			return err
		}
		labels[p.Key] = v
	}
	maps.Copy(labels, s.labels)
	if out.Labels = nil; len(labels) > 0 {
		out.Labels = labels
	}
	return nil
}

func (s settings) setHealthcheck(c *spec.Config, out *dockerspec.DockerOCIImageConfig) error {
	h := c.Healthcheck
	if h == nil {
		return nil
	}
	if h.Removed {
		out.Healthcheck = nil
		return nil
	}
	check, err := s.probe(h, out.Healthcheck)
	if err != nil {
		return err
	}
	if h.Retries > 0 {
		check.Retries = h.Retries
	}
	for _, f := range []struct {
		from spec.String
		to   *time.Duration
	}{{h.Interval, &check.Interval}, {h.Timeout, &check.Timeout}, {h.StartPeriod, &check.StartPeriod}, {h.StartInterval, &check.StartInterval}} {
		text, err := s.read.verbatim(f.from)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return s.read.errorf(f.from.Pos, "%q is not a duration (want 30s, 1m30s): %w", text, err)
		}
		if d > 0 && d < time.Millisecond {
			return s.read.errorf(f.from.Pos, "%q is less than a millisecond, and containers with such a healthcheck aren't started", text)
		}
		*f.to = d
	}
	out.Healthcheck = check
	return nil
}

// probe is a healthcheck with its test: the build file's, or a copy of the base's.
func (s settings) probe(h *spec.Healthcheck, base *dockerspec.HealthcheckConfig) (*dockerspec.HealthcheckConfig, error) {
	if h.Test != nil {
		test, err := s.read.verbatimAll(h.Test)
		return &dockerspec.HealthcheckConfig{Test: test}, err
	}
	if base == nil || len(base.Test) == 0 {
		return nil, s.read.errorf(h.Range.Start, "the healthcheck has no `test`, and the base has none")
	}
	check := *base
	return &check, nil
}
