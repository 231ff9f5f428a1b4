// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// helloFile is a build file whose one layer needs a command, and so the step
// helper.
func helloFile(base string) string {
	return "from: " + base + "\nlayers:\n  - build: {from: " + base + ", run: 'echo hello > $out/hello'}\n"
}

func TestStrataBuildsWithItsOwnEngine(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{User: "someone", Password: "let me in"})
	base := BusyboxImage(t, r, "base:1", BusyboxTweaks{})
	dir := Dir(t)
	writeFile(t, filepath.Join(dir, "strata.yaml"), helloFile(base))
	s := Strata(t, r)
	s.MustRun(t, "build", "--tag", r.Host+"/hello:1", "--push", dir)
	PullLayout(t, r, "hello:1").Validate(t, "amd64")
	if ids, err := s.Processes(); err != nil || len(ids) == 0 {
		t.Errorf("the engine's processes: %v, %v", ids, err)
	}
	if err := endMarked(s.marker()); err != nil {
		t.Error(err)
	}
	if ids, err := s.Processes(); err != nil || len(ids) != 0 {
		t.Errorf("processes after the end: %v, %v", ids, err)
	}
}

func TestStrataFailsWithItsStatus(t *testing.T) {
	result := Strata(t).Run(t, "build", "--no-such-flag")
	if result.Code != 2 || result.Stderr == "" {
		t.Errorf("a wrong flag: %+v", result)
	}
}

func TestFrontendImageAnswersBuildx(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	base := BusyboxImage(t, r, "base:1", BusyboxTweaks{})
	dir, out := Dir(t), Dir(t)
	writeFile(t, filepath.Join(dir, "strata.yaml"), "# syntax="+FrontendImage(t, r)+"\n"+helloFile(base))
	NewBuildx(t, Shared(t)).MustBuild(t, "--file", filepath.Join(dir, "strata.yaml"), "--output", out, dir)
	data, err := os.ReadFile(filepath.Join(out, "hello"))
	if err != nil || string(data) != "hello\n" {
		t.Errorf("built file: %q, %v", data, err)
	}
}
