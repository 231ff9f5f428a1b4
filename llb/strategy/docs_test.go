// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// usual has a base as images usually are under every name.
type usual struct{}

func (usual) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.Config.Env = []string{"PATH=/usr/bin:/bin"}
	img.Config.Cmd = []string{"/bin/server"}
	img.Config.ExposedPorts = map[string]struct{}{"8080/tcp": {}}
	return t, img, nil
}

// TestDocsExamples plans every build file that the docs show, as check does: each of its
// targets, and those that are no blocks of YAML to a reader, but begin as one.
func TestDocsExamples(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no docs: %v", err)
	}
	fenced := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	indented := regexp.MustCompile(`(?m)\n\n(    (?:args|from|layers|targets|users|config):.*\n(?:(?:    .*)?\n)*)`)
	found := 0
	for _, file := range append(files, "../../README.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fenced.FindAllSubmatchIndex(data, -1) {
			found++
			planExample(t, file, data[:m[2]], data[m[2]:m[3]])
		}
		plain := fenced.ReplaceAllFunc(data, func(block []byte) []byte { return bytes.Repeat([]byte("\n"), bytes.Count(block, []byte("\n"))) })
		for _, m := range indented.FindAllSubmatchIndex(plain, -1) {
			found++
			planExample(t, file, plain[:m[2]], regexp.MustCompile(`(?m)^    `).ReplaceAll(plain[m[2]:m[3]], nil))
		}
	}
	if found < 45 {
		t.Errorf("found %d examples in the docs", found)
	}
}

func planExample(t *testing.T, file string, before, text []byte) {
	t.Helper()
	line := strings.Count(string(before), "\n") + 1
	s, err := spec.Parse("strata.yaml", text)
	if err != nil {
		t.Errorf("%s:%d: the example is not a build file: %v", file, line, err)
		return
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	for i := range s.Targets {
		_, err := strategy.Plan(t.Context(), strategy.Request{
			Spec: s, Target: s.Targets[i].Name, Platform: amd64, BuildPlatform: amd64, Bases: usual{}, AllowMissing: true,
		})
		if err != nil {
			t.Errorf("%s:%d: the target %s can't be planned: %v", file, line, s.Targets[i].Name, err)
		}
	}
}
