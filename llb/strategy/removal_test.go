// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// furnished is a base whose configuration has something of everything.
type furnished struct{}

func (furnished) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.Config = dockerspec.DockerOCIImageConfig{
		ImageConfig: ocispecs.ImageConfig{
			User: "app", WorkingDir: "/srv", StopSignal: "SIGINT",
			Env:          []string{"PATH=/bin", "A=a", "B=b"},
			Labels:       map[string]string{"vendor": "base", "keep": "yes"},
			ExposedPorts: map[string]struct{}{"80/tcp": {}, "81/tcp": {}, "53/udp": {}},
			Volumes:      map[string]struct{}{"/data": {}, "/var/log": {}},
		},
		DockerOCIImageConfigExt: dockerspec.DockerOCIImageConfigExt{
			Healthcheck: &dockerspec.HealthcheckConfig{Test: []string{"CMD", "true"}, Interval: time.Second},
		},
	}
	return t, img, nil
}

// configured plans a build file on the furnished base and returns its plan and what
// was warned of.
func configured(t *testing.T, text string) (*plan.Image, []string) {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	var warned []string
	p, err := strategy.Plan(context.Background(), strategy.Request{
		Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: furnished{},
		Warn: func(e *spec.Error) { warned = append(warned, e.Error()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.Images[len(p.Images)-1], warned
}

func TestRemovalFromBase(t *testing.T) {
	for _, c := range []struct {
		name, config string
		change       func(*dockerspec.DockerOCIImageConfig)
	}{
		{"volumes cleared", "{volumes: []}", func(c *dockerspec.DockerOCIImageConfig) { c.Volumes = nil }},
		{"volumes null", "{volumes: null}", func(c *dockerspec.DockerOCIImageConfig) { c.Volumes = nil }},
		{"a volume removed", "{volumes: {/data/: null, /new: {}}}", func(c *dockerspec.DockerOCIImageConfig) {
			c.Volumes = map[string]struct{}{"/var/log": {}, "/new": {}}
		}},
		{"ports cleared", "{expose: []}", func(c *dockerspec.DockerOCIImageConfig) { c.ExposedPorts = nil }},
		{"ports removed", "{expose: {80-81: null, 8080: {}}}", func(c *dockerspec.DockerOCIImageConfig) {
			c.ExposedPorts = map[string]struct{}{"53/udp": {}, "8080/tcp": {}}
		}},
		{"ports added", "{expose: [8080]}", func(c *dockerspec.DockerOCIImageConfig) {
			c.ExposedPorts = map[string]struct{}{"53/udp": {}, "80/tcp": {}, "81/tcp": {}, "8080/tcp": {}}
		}},
		{"a variable removed and used again", "{env: {A: null, B: \"$B$B\"}}", func(c *dockerspec.DockerOCIImageConfig) {
			c.Env = []string{"PATH=/bin", "B=bb"}
		}},
		{"a label removed", "{labels: {vendor: null}}", func(c *dockerspec.DockerOCIImageConfig) {
			c.Labels = map[string]string{"keep": "yes"}
		}},
		{"all labels removed", "{labels: {vendor: null, keep: null}}", func(c *dockerspec.DockerOCIImageConfig) { c.Labels = nil }},
		{"healthcheck", "{healthcheck: null}", func(c *dockerspec.DockerOCIImageConfig) { c.Healthcheck = nil }},
		{"times of the base's healthcheck", "{healthcheck: {timeout: 5s, retries: 2}}", func(c *dockerspec.DockerOCIImageConfig) {
			c.Healthcheck = &dockerspec.HealthcheckConfig{Test: []string{"CMD", "true"}, Interval: time.Second, Timeout: 5 * time.Second, Retries: 2}
		}},
		{"another healthcheck", "{healthcheck: {test: [CMD, false], timeout: 5s}}", func(c *dockerspec.DockerOCIImageConfig) {
			c.Healthcheck = &dockerspec.HealthcheckConfig{Test: []string{"CMD", "false"}, Timeout: 5 * time.Second}
		}},
		{"the rest", "{user: null, workdir: ~, stop_signal: }", func(c *dockerspec.DockerOCIImageConfig) {
			c.User, c.WorkingDir, c.StopSignal = "", "", ""
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, img, err := furnished{}.Base(t.Context(), plan.Tree{})
			if err != nil {
				t.Fatal(err)
			}
			want := img.Config
			c.change(&want)
			got, warned := configured(t, "from: base\nconfig: "+c.config+"\n")
			if diff := cmp.Diff(want, got.Config.Config); diff != "" {
				t.Errorf("unexpected configuration (-want +got):\n%s", diff)
			}
			if len(warned) > 0 {
				t.Errorf("warned of %q", warned)
			}
		})
	}
}

// TestRemovalFromStep takes a variable of the base from a command's environment.
func TestRemovalFromStep(t *testing.T) {
	img, _ := configured(t, "from: base\nlayers:\n  - build: {run: [make], env: {A: null}}\n")
	got := img.Layers[0].Action.(*plan.Exec).Env
	if diff := cmp.Diff([]string{"PATH=/bin", "B=b"}, got); diff != "" {
		t.Errorf("unexpected environment (-want +got):\n%s", diff)
	}
}

// TestRemovalOfNothing warns of what isn't there, with its line.
func TestRemovalOfNothing(t *testing.T) {
	_, got := configured(t, "from: base\nconfig:\n  labels: {vendr: null}\n  volumes: {/date: null}\n  expose: {79-80: null}\n  env: {C: null}\n")
	want := []string{
		`strata.yaml:6:9: the base has no variable "C" to remove`,
		`strata.yaml:5:12: the base has no port "79/tcp" to remove; did you mean "80/tcp"?`,
		`strata.yaml:4:13: the base has no volume "/date" to remove; did you mean "/data"?`,
		`strata.yaml:3:12: the base has no label "vendr" to remove; did you mean "vendor"?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected warnings (-want +got):\n%s", diff)
	}
}

// TestRights reads what a command may do besides, and what it runs in.
func TestRights(t *testing.T) {
	img, _ := configured(t, `from: base
layers:
  - build: {run: make, security: insecure, devices: [vendor.example/gpu=all, {name: vendor.example/key=1}], shell: [/bin/bash, -c]}
  - build: {run: "#!/usr/bin/perl\nprint 1", security: sandbox}
  - build: {run: make > $out/x, owner: ":staff"}
`)
	first, second, third := img.Layers[0].Action.(*plan.Exec), img.Layers[1].Action.(*plan.Exec), img.Layers[2].Action.(*plan.Exec)
	devices := []plan.Device{{Name: "vendor.example/gpu=all", Required: true}, {Name: "vendor.example/key=1"}}
	if diff := cmp.Diff(devices, first.Devices); diff != "" || !first.Insecure {
		t.Errorf("insecure: %t; unexpected devices (-want +got):\n%s", first.Insecure, diff)
	}
	if diff := cmp.Diff([]string{"/bin/bash", "-c", "make"}, first.Args); diff != "" {
		t.Errorf("unexpected words (-want +got):\n%s", diff)
	}
	if second.Insecure || second.Script != "#!/usr/bin/perl\nprint 1" {
		t.Errorf("the script is %q, insecure: %t", second.Script, second.Insecure)
	}
	if diff := cmp.Diff(&plan.Owner{User: "0", Group: "staff"}, third.Owner); diff != "" {
		t.Errorf("unexpected owner (-want +got):\n%s", diff)
	}
}

// plainly is a base with a configuration.
type plainly dockerspec.DockerOCIImageConfig

func (p plainly) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	return t, &dockerspec.DockerOCIImage{Config: dockerspec.DockerOCIImageConfig(p)}, nil
}

// TestRemovalOfWhatIsWrittenOtherwise removes volumes and ports that the base has in forms
// that no build file gives them: as a Dockerfile's VOLUME has them, and as buildah does.
func TestRemovalOfWhatIsWrittenOtherwise(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte("from: base\nconfig: {volumes: {/data/: null, /log: null}, expose: {80: null}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	base := plainly{ImageConfig: ocispecs.ImageConfig{
		Volumes:      map[string]struct{}{"/data/": {}, "log": {}, "/kept/": {}},
		ExposedPorts: map[string]struct{}{"80": {}, "80/udp": {}},
	}}
	p, err := strategy.Plan(t.Context(), strategy.Request{
		Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: base,
		Warn: func(e *spec.Error) { t.Errorf("warned of %v", e) },
	})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Images[0].Config.Config
	want := []map[string]struct{}{{"/kept/": {}}, {"80/udp": {}}}
	if diff := cmp.Diff(want, []map[string]struct{}{got.Volumes, got.ExposedPorts}); diff != "" {
		t.Errorf("unexpected configuration (-want +got):\n%s", diff)
	}
}
