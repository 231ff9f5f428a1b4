// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"

	"github.com/strata-build/strata/internal/flags"
)

// environ is an environment to look things up in.
func environ(vars map[string]string) flags.Lookup {
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

// same fails unless there is no error and got is want.
func same(t *testing.T, want, got any, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBuildArgs(t *testing.T) {
	env := environ(map[string]string{"A": "from env", "SOURCE_DATE_EPOCH": "7"})
	got, err := flags.BuildArgs([]string{"A", "B", "C=", "D=x=y"}, env)
	same(t, map[string]string{"A": "from env", "C": "", "D": "x=y", "SOURCE_DATE_EPOCH": "7"}, got, err)

	got, err = flags.BuildArgs([]string{"SOURCE_DATE_EPOCH=9"}, env)
	same(t, map[string]string{"SOURCE_DATE_EPOCH": "9"}, got, err)

	got, err = flags.BuildArgs(nil, environ(map[string]string{"SOURCE_DATE_EPOCH": ""}))
	same(t, map[string]string{}, got, err)

	_, err = flags.BuildArgs([]string{"=x"}, env)
	wantError(t, err, "has no name")
}

func TestLabels(t *testing.T) {
	got, err := flags.Labels([]string{"a=b=c", "empty"})
	same(t, map[string]string{"a": "b=c", "empty": ""}, got, err)
}

func TestCaches(t *testing.T) {
	runner := environ(map[string]string{
		"ACTIONS_RUNTIME_TOKEN": "t", "ACTIONS_RESULTS_URL": "https://example.org/", "ACTIONS_CACHE_SERVICE_V2": "true",
	})
	tests := []struct {
		name string
		word string
		env  flags.Lookup
		want []client.CacheOptionsEntry
	}{
		{"reference", "example.org/c:1", nil, []client.CacheOptionsEntry{{Type: "registry", Attrs: attrs{"ref": "example.org/c:1"}}}},
		{"two references", "a,b", nil, []client.CacheOptionsEntry{
			{Type: "registry", Attrs: attrs{"ref": "a"}}, {Type: "registry", Attrs: attrs{"ref": "b"}},
		}},
		{"local", "type=local,src=dir,tag=x", nil, []client.CacheOptionsEntry{{Type: "local", Attrs: attrs{"src": "dir", "tag": "x"}}}},
		{"inline", "type=inline", nil, []client.CacheOptionsEntry{{Type: "inline", Attrs: attrs{}}}},
		{"gha outside a runner", "type=gha", environ(nil), nil},
		{"gha", "type=gha,scope=s", runner, []client.CacheOptionsEntry{{Type: "gha", Attrs: attrs{
			"scope": "s", "token": "t", "url": "https://example.org/", "url_v2": "https://example.org/",
		}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := flags.CacheFrom([]string{test.word}, test.env)
			same(t, test.want, got, err)
		})
	}
	_, err := flags.CacheTo([]string{"type=local,src=x"}, nil)
	wantError(t, err, "type=local needs dest=PATH")
	_, err = flags.CacheFrom([]string{"ref=x"}, nil)
	wantError(t, err, "needs a type")
	_, err = flags.CacheTo([]string{"type=registry,mode=max"}, nil)
	wantError(t, err, "needs ref=NAME")
}

func TestAttests(t *testing.T) {
	tests := []struct {
		name             string
		words            []string
		sbom, provenance string
		want             map[string]string
	}{
		{"nothing by default", nil, "", "", attrs{}},
		{"on", nil, "true", "1", attrs{"attest:sbom": "type=sbom", "attest:provenance": "type=provenance"}},
		{"off", nil, "false", "false", attrs{}},
		{"parameters", nil, "", "mode=max,version=v1", attrs{"attest:provenance": "type=provenance,mode=max,version=v1"}},
		{"generator", nil, "generator=example.org/scan:1", "", attrs{"attest:sbom": "type=sbom,generator=example.org/scan:1"}},
		{"long form", []string{"type=sbom,generator=x", "type=provenance,disabled=true"}, "", "", attrs{"attest:sbom": "type=sbom,generator=x"}},
		{"comma in a parameter", []string{`type=sbom,"args=a,b"`}, "", "", attrs{"attest:sbom": `type=sbom,"args=a,b"`}},
		{"first one holds", []string{"type=sbom,generator=x"}, "false", "", attrs{"attest:sbom": "type=sbom,generator=x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := flags.Attests(test.words, test.sbom, test.provenance)
			same(t, test.want, got, err)
		})
	}
	_, err := flags.Attests([]string{"type=vex"}, "", "")
	wantError(t, err, `unknown type "vex"`)
	_, err = flags.Attests([]string{"generator=x"}, "", "")
	wantError(t, err, "needs a type")
}

func TestSecrets(t *testing.T) {
	got, err := flags.Secrets([]string{"id=a", "id=b,src=/f", "id=c,env=V", "type=env,id=d,src=W", "type=file,id=e,source=g", ""})
	same(t, []secretsprovider.Source{
		{ID: "a"}, {ID: "b", FilePath: "/f"}, {ID: "c", Env: "V"}, {ID: "d", Env: "W"}, {ID: "e", FilePath: "g"},
	}, got, err)
	for word, want := range map[string]string{
		"src=x":         "needs an id",
		"id=x,path=y":   `unknown key "path"`,
		"id=x,type=bad": `unknown type "bad"`,
		"justname":      "is not key=value",
	} {
		_, err := flags.Secrets([]string{word})
		wantError(t, err, want)
	}
}

func TestSSH(t *testing.T) {
	got, err := flags.SSH([]string{"default", "k=/a,/b", ""})
	if err != nil {
		t.Fatal(err)
	}
	same(t, []sshprovider.AgentConfig{{ID: "default"}, {ID: "k", Paths: []string{"/a", "/b"}}}, got, nil)
}

func TestPlatforms(t *testing.T) {
	got, err := flags.Platforms([]string{"linux/amd64,linux/arm64", "arm64", "linux/arm/v7"})
	same(t, []string{"linux/amd64", "linux/arm64", "linux/arm/v7"}, got, err)
	_, err = flags.Platforms([]string{"a/b/c/d"})
	wantError(t, err, "is not a platform")
}

func TestAnnotations(t *testing.T) {
	got, err := flags.Annotations([]string{"a=1", "manifest,index:b=2", "manifest-descriptor[linux/arm64]:c=3=4"})
	same(t, map[string]string{
		"annotation.a":          "1",
		"annotation-manifest.b": "2",
		"annotation-index.b":    "2",
		"annotation-manifest-descriptor[linux/arm64].c": "3=4",
	}, got, err)
}

func TestExtraHosts(t *testing.T) {
	gateway := func() (string, error) { return "10.0.0.1", nil }
	got, err := flags.ExtraHosts([]string{"a:1.2.3.4", "b=::1", "c:[fe80::1]", "d:host-gateway", "e=1.1.1.1,2.2.2.2"}, gateway)
	same(t, "a=1.2.3.4,b=::1,c=fe80::1,d=10.0.0.1,e=1.1.1.1,e=2.2.2.2", got, err)
	for _, word := range []string{"a", "a:", ":1.2.3.4", "a:b"} {
		_, err := flags.ExtraHosts([]string{word}, gateway)
		wantError(t, err, "--add-host")
	}
	_, err = flags.ExtraHosts([]string{"a:host-gateway"}, func() (string, error) { return "", errors.New("unknown") })
	wantError(t, err, "unknown")
}

func TestLimits(t *testing.T) {
	shm, err := flags.ShmSize("64m")
	same(t, "67108864", shm, err)
	_, err = flags.ShmSize("much")
	wantError(t, err, "is not a size")
	ulimits, err := flags.Ulimits([]string{"nofile=1024:2048", "nproc=5"})
	same(t, "nofile=1024:2048,nproc=5:5", ulimits, err)
	_, err = flags.Ulimits([]string{"files=1"})
	wantError(t, err, "--ulimit")
}

func TestNetwork(t *testing.T) {
	for mode, want := range map[string][2]string{
		"": {}, "default": {}, "none": {"none", ""}, "host": {"host", "network.host"},
	} {
		attr, entitlement, err := flags.Network(mode)
		same(t, want, [2]string{attr, entitlement}, err)
	}
	_, _, err := flags.Network("bridge")
	wantError(t, err, "default, none or host")
	_, err = flags.Allow([]string{"network.host", "root"})
	wantError(t, err, `--allow "root"`)
}

func TestParseCall(t *testing.T) {
	tests := []struct {
		word string
		want flags.Call
	}{
		{"", flags.Call{}},
		{"build", flags.Call{}},
		{"check", flags.Call{Request: "frontend.lint"}},
		{"method=outline,format=json", flags.Call{Request: "frontend.outline", JSON: true}},
		{"targets,format=text,ignorestatus=true", flags.Call{Request: "frontend.targets", IgnoreStatus: true}},
	}
	for _, test := range tests {
		got, err := flags.ParseCall(test.word)
		same(t, test.want, got, err)
	}
	for _, word := range []string{"frob", "check,format=xml", "check,json"} {
		_, err := flags.ParseCall(word)
		wantError(t, err, "--call")
	}
}

// TestSSHFiles refuses what has no end in the place of a key.
func TestSSHFiles(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{key: "", os.DevNull: "is a device, not a plain file", t.TempDir(): "is a directory, not a plain file"} {
		if _, err := flags.SSH([]string{"x=" + path}); (err == nil) != (want == "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}
