// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestSourcePolicy denies and replaces sources of each kind.
func TestSourcePolicy(t *testing.T) {
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{})
	registry := testenv.NewRegistry(t, testenv.RegistryOptions{})
	base := testenv.BusyboxImage(t, registry, "policy:1", testenv.BusyboxTweaks{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "from "+r.URL.Path)
	}))
	defer server.Close()
	dir := testenv.Dir(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	build := func(file, policy string, more ...string) (status int, printed string) {
		args := append([]string{"build", "--addr", daemon.Addr, "--progress", "plain", "-f", write("strata.yaml", file), "--policy", "filename=" + write("policy.json", policy)}, more...)
		status, out, stderr := command(t, append(args, dir)...)
		return status, out + stderr
	}
	write("key.rsa.pub", publicKey(t))
	for name, tc := range map[string]struct{ file, denied string }{
		"image":      {"from: " + base + "\n", "docker-image://*policy*"},
		"files from": {"layers: [{files: [{dest: /x, from: " + base + ", source: /bin/sh}]}]\n", "docker-image://*policy*"},
		"url":        {"layers: [{files: [{dest: /x, url: \"" + server.URL + "/a\"}]}]\n", server.URL + "/*"},
		"git":        {"layers: [{files: [{dest: /x, git: \"" + server.URL + "/a.git#main\"}]}]\n", "git://*"},
		"packages":   {"layers: [{packages: {names: [x], repositories: [{type: apk, uri: \"" + server.URL + "/apk\", signed_by: key.rsa.pub}]}}]\n", server.URL + "/*"},
		"NAR":        {"layers: [{derivation: {path: /nix/store/00000000000000000000000000000000-x, substituters: [\"" + server.URL + "\"], trusted_public_keys: [\"cache-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=\"]}}]\n", server.URL + "/*"},
	} {
		t.Run(name, func(t *testing.T) {
			status, printed := build(tc.file, fmt.Sprintf(`{"rules":[{"action":"DENY","selector":{"identifier":%q}}]}`, tc.denied))
			if status == 0 || !strings.Contains(printed, "denied by policy") || !strings.Contains(printed, "strata.yaml:") {
				t.Errorf("status %d:\n%s", status, printed)
			}
		})
	}
	t.Run("convert", func(t *testing.T) {
		dest := filepath.Join(dir, "out")
		status, printed := build("from: \""+registry.Host+"/none:2\"\nlayers: [{files: [{dest: /x, url: \""+server.URL+"/a\"}]}]\n", fmt.Sprintf(
			`{"rules":[{"action":"CONVERT","selector":{"identifier":"docker-image://%s/none:2"},"updates":{"identifier":"docker-image://%s"}},
			{"action":"CONVERT","selector":{"identifier":"%s/a"},"updates":{"identifier":"%s/b"}}]}`, registry.Host, base, server.URL, server.URL), "-o", dest)
		if status != 0 {
			t.Fatalf("status %d:\n%s", status, printed)
		}
		if data, err := os.ReadFile(filepath.Join(dest, "x")); err != nil || string(data) != "from /b" {
			t.Errorf("%q, %v", data, err)
		}
		if _, err := os.Lstat(filepath.Join(dest, "bin")); err != nil {
			t.Error(err)
		}
	})
}

// TestSourcePolicyOfGit takes another repository than the build file names, as a policy
// says.
func TestSourcePolicyOfGit(t *testing.T) {
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{})
	repo := testenv.GitServer(t, map[string]string{"README": "mirror\n"})
	dir := testenv.Dir(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("strata.yaml", "layers: [{files: [{dest: /src, git: \"http://127.0.0.1:1/upstream.git#main\"}]}]\n")
	to := "git://" + strings.TrimPrefix(repo.URL, "http://") + "#main"
	policy := write("policy.json", fmt.Sprintf(`{"rules":[{"action":"CONVERT","selector":{"identifier":"git://127.0.0.1:1/upstream.git#main"},
		"updates":{"identifier":%q,"attrs":{"git.fullurl":%q}}}]}`, to, repo.URL))
	dest := filepath.Join(dir, "out")
	status, out, stderr := command(t, "build", "--addr", daemon.Addr, "-f", file, "--policy", "filename="+policy, "-o", dest, dir)
	if status != 0 {
		t.Fatalf("status %d:\n%s%s", status, out, stderr)
	}
	if data, err := os.ReadFile(filepath.Join(dest, "src", "README")); err != nil || string(data) != "mirror\n" {
		t.Errorf("%q, %v", data, err)
	}
}

// publicKey makes a key that nothing is signed with.
func publicKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	data, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: data}))
}
