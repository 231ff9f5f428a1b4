// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/lock"
)

// manager is one of Renovate's custom managers.
type manager struct {
	ManagerFilePatterns []string
	MatchStrings        []string
	DatasourceTemplate  string
}

// settings are those of the page about Renovate.
type settings struct {
	CustomManagers []manager
	PackageRules   []struct {
		MatchDepNames []string
		Enabled       *bool
	}
}

// ignores reports whether a rule turns a dependency off.
func (s settings) ignores(name string) bool {
	for _, r := range s.PackageRules {
		if r.Enabled != nil && !*r.Enabled && slices.Contains(r.MatchDepNames, name) {
			return true
		}
	}
	return false
}

func readSettings(t *testing.T) settings {
	t.Helper()
	page, err := os.ReadFile("../../docs/renovate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	var config settings
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatalf("the page's renovate.json: %v", err)
	}
	return config
}

// found is what the managers find in a file, as Renovate runs them: all matches of each
// expression, without flags but g.
func found(t *testing.T, file, text string) []string {
	t.Helper()
	var all []string
	config := readSettings(t)
	for _, m := range config.CustomManagers {
		pattern := strings.Trim(m.ManagerFilePatterns[0], "/")
		if !regexp.MustCompile(pattern).MatchString("app/" + file) {
			continue
		}
		for _, expression := range m.MatchStrings {
			re := regexp.MustCompile(expression)
			for _, match := range re.FindAllStringSubmatch(text, -1) {
				groups := map[string]string{}
				for i, name := range re.SubexpNames() {
					if name != "" && match[i] != "" {
						groups[name] = match[i]
					}
				}
				if config.ignores(groups["depName"]) {
					continue
				}
				line := m.DatasourceTemplate
				for _, name := range slices.Sorted(maps.Keys(groups)) {
					line += fmt.Sprintf(" %s=%s", name, groups[name])
				}
				all = append(all, line)
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestRenovateReadsLocks runs the expressions of the page about Renovate on a lock as it is
// written: each image and git reference is found, with everything that Renovate needs.
func TestRenovateReadsLocks(t *testing.T) {
	f := sample()
	f.Sources.Merge(lock.Sources{
		Images: []lock.Image{{Name: "node:22-alpine", Digest: "sha256:" + strings.Repeat("0d", 32)}},
		Git:    []lock.Git{{Address: "https://example.org/lib.git#v1.4.0", Ref: "refs/tags/v1.4.0", Commit: strings.Repeat("01", 20)}},
	})
	var want []string
	for _, i := range f.Sources.Images {
		at := strings.LastIndex(i.Name, ":")
		want = append(want, fmt.Sprintf("docker currentDigest=%s currentValue=%s depName=%s", i.Digest, i.Name[at+1:], i.Name[:at]))
	}
	for _, g := range f.Sources.Git {
		address, ref, _ := strings.Cut(g.Address, "#")
		switch {
		case strings.HasPrefix(g.Ref, "refs/heads/"):
			want = append(want, fmt.Sprintf("git-refs currentDigest=%s currentValue=%s depName=%s", g.Commit, strings.TrimPrefix(g.Ref, "refs/heads/"), address))
		case strings.HasPrefix(g.Ref, "refs/tags/"):
			want = append(want, fmt.Sprintf("git-tags currentDigest=%s currentValue=%s depName=%s", g.Commit, ref, address))
		}
	}
	slices.Sort(want)
	if got := found(t, "strata.lock", string(f.Write())); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRenovateReadsBuildFiles runs the expressions on a build file.
func TestRenovateReadsBuildFiles(t *testing.T) {
	const text = `# syntax=strata-build/strata:1
from: node:22-alpine
layers:
  - files:
      - {dest: /a, from: "registry.example.org:5000/tools/a:1.2@sha256:0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d", source: /a}
      - {dest: /b, from: target:other, source: /b}
      - {dest: /c, from: "dockerfile:Dockerfile", source: /c}
      - {dest: /src, git: "https://example.org/lib.git#v1.4.0:sub"}
      - {dest: /src, git: "https://example.org/app.git#main"}
  - build: {from: scratch, run: x}
  - packages: {names: [curl], like: 'debian:bookworm-slim'}
`
	want := []string{
		"docker currentDigest=sha256:" + strings.Repeat("0d", 32) + " currentValue=1.2 depName=registry.example.org:5000/tools/a",
		"docker currentValue=22-alpine depName=node",
		"docker currentValue=bookworm-slim depName=debian",
		"git-tags currentValue=v1.4.0 depName=https://example.org/lib.git",
	}
	got := found(t, "strata.yaml", text)
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
