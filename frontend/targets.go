// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// OptDeclared names targets, with commas between them, whose tags and platforms must be
// known to whoever asks for the list of targets; * is all of them. Those of other targets
// stay as they are written where they can't be expanded.
const OptDeclared = "strata.declared"

// TargetList is the answer to the question for targets: BuildKit's, and what the build
// file says of names and platforms.
type TargetList struct {
	Targets []ListedTarget `json:"targets"`
	Sources [][]byte       `json:"sources"`
}

// ListedTarget is a target of the build file.
type ListedTarget struct {
	targets.Target
	// Tags are the names of its image, Platforms those that it is for.
	Tags      []string `json:"tags,omitempty"`
	Platforms []string `json:"platforms,omitempty"`
}

// listTargets lists what can be built.
func listTargets(r *request, s *spec.Spec) (*client.Result, error) {
	l := TargetList{Sources: [][]byte{r.file.Source.Data}}
	for i := range s.Targets {
		t := &s.Targets[i]
		base := t.From.Value
		if base == "" {
			base = "scratch"
		}
		listed := ListedTarget{Target: targets.Target{
			Name:     t.Name,
			Default:  t.Name == spec.DefaultTarget,
			Base:     base,
			Location: location(t.Range),
		}}
		if err := declare(r, s, t, &listed); err != nil {
			if mustBeKnown(r, t.Name) {
				return nil, err
			}
			listed.Tags, listed.Platforms = written(t.Tags), written(t.Platforms)
		}
		l.Targets = append(l.Targets, listed)
	}
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("list targets: %w", err)
	}
	var text strings.Builder
	if err := targets.PrintTargets(data, &text); err != nil {
		return nil, fmt.Errorf("list targets: %w", err)
	}
	res := client.NewResult()
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", []byte(text.String()))
	res.AddMeta("version", []byte(targets.SubrequestsTargetsDefinition.Version))
	return res, nil
}

// mustBeKnown reports whether who asks needs the tags and platforms of a target.
func mustBeKnown(r *request, target string) bool {
	names := strings.Split(r.options()[OptDeclared], ",")
	return slices.Contains(names, target) || slices.Contains(names, "*")
}

// declare adds the tags and the platforms of a target.
func declare(r *request, s *spec.Spec, t *spec.Target, to *ListedTarget) error {
	declared, err := declaredPlatforms(r, s, t.Name)
	if err != nil {
		return err
	}
	for _, p := range declared {
		to.Platforms = append(to.Platforms, platforms.FormatAll(p))
	}
	built := declared
	if len(built) == 0 || r.options()["platform"] != "" {
		built = r.daemon.UI.TargetPlatforms
	}
	to.Tags, err = strategy.Tags(declaration(r, s, t.Name), built)
	return err
}

// written are the strings of a list as the build file has them.
func written(list []spec.String) []string {
	var all []string
	for _, s := range list {
		all = append(all, s.Value)
	}
	return all
}

// takePlatforms takes the platforms that the target says it is for, where the client asks
// for none.
func takePlatforms(r *request, s *spec.Spec) error {
	if r.options()["platform"] != "" {
		return nil
	}
	declared, err := declaredPlatforms(r, s, r.daemon.UI.Target)
	if err != nil || len(declared) == 0 {
		return err
	}
	if only, err := strconv.ParseBool(r.options()["multi-platform"]); err == nil && !only && len(declared) > 1 { // dockerui says it of --platform
		return fmt.Errorf("BUILDKIT_MULTI_PLATFORM is %s, and the build file's platforms are %d: give one with --platform", r.options()["multi-platform"], len(declared))
	}
	ui := r.daemon.UI
	ui.TargetPlatforms, r.daemon.Declared = declared, true
	ui.MultiPlatformRequested = ui.MultiPlatformRequested || len(declared) > 1
	return nil
}

// declaredPlatforms are those that a target says it is for; none if there is no such target.
func declaredPlatforms(r *request, s *spec.Spec, target string) ([]ocispecs.Platform, error) {
	if target == "" {
		target = spec.DefaultTarget
	}
	if s.Target(target) == nil {
		return nil, nil
	}
	return strategy.Platforms(declaration(r, s, target))
}

// declaration asks what a target says of itself.
func declaration(r *request, s *spec.Spec, target string) strategy.Request {
	return strategy.Request{Spec: s, Target: target, BuildPlatform: r.daemon.Platform, BuildArgs: r.daemon.UI.BuildArgs}
}
