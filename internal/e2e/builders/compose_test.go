// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

const composeFile = `services:
  web:
    image: shop/web:1
    build: {context: ., dockerfile: strata.yaml, target: web, args: &args {BASE: "{base}", REGISTRY: example.org}, platforms: [linux/amd64]}
  worker:
    image: shop/worker:1
    build: {context: ., dockerfile: strata.yaml, target: worker.queue, args: *args}
`

// TestCompose builds the services of one build file with docker compose, in a Docker Engine
// of today.
func TestCompose(t *testing.T) {
	d := newDesk(t)
	docker := testenv.DockerdOfToday(t, testenv.DockerStores()[0])
	d.buildx.AddCompose(t)
	dir := d.shop(t)
	file := filepath.Join(dir, "compose.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(composeFile, "{base}", d.base)), 0o644); err != nil {
		t.Fatal(err)
	}
	build := d.buildx.Command("compose", "--progress=plain", "--file", file, "build")
	build.Env = append(build.Env, "DOCKER_HOST="+docker.Host, "BUILDX_BUILDER=default")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("docker compose build: %v\n%s", err, out)
	}
	for name, want := range map[string]string{"shop/web:1": "web\n", "shop/worker:1": "worker\n"} {
		if got := docker.File(t, name, "etc/service"); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
		if got := docker.File(t, name, "etc/shop"); got != "shop\n" {
			t.Errorf("%s has %q of what both share", name, got)
		}
	}
}
