// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

const helloFile = "layers:\n  - files: [{dest: /hello, content: hello}]\n"

// TestCredentials pushes to a registry that wants a password, from a directory of
// its own for each way to know it.
func TestCredentials(t *testing.T) {
	registry := testenv.NewRegistry(t, testenv.RegistryOptions{User: "someone", Password: "open sesame"})
	daemon := testenv.Shared(t)
	dir := directory(t, map[string]string{"strata.yaml": helloFile})
	push := func(t *testing.T, cli *testenv.CLI, tag string) testenv.Result {
		return cli.Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "--push", "-t", registry.Host+"/private:"+tag, dir)
	}
	t.Run("none", func(t *testing.T) {
		expectLine(t, push(t, testenv.Strata(t), "none"),
			"push "+registry.Host+"/private:none: "+registry.Host+" wants a login, and * has no credentials for it (docker login "+registry.Host+")")
	})
	t.Run("wrong", func(t *testing.T) {
		cli := testenv.Strata(t)
		withHelper(t, cli, registry.Host, "guess")
		expectLine(t, push(t, cli, "wrong"),
			"push "+registry.Host+"/private:wrong: "+registry.Host+" does not accept the user name and password of */config.json")
	})
	t.Run("docker config", func(t *testing.T) {
		if got := push(t, testenv.Strata(t, registry), "config"); got.Code != 0 {
			t.Fatalf("exit status %d:\n%s", got.Code, got.Stderr)
		}
		registry.Descriptor(t, "private:config")
	})
	t.Run("helper", func(t *testing.T) {
		cli := testenv.Strata(t)
		withHelper(t, cli, registry.Host, "open sesame")
		if got := push(t, cli, "helper"); got.Code != 0 {
			t.Fatalf("exit status %d:\n%s", got.Code, got.Stderr)
		}
		registry.Descriptor(t, "private:helper")
	})
	t.Run("variable", func(t *testing.T) { // without a config.json
		cli := testenv.Strata(t)
		auth := base64.StdEncoding.EncodeToString([]byte("someone:open sesame"))
		cli.Env = append(cli.Env, fmt.Sprintf(`DOCKER_AUTH_CONFIG={"auths":{%q:{"auth":%q}}}`, registry.Host, auth))
		if got := push(t, cli, "variable"); got.Code != 0 {
			t.Fatalf("exit status %d:\n%s", got.Code, got.Stderr)
		}
		cli.MustRun(t, "inspect", registry.Host+"/private:variable")
	})
	t.Run("embedded engine", func(t *testing.T) {
		cli := testenv.Strata(t, registry)
		cli.MustRun(t, "build", "--progress=quiet", "--push", "-t", registry.Host+"/private:engine", dir)
		registry.Descriptor(t, "private:engine")
	})
}

// expectLine wants a failure that says one thing; a star stands for any words.
func expectLine(t *testing.T, got testenv.Result, want string) {
	t.Helper()
	begin, end, _ := strings.Cut(want, "*")
	line, isLine := strings.CutSuffix(got.Stderr, "\n")
	line, isOurs := strings.CutPrefix(line, "strata: ")
	if got.Code != 1 || !isLine || !isOurs || strings.Contains(line, "\n") || !strings.HasPrefix(line, begin) || !strings.HasSuffix(line, end) {
		t.Errorf("status %d, want 1 and the line\n%s\ngot\n%s", got.Code, want, got.Stderr)
	}
}

// withHelper gives a command line a credential helper that knows one registry.
func withHelper(t *testing.T, cli *testenv.CLI, host, password string) {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nread server\n"+
		"case $1,$server in get,%s) echo '{\"ServerURL\":\"%s\",\"Username\":\"someone\",\"Secret\":\"%s\"}';;\n"+
		"*) echo credentials not found in native keychain; exit 1;; esac\n", host, host, password)
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-test"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"credHelpers": {%q: "test"}}`, host))
	cli.Env = append(cli.Env, "DOCKER_CONFIG="+dir, "PATH="+dir+":"+os.Getenv("PATH"))
}

// TestTokenCredentials pushes to a registry that sends its clients to a server of
// tokens, which the daemon asks by way of the command line.
func TestTokenCredentials(t *testing.T) {
	tokens := testenv.NewTokenServer(t)
	tokens.Passwords = map[string]string{"ann": "secret", "bob": "secret"}
	tokens.Identities = map[string]string{"identity-of-ann": "ann"}
	tokens.ReadOnly = []string{"bob"}
	registry := testenv.NewRegistry(t, testenv.RegistryOptions{Tokens: tokens})
	daemon := testenv.Shared(t)
	dir := directory(t, map[string]string{"strata.yaml": helloFile})
	login := func(text string) *testenv.CLI {
		cli := testenv.Strata(t)
		config := directory(t, map[string]string{"config.json": fmt.Sprintf(`{"auths": {%q: %s}}`, registry.Host, text)})
		cli.Env = append(cli.Env, "DOCKER_CONFIG="+config)
		return cli
	}
	push := func(cli *testenv.CLI, tag string) testenv.Result {
		return cli.Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "--push", "-t", registry.Host+"/"+tag, dir)
	}
	for i, c := range []struct{ login, grant string }{
		{`{"username": "ann", "password": "secret"}`, "password ann"},
		{`{"auth": "PHRva2VuPjo=", "identitytoken": "identity-of-ann"}`, "refresh_token ann"},
	} {
		tag := fmt.Sprintf("team/app%d:1", i)
		cli := login(c.login)
		if got := push(cli, tag); got.Code != 0 {
			t.Errorf("%s: status %d\n%s", c.grant, got.Code, got.Stderr)
			continue
		}
		if asked := tokens.Asked(); !slices.Contains(asked, c.grant) {
			t.Errorf("the server was asked for %q, not %s", asked, c.grant)
		}
		cli.MustRun(t, "inspect", registry.Host+"/"+tag)
	}
	for name, c := range map[string]struct{ login, want string }{
		"wrong password": {`{"username": "ann", "password": "guess"}`, ": HOST does not accept the user name and password of */config.json"},
		"wrong identity": {`{"auth": "PHRva2VuPjo=", "identitytoken": "forged"}`, ": HOST does not accept the identity token of */config.json"},
		"may not push":   {`{"username": "bob", "password": "secret"}`, ":1: HOST does not allow it to the user of */config.json"},
		"no password":    {`{}`, ":1: HOST wants a login, and */config.json has no credentials for it (docker login HOST)"},
	} {
		t.Run(name, func(t *testing.T) {
			expectLine(t, push(login(c.login), "team/never:1"), strings.ReplaceAll("push HOST/team/never"+c.want, "HOST", registry.Host))
		})
	}
}

// TestBaseOfOthers builds on images that registries do not give.
func TestBaseOfOthers(t *testing.T) {
	tokens := testenv.NewTokenServer(t)
	tokens.Passwords = map[string]string{"ann": "secret"}
	daemon := testenv.Shared(t)
	refusal := "HOST wants a login, and got none that it accepts (docker login HOST)"
	none := "HOST has no such repository, or wants a login that may pull from it (docker login HOST)"
	for name, c := range map[string]struct {
		options testenv.RegistryOptions
		login   string
		want    string
	}{
		"wrong password":              {testenv.RegistryOptions{User: "ann", Password: "secret"}, `{"username": "ann", "password": "guess"}`, refusal},
		"no login":                    {testenv.RegistryOptions{User: "ann", Password: "secret"}, `{}`, refusal},
		"no image":                    {testenv.RegistryOptions{User: "ann", Password: "secret"}, `{"username": "ann", "password": "secret"}`, "HOST has no such image"},
		"wrong password, with tokens": {testenv.RegistryOptions{Tokens: tokens}, `{"username": "ann", "password": "guess"}`, "pull HOST/team/app: HOST does not accept the user name and password of CONFIG/config.json"},
		"no login, with tokens":       {testenv.RegistryOptions{Tokens: tokens}, `{}`, none},
		"no image, with tokens":       {testenv.RegistryOptions{Tokens: tokens}, `{"username": "ann", "password": "secret"}`, "HOST has no such image"},
	} {
		t.Run(name, func(t *testing.T) {
			registry := testenv.NewRegistry(t, c.options)
			dir := directory(t, map[string]string{"strata.yaml": "from: " + registry.Host + "/team/app:1\n" + helloFile})
			config := directory(t, map[string]string{"config.json": fmt.Sprintf(`{"auths": {%q: %s}}`, registry.Host, c.login)})
			cli := testenv.Strata(t)
			cli.Env = append(cli.Env, "DOCKER_CONFIG="+config)
			got := cli.Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "-o", "type=cacheonly", dir)
			want := strings.NewReplacer("HOST", registry.Host, "CONFIG", config).Replace("strata: strata.yaml:1:7: look up HOST/team/app:1: " + c.want + "\n> 1 | from: ")
			if got.Code != 1 || !strings.HasPrefix(got.Stderr, want) {
				t.Errorf("status %d, want 1 and\n%s\ngot\n%s", got.Code, want, got.Stderr)
			}
		})
	}
}

// TestBaseOfAnotherPlatform builds on an image that is there for other platforms.
func TestBaseOfAnotherPlatform(t *testing.T) {
	registry, daemon := testenv.SharedRegistry(t), testenv.Shared(t)
	base := testenv.BusyboxImage(t, registry, "other-platforms:1", testenv.BusyboxTweaks{})
	dir := directory(t, map[string]string{"strata.yaml": "from: " + base + "\n" + helloFile})
	got := testenv.Strata(t).Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "--platform", "linux/riscv64", "-o", "type=cacheonly", dir)
	want := "strata.yaml:1:7: look up " + base + ": " + registry.Host + " has it for other platforms, and not for linux/riscv64\n"
	if got.Code != 1 || !strings.Contains(got.Stderr, want) {
		t.Errorf("status %d, want 1 and\n%s\ngot\n%s", got.Code, want, got.Stderr)
	}
}

// TestBaseThatIsRefused builds on an image that the registry does not give.
func TestBaseThatIsRefused(t *testing.T) {
	registry, daemon := testenv.NewRegistry(t, testenv.RegistryOptions{}), testenv.Shared(t)
	base := testenv.BusyboxImage(t, registry, "refused:1", testenv.BusyboxTweaks{})
	dir := directory(t, map[string]string{"strata.yaml": "from: " + base + "\n" + helloFile})
	for status, want := range map[int]string{
		http.StatusForbidden:       " does not allow it to the login that it got\n",
		http.StatusTooManyRequests: " has had too many requests\n",
	} {
		registry.Misbehave(t, &misbehave.Rule{Path: "/refused/manifests/", Fault: misbehave.Answer(status)})
		got := testenv.Strata(t).Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "-o", "type=cacheonly", dir)
		if want = "strata.yaml:1:7: look up " + base + ": " + registry.Host + want; got.Code != 1 || !strings.Contains(got.Stderr, want) {
			t.Errorf("status %d, want 1 and\n%s\ngot\n%s", got.Code, want, got.Stderr)
		}
	}
}
