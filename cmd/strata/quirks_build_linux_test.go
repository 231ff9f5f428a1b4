// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// quirksOfBuilds are the kinds of registries on which builds fail, for it is the daemon
// that pulls and pushes, with a part of what it says.
func quirksOfBuilds() map[string]struct{ push, load string } {
	const plain = "400 Bad Request" // it is spoken to without TLS, as registries on this machine are
	return map[string]struct{ push, load string }{
		"no challenge":                {"wants a login, and got none that it accepts; ", "wants a login, and got none that it accepts ("},
		"HEAD 403":                    {"does not allow it", "does not allow it"}, // the engine goes on with a push
		"HEAD 404":                    {"", "has no such image"},
		"HEAD 405":                    {"405 Method Not Allowed", ""},                 // so it does here
		"HEAD 501":                    {"501 Not Implemented", "501 Not Implemented"}, // and here, with a push
		"types of text":               {"", "schema 1 has been removed"},
		"202 for manifests":           {"202 Accepted", ""}, // and here
		"busy for a day":              {"has had too many requests", "has had too many requests"},
		"untrusted":                   {plain, plain},
		"http addresses behind https": {plain, plain},
		"untrusted, insecure":         {plain, plain},
	}
}

// TestQuirksOfBuilds pushes to every kind of registry, and loads into docker what is
// built on an image there.
func TestQuirksOfBuilds(t *testing.T) {
	g := newGoods(t)
	daemon, docker := testenv.Buildkitd(t, testenv.DaemonOptions{}), testenv.Dockerd(t)
	t.Run("group", func(t *testing.T) { // the daemons outlive the tests, which run concurrently
		for i, q := range quirks() {
			if q.quirks.Hang != "" {
				continue // a daemon waits
			}
			t.Run(q.name, func(t *testing.T) {
				t.Parallel()
				s := stock(t, g, q.quirks, q.change)
				says := quirksOfBuilds()[q.name]
				image := fmt.Sprintf("loaded:%d", i)
				base := s.Add(t, "base:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "base", Data: []byte(t.Name())}}))
				if q.change != nil {
					base = s.Host + "/app:1" // the index that is other than most
				}
				file := "args: {BASE: scratch}\nfrom: $BASE\nlayers: [{files: [{dest: /name, content: " + image + "}]}]\n"
				if err := os.WriteFile(filepath.Join(s.dir, "strata.yaml"), []byte(file), 0o644); err != nil {
					t.Fatal(err)
				}
				build := func(says string, args ...string) bool {
					t.Helper()
					cmd := exec.Command("strata", append([]string{"build", "--addr", daemon.Addr, "--progress=quiet"}, append(args, s.dir)...)...)
					cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+filepath.Dir(s.auth), "DOCKER_HOST="+docker.Host)
					out, err := cmd.CombinedOutput()
					if (err == nil) != (says == "") || !strings.Contains(string(out), says) {
						t.Errorf("%v: %v, want %q:\n%s", args, err, says, out)
					}
					return err == nil
				}
				if build(says.push, "--push", "-t", s.Host+"/built:1") && s.Manifest("built:1") == nil {
					t.Error("nothing was pushed")
				}
				if build(says.load, "--load", "-t", image, "--build-arg", "BASE="+base) {
					if out := docker.Run(t, "image", "inspect", "--format", "{{len .RootFS.Layers}}", image); strings.TrimSpace(out) != "2" {
						t.Errorf("docker has an image of %s layers", out)
					}
				}
			})
		}
	})
}
