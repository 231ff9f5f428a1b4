// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Buildx is docker buildx with a builder of its own.
type Buildx struct {
	// Config is the directory for DOCKER_CONFIG.
	Config string
	// Env is added to the environment of commands, as KEY=value.
	Env []string

	program string
}

// NewBuildx gives a docker buildx that builds on the daemon. It reads none of
// the user's configuration; the registries are the ones it can log in to.
func NewBuildx(t testing.TB, d *Daemon, login ...*Registry) *Buildx {
	t.Helper()
	return NewBuildxAt(t, d.Addr, login...)
}

// NewBuildxAt is [NewBuildx] for a daemon that runs already.
func NewBuildxAt(t testing.TB, addr string, login ...*Registry) *Buildx {
	t.Helper()
	b := &Buildx{Config: DockerConfig(t, login...), program: Program(t, "docker")}
	plugins := filepath.Join(b.Config, "cli-plugins")
	if err := os.Mkdir(plugins, 0o755); err != nil {
		t.Fatalf("make plugin directory: %v", err)
	}
	if err := os.Symlink(Program(t, "buildx"), filepath.Join(plugins, "docker-buildx")); err != nil {
		t.Fatalf("install buildx: %v", err)
	}
	if out, err := b.Run("buildx", "create", "--use", "--name", "strata", "--driver", "remote", addr); err != nil {
		t.Fatalf("create builder: %v\n%s", err, out)
	}
	return b
}

// AddCompose adds docker compose.
func (b *Buildx) AddCompose(t testing.TB) {
	t.Helper()
	program := filepath.Join(Root(t), ".cache", "compose", "cmd") // a tool is named after its package
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("find compose: %v: run hack/install", err)
	}
	if err := os.Symlink(program, filepath.Join(b.Config, "cli-plugins", "docker-compose")); err != nil {
		t.Fatalf("install compose: %v", err)
	}
}

// Build runs docker buildx build and returns what it prints, progress included.
func (b *Buildx) Build(args ...string) (string, error) {
	return b.Run(append([]string{"buildx", "build", "--progress=plain"}, args...)...)
}

// MustBuild is Build for a test that only goes on if it succeeds.
func (b *Buildx) MustBuild(t testing.TB, args ...string) string {
	t.Helper()
	out, err := b.Build(args...)
	if err != nil {
		t.Fatalf("docker buildx build: %v\n%s", err, out)
	}
	return out
}

// Run runs docker and returns what it prints.
func (b *Buildx) Run(args ...string) (string, error) {
	out, err := b.Command(args...).CombinedOutput()
	return string(out), err
}

// Command returns a docker command that isn't started yet, for tests that need
// its standard input or want to interrupt it.
func (b *Buildx) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(b.program, args...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+b.Config, "BUILDX_CONFIG="+filepath.Join(b.Config, "buildx"))
	cmd.Env = append(cmd.Env, b.Env...)
	return cmd
}

// DockerConfig makes a directory for DOCKER_CONFIG with the credentials of the
// registries that ask for some.
func DockerConfig(t testing.TB, login ...*Registry) string {
	t.Helper()
	type entry struct {
		Auth string `json:"auth"`
	}
	auths := map[string]entry{}
	for _, r := range login {
		if r.options.User == "" {
			continue
		}
		plain := fmt.Sprintf("%s:%s", r.options.User, r.options.Password)
		auths[r.Host] = entry{Auth: base64.StdEncoding.EncodeToString([]byte(plain))}
	}
	data, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatalf("write docker config: %v", err)
	}
	dir := Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o600); err != nil {
		t.Fatalf("write docker config: %v", err)
	}
	return dir
}
