// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

// TestBakeFile asks buildx what it makes of docker-bake.hcl for a version.
func TestBakeFile(t *testing.T) {
	every := []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
	for version, tags := range map[string][]string{
		"1.20.3":     {"example.org/strata:1.20.3", "example.org/strata:1.20", "example.org/strata:1"},
		"2.0.0-rc.1": {"example.org/strata:2.0.0-rc.1"},
		"dev":        {"example.org/strata:dev"},
	} {
		frontend, cli := baked(t, version)
		if diff := cmp.Diff(tags, frontend.Tags); diff != "" {
			t.Errorf("tags of %s (-want +got):\n%s", version, diff)
		}
		if diff := cmp.Diff(every[:2], frontend.Platforms); diff != "" {
			t.Errorf("platforms of the frontend (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(every, cli.Platforms); diff != "" {
			t.Errorf("platforms of the command line (-want +got):\n%s", diff)
		}
		for _, target := range []target{frontend, cli} {
			attested := len(target.Attest) == 2 && target.Attest[0]["mode"] == "max" && target.Attest[1]["type"] == "sbom"
			if attested != (version != "dev") || target.Args["VERSION"] != version || target.Args["SOURCE_DATE_EPOCH"] != epoch {
				t.Errorf("%s is built with %v and attested by %v", version, target.Args, target.Attest)
			}
		}
	}
}

// target is what buildx prints of one.
type target struct {
	Tags, Platforms []string
	Args            map[string]string
	Attest          []map[string]string
}

func baked(t *testing.T, version string) (frontend, cli target) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	must(t, testenv.Root(t), []string{"VERSION=" + version, "IMAGE=example.org/strata", "SOURCE_DATE_EPOCH=" + epoch, "DOCKER_CONFIG=" + t.TempDir(), "BUILDX=" + testenv.Program(t, "buildx"), "OUT=" + out},
		"sh", "-c", `"$BUILDX" bake --print release >"$OUT"`)
	var printed struct{ Target map[string]target }
	if err := json.Unmarshal(read(t, out), &printed); err != nil {
		t.Fatal(err)
	}
	return printed.Target["frontend"], printed.Target["cli"]
}

// TestReleaseAgrees holds together what several files say of releases.
func TestReleaseAgrees(t *testing.T) {
	root := testenv.Root(t)
	text := func(name string) string { return string(read(t, filepath.Join(root, name))) }
	first := func(name, pattern string) string {
		t.Helper()
		found := regexp.MustCompile(pattern).FindStringSubmatch(text(name))
		if found == nil {
			t.Fatalf("%s has nothing of the form %s", name, pattern)
		}
		return found[1]
	}
	if a, b := first("go.mod", `(?m)^go (.*)$`), first("Dockerfile", `ARG GO_VERSION=(.*)`); a != b {
		t.Errorf("go.mod wants Go %s, and the Dockerfile has %s", a, b)
	}
	if first("CHANGELOG.md", `(?m)^## (.*)$`) != "Unreleased" {
		t.Error("CHANGELOG.md has no place for what is new: begin it with ## Unreleased")
	}
	for _, name := range []string{"bin", "1.2", "v1.2.3"} {
		if out, err := command(t, root, nil, "hack/release", name, "--unsigned"); err == nil || !strings.Contains(out, "is not a version") {
			t.Errorf("hack/release takes %s: %v\n%s", name, err, out)
		}
	}
	if out, err := command(t, root, nil, "hack/release", "99.0.0", "--notes"); err == nil || !strings.Contains(out, "## 99.0.0") {
		t.Errorf("notes of what isn't in CHANGELOG.md: %v\n%s", err, out)
	}
	if out, err := command(t, root, []string{"SIGNING_KEY="}, "hack/release", "99.0.0"); err == nil || !strings.Contains(out, "SIGNING_KEY is not set") {
		t.Errorf("a release without a signature: %v\n%s", err, out)
	}
}
