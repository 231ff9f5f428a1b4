// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDockerLoadsAndRuns(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	base := BusyboxImage(t, r, "base:1", BusyboxTweaks{})
	dir, archive := Dir(t), filepath.Join(Dir(t), "image.tar")
	writeFile(t, filepath.Join(dir, "Dockerfile"), "FROM "+base+"\nCMD [\"echo\", \"loaded and run\"]\n")
	NewBuildx(t, Shared(t)).MustBuild(t, "--output", "type=docker,name=loaded:1,dest="+archive, dir)
	docker := Dockerd(t)
	docker.Run(t, "load", "--input", archive)
	if out := docker.Run(t, "run", "--rm", "--network", "none", "loaded:1"); strings.TrimSpace(out) != "loaded and run" {
		t.Errorf("docker run gives %q", out)
	}
}
