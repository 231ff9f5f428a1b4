// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// secretive takes something that wants a login from everywhere, and gives a step secrets of
// each kind.
const secretive = `# syntax=REGISTRY/strata-build/strata:1
args: {EXIT: "0", SUM: null, PACKAGE: hello}
from: REGISTRY/base:1
layers:
  - files: [{dest: /text, url: "FILES/text", checksum: $SUM}]
  - files: [{dest: /src, git: "GIT/repo/.git#COMMIT"}]
  - files: [{dest: /pkgs, from: target:pkgs, source: /usr/share}]
  - build:
      secrets: [{id: file, target: /run/secrets/file, required: true}, {id: variable, env: VARIABLE, required: true}]
      ssh: [default]
      run: |
        test -n "$VARIABLE" && test -s /run/secrets/file && test -S "$SSH_AUTH_SOCK" && test -n "$HTTP_PROXY"
        echo ${#VARIABLE} $(wc -c </run/secrets/file) >/lengths
        exit $EXIT
targets:
  pkgs:
    from: scratch
    layers:
      - packages: {names: [$PACKAGE], repositories: [{type: deb, uri: "DEB", suites: [stable], components: [main], signed_by: key.asc, auth: archive}]}
`

// scan lists all that a scanner sees, with what the files have.
const scan = `cd "$BUILDKIT_SCAN_SOURCE" && printf '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"name":"%s"}}' \
  "$(env | tr '\n"' '  '; find . -type f -size -100k -exec cat {} + | base64 | tr -d '\n')" > "$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json"`

// A household has everything that wants a login, and the canaries.
type household struct {
	canaries *canaries
	registry *testenv.Registry
	dir      string
	// given are the flags that give the secrets.
	given []string
	// proxy is the password of a proxy.
	proxy string
	sum   string
}

func newHousehold(t *testing.T) *household {
	t.Helper()
	h := &household{canaries: &canaries{}, dir: t.TempDir()}
	h.registry = testenv.NewRegistry(t, testenv.RegistryOptions{User: "ann", Password: h.canaries.add("registry password")})
	files := testenv.FileServer(t, map[string][]byte{"/text": []byte("a text\n")})
	header := "Bearer " + h.canaries.add("header of a server")
	files.Refuse(wants(func(r *http.Request) bool { return r.Header.Get("Authorization") == header }))
	git := testenv.GitServer(t, map[string]string{"x": "x\n"})
	token := h.canaries.add("token for git")
	git.Refuse(wants(func(r *http.Request) bool { _, got, _ := r.BasicAuth(); return got == token }))
	deb := testenv.NewDebArchive(t, testenv.Deb{Name: "hello", Version: "1", Files: map[string]string{"usr/share/hello": "hello\n"}})
	login := h.canaries.add("login of an archive")
	deb.Refuse(wants(func(r *http.Request) bool { _, got, _ := r.BasicAuth(); return got == login }))
	h.sum = files.Digest("/text")

	secrets := h.canaries.dir(t)
	for name, text := range map[string]string{
		"file": h.canaries.add("secret file"), "variable": h.canaries.add("secret variable"),
		"archive": "ann:" + login, "HTTP_AUTH_HEADER_127.0.0.1": header, "GIT_AUTH_TOKEN": token,
	} {
		must(t, os.WriteFile(filepath.Join(secrets, name), []byte(text), 0o600))
		h.given = append(h.given, "--secret", "id="+name+",src="+filepath.Join(secrets, name))
	}
	key := filepath.Join(secrets, "key")
	testenv.Output(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	h.canaries.addKey(t, key)
	h.given = append(h.given, "--ssh", "default="+key, "--build-arg", "NO_PROXY=127.0.0.1")
	h.proxy = h.canaries.add("password of a proxy")

	text := strings.NewReplacer("REGISTRY", h.registry.Host, "FILES", files.URL, "GIT", strings.TrimSuffix(git.URL, "/repo/.git"), "COMMIT", git.Commit, "DEB", deb.URL).Replace(secretive)
	must(t, os.WriteFile(filepath.Join(h.dir, "strata.yaml"), []byte(text), 0o644))
	must(t, os.WriteFile(filepath.Join(h.dir, "key.asc"), deb.Keyring, 0o644))
	return h
}

// wants refuses whoever has no login.
func wants(has func(*http.Request) bool) func(*http.Request) (int, string) {
	return func(r *http.Request) (int, string) {
		if has(r) {
			return 0, ""
		}
		return http.StatusUnauthorized, "log in\n"
	}
}

// endings are flags for all ways in which a build may end.
func (h *household) endings() [][]string {
	sum := "--build-arg=SUM=" + h.sum
	return [][]string{
		{sum},
		{sum, "--build-arg=EXIT=7"},
		{"--build-arg=SUM=sha256:" + strings.Repeat("0", 64)},
		{sum, "--build-arg=PACKAGE=missing"},
		{sum, "--secret", "id=GIT_AUTH_TOKEN,src=" + filepath.Join(h.dir, "key.asc")},
		{sum, "--secret", "id=archive,src=" + filepath.Join(h.dir, "key.asc")},
		{sum, "--no-cache"},
	}
}

// buildxMetadata is what the metadata of builds through buildx is called.
const buildxMetadata = "buildx-metadata.json"

// attests are flags for all kinds of attestations. All arguments are in provenance of
// mode=max, a proxy's address among them, so that none has a password there.
func (h *household) attests() [][]string {
	const proxy = "--build-arg=HTTP_PROXY=http://"
	return [][]string{
		{"--provenance=mode=min", proxy + "ann:" + h.proxy + "@127.0.0.1:1"},
		{"--provenance=mode=max", proxy + "127.0.0.1:1"},
		{"--provenance=mode=max", "--attest=type=sbom,generator=" + h.registry.Host + "/scanner:1", proxy + "127.0.0.1:1"},
		{"--provenance=mode=min", "--attest=type=sbom,generator=" + h.registry.Host + "/scanner:1", proxy + "ann:" + h.proxy + "@127.0.0.1:1"},
	}
}

// TestSecrets builds with a canary in each kind of secret, builds that fail in all ways among
// them, and looks for the canaries in what was said, and in every file that there is then:
// images, attestations, metadata, exported caches, the state and the logs of the engine, of a
// daemon and of a registry.
func TestSecrets(t *testing.T) {
	h := newHousehold(t)
	cli, daemon := testenv.Strata(t, h.registry), testenv.Buildkitd(t, testenv.DaemonOptions{})
	// A daemon's history has the arguments of builds, and so has the metadata that buildx takes from there.
	h.canaries.known = map[string][]string{"password of a proxy": {daemon.Root + "/", buildxMetadata}}
	for _, entry := range cli.Env {
		if dir, ok := strings.CutPrefix(entry, "DOCKER_CONFIG="); ok {
			h.canaries.exempt(dir)
		}
	}
	buildx := testenv.NewBuildx(t, daemon, h.registry)
	h.canaries.exempt(buildx.Config)
	testenv.BusyboxImage(t, h.registry, "base:1", testenv.BusyboxTweaks{Only: "amd64"})
	testenv.FrontendImage(t, h.registry)
	testenv.BusyboxImage(t, h.registry, "scanner:1", testenv.BusyboxTweaks{Only: "amd64", Config: func(c *v1.Config) {
		c.Entrypoint, c.Cmd = []string{"/usr/bin/sh", "-ec", scan}, nil
	}})
	n := 4
	if *whole {
		n = 100
	}
	draw := rand.New(rand.NewPCG(*seed, 1)) //nolint:gosec // the order is to be the same for a seed
	endings, failed := h.endings(), 0
	for i := range n {
		end := endings[i%len(endings)]
		if i >= len(endings) {
			end = endings[draw.IntN(len(endings))]
		}
		out := filepath.Join(t.TempDir(), "out")
		args := slices.Concat([]string{"build", "--progress=" + []string{"plain", "rawjson"}[draw.IntN(2)]}, h.given, end, h.attests()[i%4], []string{
			"--metadata-file", out + ".json", "--cache-to=type=local,mode=max,dest=" + out + ".cache", "-f", filepath.Join(h.dir, "strata.yaml"),
			"-o", "type=oci,tar=false,dest=" + out, "-o", fmt.Sprintf("type=image,push=true,name=%s/pushed%d", h.registry.Host, i), h.dir,
		})
		var got testenv.Result
		switch draw.IntN(4) {
		case 0, 1:
			got = cli.Run(t, args...)
		case 2:
			got = cli.Run(t, slices.Insert(args, 1, "--addr", daemon.Addr)...)
		case 3:
			args[slices.Index(args, out+".json")] = filepath.Join(filepath.Dir(out), buildxMetadata)
			cmd := buildx.Command(slices.Insert(args, 0, "buildx")...)
			said, _ := cmd.CombinedOutput()
			got = testenv.Result{Stderr: string(said), Code: cmd.ProcessState.ExitCode()}
		}
		isWhole := len(end) == 1 && end[0] == "--build-arg=SUM="+h.sum || slices.Contains(end, "--no-cache")
		isCached := slices.Contains(end, "--secret") // what a login is for may have been fetched before
		if !isCached && isWhole != (got.Code == 0) {
			t.Fatalf("%q: exit status %d\n%s", end, got.Code, got.Stderr)
		}
		if got.Code != 0 {
			failed++
		}
		h.canaries.look(t, fmt.Sprintf("what build %d says", i), []byte(got.Stdout+got.Stderr))
	}
	cli.Stop(t)
	daemon.Stop(t)
	searched := h.canaries.lookBelow(t, os.TempDir())
	if searched < 100 {
		t.Errorf("only %d files were searched", searched)
	}
	t.Logf("%d builds, of which %d fail; %d kinds of secrets; %d files", n, failed, len(h.canaries.all), searched)
}
