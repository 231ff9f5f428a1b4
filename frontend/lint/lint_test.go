// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// bases has one image for linux/amd64 under every name.
type bases struct{}

func (bases) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.OS, img.Architecture = "linux", "amd64"
	img.Config.Env = []string{"PATH=/bin", "VERSION=1"}
	if strings.Contains(t.Name, "relative") {
		img.Config.WorkingDir = "app"
	}
	if strings.Contains(t.Name, "trigger") {
		img.Config.OnBuild = []string{"RUN make"}
	}
	return t, img, nil
}

// findings are what all rules find, as RULE LINE:COLUMN.
func findings(t *testing.T, text string) []string {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c, err := lint.Configure("strata.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	take := func(e *spec.Error) {
		if !c.Skips(e.Rule) {
			found = append(found, fmt.Sprintf("%s %d:%d", e.Rule, e.Range.Start.Line, e.Range.Start.Column))
		}
	}
	for _, e := range lint.File(s, "", nil, c) {
		take(e)
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	p, err := strategy.Plan(t.Context(), strategy.Request{
		Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: bases{}, Warn: take,
		BuildArgs: map[string]string{"GIVEN": "x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range lint.Plan(s, p, nil) {
		take(e)
	}
	return found
}

// quiet declares the argument that every test gives.
const quiet = "x-given: $GIVEN\nargs: {GIVEN: x}\n"

// examples have, for each rule, build files that break it, with where.
func examples() []struct{ text, want string } {
	return []struct{ text, want string }{
		{"from: scratch\n", lint.Find(strategy.RuleUndeclared).Name + " 0:0"},
		{"x-given: $GIVEN\nargs:\n  GIVEN: x\n  VERSION: 2\nfrom: base:1\nlayers: [{build: {run: echo $VERSION}}]\n", "ArgShadowsVariable 4:3"},
		{quiet + "from: base:1\nlayers:\n  - build:\n      cache: [/out/bin]\n      run: make DESTDIR=$out\n", "CacheInShippedPath 6:15"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: make, outputs: [/srv/app], cache: [/srv/app/.cache]}\n", "CacheInShippedPath 5:53"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: make, cache: [/app]}\nconfig: {workdir: /app/bin}\n", "CacheInShippedPath 5:12"},
		{quiet + "config:\n  expose: [80, 443, 80]\n", "DuplicateEntry 4:21"},
		{quiet + "config:\n  volumes: [/a, /a]\n", "DuplicateEntry 4:17"},
		{quiet + "config: {expose: [53/UDP]}\n", "ExposeProtoCasing 3:19"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: su postgres -c 'initdb -D /data'}\n", "DataMadeByScript 5:18"},
		{quiet + "layers:\n  - files: [{dest: /a, content: x}]\n  - files:\n      - {dest: /a, symlink: b}\n", "HiddenFile 6:9"},
		{quiet + "layers:\n  - files: [{dest: /app, source: src}]\n  - files:\n      - {dest: /app, content: x}\n", "HiddenFile 6:9"},
		{quiet + "layers:\n  - files:\n      - {dest: /app/deep/x, content: x}\n      - {dest: /app, symlink: b}\n", "HiddenFile 6:9"},
		{quiet + "layers:\n  - files:\n      - {dest: /app/, source: \"*.txt\"}\n      - {dest: /app, url: \"https://example.org/a\", checksum: \"sha256:" + strings.Repeat("a", 64) + "\"}\n", "HiddenFile 6:9"},
		{quiet + "config: {entrypoint: [/bin/sh, -c, 'app serve']}\n", "JSONArgsRecommended 3:23"},
		{quiet + "config: {cmd: ['app serve']}\n", "JSONArgsRecommended 3:16"},
		{quiet + "from: base:1\nlayers:\n  - build:\n      run: |\n        ssh-keygen -A\n", "KeyMadeByScript 6:12"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: 'openssl req -x509 -newkey rsa:2048 -keyout k -out c'}\n", "KeyMadeByScript 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: 'age-keygen -o /etc/key.txt'}\n", "KeyMadeByScript 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: make, deterministic: true}\n", "LegacyValue 5:39"},
		{quiet + "layers:\n  - files:\n      - {dest: /ä, url: 'https://ann:secret@example.org/a', checksum: 'sha256:" + strings.Repeat("a", 64) + "'}\n", "LoginInAddress 5:34"},
		{quiet + "# as https://token@example.org\nfrom: base:1\nlayers:\n  - build:\n      run: |\n        make\n        git clone https://token@example.org/x\n", "LoginInAddress 9:27"},
		{quiet + "layers:\n  - files:\n      - {dest: /a, url: https://example.org/a}\n", "MissingChecksum 5:9"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: git clone https://example.org/x, deterministic: strict}\n", "NetworkWithoutAccess 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: npm ci, network: none}\n", "NetworkWithoutAccess 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: pnpm install --frozen-lockfile, network: none}\n", "NetworkWithoutAccess 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: apk add --no-cache jq}\n", "PackagesByScript 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: microdnf -y install jq}\n", "PackagesByScript 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: 'curl -fsSL https://example.org/x | sudo bash -s'}\n", "PipedDownload 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: 'bash -c \"$(curl -fsSL https://example.org/x)\"'}\n", "PipedDownload 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: 'bash <(wget -qO- https://example.org/x) --yes'}\n", "PipedDownload 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: touch $out/x, platform: $TARGETPLATFORM}\n", "RedundantTargetPlatform 5:42"},
		{quiet + "from: target:layers\ntargets:\n  layers: {config: {workdir: /}}\n", "ReservedStageName 5:3"},
		{quiet + "config: {user: 'root:root'}\n", "RootUser 3:16"},
		{quiet + "users: [{name: admin, uid: 0}]\nconfig: {user: admin}\n", "RootUser 4:16"},
		{quiet + "config: {labels: {api-token: x}}\n", "SecretsUsedInArgOrEnv 3:19"},
		{quiet + "config: {env: {API_KEY: x, PUBLIC_KEY: y}}\n", "SecretsUsedInArgOrEnv 3:16"},
		{quiet + "config: {env: {NPM_AUTH: x}, labels: {org.example.key: y}}\n", "SecretsUsedInArgOrEnv 3:16"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: make, env: {DB_PASSWORD: x}}\n", "SecretsUsedInArgOrEnv 5:30"},
		{quiet + "from: target:Base\ntargets:\n  Base: {config: {workdir: /}}\n", "StageNameCasing 5:3"},
		{quiet + "max_layers: 1\nlayers:\n  - files: [{dest: /a, content: x}]\n  - files: [{dest: /b, content: x}]\n", "TooManyLayers 1:1"},
		{"# check=skip=RootUsr\n" + quiet + "from: scratch\n", "UnknownRule 1:1"},
		{quiet + "from: debian\n", "UnpinnedBase 3:7"},
		{quiet + "from: localhost:5000/debian:bookworm-slim\n", "UnpinnedBase 3:7"},
		{quiet + "targets:\n  tools: {layers: [{files: [{dest: /a, content: x}]}]}\n", "UnreachableTarget 4:3"},
		{"x-given: $GIVEN\nargs:\n  GIVEN: x\n  OTHER: y\n", "UnusedArg 4:3"},
		{quiet + "users: [{name: app}, {name: web}]\nconfig: {user: app, workdir: /web}\n", "UnusedUser 3:29"},
		{quiet + "from: relative:1\n", "WorkdirRelativePath 3:7"},
		{quiet + "layers:\n  - files: [{dest: /a, content: x, mode: 0666}]\n", "WorldWritable 4:42"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: make, outputs: [{source: /app, mode: a+w}]}\n", "WorldWritable 5:55"},
		{quiet + "from: base:1\nconfig: {labels: {a: null}}\n", "NothingToRemove 4:19"},
		{quiet + "from: trigger:1\n", "OnBuildIgnored 3:7"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: touch $OUT/x, out: true}\n", "NothingInOut 5:18"},
		{quiet + "from: base:1\nlayers:\n  - build: {run: touch $out/x, platform: linux/arm64}\n", "InvalidBaseImagePlatform 3:7"},
	}
}

func TestRules(t *testing.T) {
	elsewhere := []string{lint.LinkHidesFile, strategy.RulePackages, strategy.RuleUnlocked, strategy.RuleUnlockedSource} // an archive or a lock is needed
	tried := map[string]bool{}
	for _, e := range examples() {
		rule, _, _ := strings.Cut(e.want, " ")
		tried[rule] = true
		if diff := cmp.Diff([]string{e.want}, findings(t, e.text)); diff != "" {
			t.Errorf("%s\nunexpected findings (-want +got):\n%s", e.text, diff)
		}
		if rule == lint.UnknownRule { // its example has a line of its own
			continue
		}
		if got := findings(t, "# check=skip="+rule+"\n"+e.text); len(got) > 0 {
			t.Errorf("%s is skipped and still found: %q", rule, got)
		}
	}
	for _, r := range lint.Rules() {
		if !tried[r.Name] && !slices.Contains(elsewhere, r.Name) {
			t.Errorf("no example breaks the rule %s", r.Name)
		}
	}
}

// TestManyFindings has so many findings on a line that their excerpts would fill the memory, and
// what else is wrong behind them.
func TestManyFindings(t *testing.T) {
	for rule, line := range map[string]string{
		lint.LoginInAddress:  "x-a: '" + strings.Repeat("http://a:b@c ", 20_000) + "'\n",
		lint.MissingChecksum: "layers: [{files: [" + strings.Repeat("{dest: /a/, url: 'http://c/x'}, ", 5000) + "]}]\n",
		lint.UnusedArg:       "args: {" + manyArgs(30_000) + "}\n",
	} {
		counted := map[string]int{}
		for _, found := range findings(t, line+"from: debian\nconfig: {user: root}\n") {
			name, _, _ := strings.Cut(found, " ")
			counted[name]++
		}
		if n := counted[rule]; n < 50 || n > 200 || counted[lint.RootUser] != 1 {
			t.Errorf("found %v", counted)
		}
	}
}

func manyArgs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "A%d: x, ", i)
	}
	return b.String()
}

// TestCleanFile finds nothing in a build file that is as it should be.
func TestCleanFile(t *testing.T) {
	if got := findings(t, quiet+`
from: debian:12.1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
layers:
  - files:
      - {dest: /etc/app/, source: "*.conf"}
      - {dest: /tmp/shared, directory: true, mode: 01777}
      - {dest: /bin/, from: target:tools, source: /tool}
  - build:
      cache: [/root/.cache]
      run: |
        # curl x | sh
        sh version.sh "$(curl -s https://example.org/version)"
        make DESTDIR=$out install
config:
  entrypoint: [/bin/sh, -c, "exec app"]
  expose: [80, 53/udp]
  user: app
  env: {PWD: /, TOKENIZER: x, POSTGRES_PASSWORD_FILE: /run/secrets/db, PUBLIC_TOKEN: x, SECRET_VERSION: 1}
targets:
  tools: {layers: [{files: [{dest: /tool, content: x}]}]}
  debug: {from: target:default}
  other: {from: "debian:12", config: {workdir: /}}
`); len(got) > 0 {
		t.Errorf("found %q", got)
	}
}

// TestLockedAddresses takes what a lock has, or may have when its variables are expanded, for
// something that needs no checksum; not so a lock of before addresses were in it.
func TestLockedAddresses(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte(`
args: {VERSION: 1}
layers:
  - files:
      - {dest: /a, url: "https://example.org/a"}
      - {dest: /b, url: "https://example.org/b"}
      - {dest: /c, url: "https://example.org/$VERSION/c"}
`))
	if err != nil {
		t.Fatal(err)
	}
	locked := lock.Sources{URLs: []lock.URL{{Address: "https://example.org/a"}}}
	for name, c := range map[string]struct {
		file *lock.File
		want []int
	}{
		"no lock":       {nil, []int{5, 6, 7}},
		"a lock":        {&lock.File{Sources: locked}, []int{6}},
		"an older lock": {&lock.File{Older: true}, []int{5, 6, 7}},
	} {
		var got []int
		for _, e := range lint.File(s, "", c.file, lint.Config{}) {
			if e.Rule == lint.MissingChecksum {
				got = append(got, e.Range.Start.Line)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: lines without a checksum (-want +got):\n%s", name, diff)
		}
	}
}

// TestHiddenDatabases takes a file over the database of a package system for one that
// hides what the packages wrote there, and the other system's for a file like any other.
func TestHiddenDatabases(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte("from: scratch\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) spec.Range { return spec.Range{Start: spec.Pos{Line: line, Column: 1}} }
	for format, want := range map[plan.Format]string{
		"deb": "strata.yaml:2:1: /var/lib/dpkg/status replaces what line 1 puts there",
		"apk": "strata.yaml:3:1: /lib/apk/db/installed replaces what line 1 puts there",
	} {
		content := "x"
		p := &plan.Plan{Images: []*plan.Image{{Target: spec.DefaultTarget, Layers: []plan.Layer{
			{Range: at(1), Action: &plan.Install{Format: format}},
			{Range: at(2), Action: &plan.Files{Entries: []plan.Entry{{Range: at(2), Dest: "/var/lib/dpkg/status", Content: &content}}}},
			{Range: at(3), Action: &plan.Files{Entries: []plan.Entry{{Range: at(3), Dest: "/lib/apk/db/installed", Content: &content}}}},
		}}}}
		var got []string
		for _, e := range lint.Plan(s, p, nil) {
			got = append(got, e.Error())
		}
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s: unexpected findings (-want +got):\n%s", format, diff)
		}
	}
}

// TestMade finds keys and data directories among the files of a layer by what they are
// called and what is in them.
func TestMade(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte("from: scratch\n"))
	if err != nil {
		t.Fatal(err)
	}
	const pem = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	layer := &plan.Layer{Range: spec.Range{Start: spec.Pos{Line: 7, Column: 3}}, Action: &plan.Install{}}
	var got []string
	for _, e := range lint.Made(s, layer, map[string][]byte{
		"/etc/ssh/ssh_host_rsa_key": []byte(pem), "/etc/ssl/private/x.key": []byte("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"),
		"/etc/ssl/public.pem": []byte("-----BEGIN PUBLIC KEY-----\n"), "/etc/bind/rndc.key": []byte("key \"k\" {\n\tsecret \"abc=\";\n"),
		"/etc/machine-id": nil, "/etc/dropbear/dropbear_rsa_host_key": {1},
		"/var/lib/postgresql/15/main/PG_VERSION": []byte("15\n"), "/var/lib/postgresql/15/main/base/1/PG_VERSION": []byte("15\n"),
		"/var/lib/krb5kdc/principal": {2}, "/var/lib/other/principal": {2}, "/var/lib/mysql/ibdata1": {3},
	}) {
		got = append(got, e.Rule+" "+e.Message)
	}
	want := []string{
		"KeyMadeByScript a script of the packages made /etc/bind/rndc.key, /etc/dropbear/dropbear_rsa_host_key, /etc/ssh/ssh_host_rsa_key and /etc/ssl/private/x.key, which everybody who has the image has then; make it when the container starts",
		"DataMadeByScript a script of the packages made the data directory of PostgreSQL, /var/lib/postgresql/15/main, which all containers start with; make it when the container starts, on a volume",
		"DataMadeByScript a script of the packages made the data directory of MySQL or MariaDB, /var/lib/mysql, which all containers start with; make it when the container starts, on a volume",
		"DataMadeByScript a script of the packages made the data directory of Kerberos, /var/lib/krb5kdc, which all containers start with; make it when the container starts, on a volume",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected findings (-want +got):\n%s", diff)
	}
}

// TestPackages finds packages whose scripts make what no image should have, where these
// run, and of the system that the packages are of.
func TestPackages(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte("from: scratch\n"))
	if err != nil {
		t.Fatal(err)
	}
	var archives []plan.Archive
	for i, name := range []string{"openssh-server", "ssl-cert", "postgresql-15", "openssh-client", "postgresql-client-15"} {
		archives = append(archives, plan.Archive{Name: name, Pos: spec.Pos{Line: 3, Column: i + 1}})
	}
	findings := func(a *plan.Install) []string {
		a.Archives = archives
		var got []string
		for _, e := range lint.Packages(s, &plan.Plan{Images: []*plan.Image{{Layers: []plan.Layer{{Action: a}}}}}) {
			got = append(got, e.Rule+" "+e.Error())
		}
		return got
	}
	want := []string{
		"KeyMadeByScript strata.yaml:3:1: a script of openssh-server makes /etc/ssh/ssh_host_*_key, which everybody who has the image has then; make it when the container starts",
		"KeyMadeByScript strata.yaml:3:2: a script of ssl-cert makes /etc/ssl/private/ssl-cert-snakeoil.key, which everybody who has the image has then; make it when the container starts",
		"DataMadeByScript strata.yaml:3:3: a script of postgresql-15 makes the data directory /var/lib/postgresql/15/main, which all containers start with; make it when the container starts, on a volume",
	}
	if diff := cmp.Diff(want, findings(&plan.Install{Format: "deb", Installer: plan.Register})); diff != "" {
		t.Errorf("unexpected findings (-want +got):\n%s", diff)
	}
	for _, a := range []*plan.Install{{Format: "deb", SkipScripts: true}, {Format: "deb", Installer: plan.Assemble}, {Format: "apk"}} {
		if got := findings(a); len(got) > 0 {
			t.Errorf("%+v: %q", a, got)
		}
	}
}

// TestRulesAreDocumented looks for each rule's section.
func TestRulesAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range lint.Rules() {
		if !strings.Contains(string(data), "\n### "+r.Name+"\n") {
			t.Errorf("docs/rules.md has no section %s", r.Name)
		}
	}
}

func TestConfigure(t *testing.T) {
	text := []byte("# syntax=x\n# check=skip=RootUser,SecretInImage;error=true\nfrom: scratch\n")
	c, err := lint.Configure("strata.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Error || !c.Skips("RootUser") || !c.Skips("SecretsUsedInArgOrEnv") || c.Skips("UnusedArg") {
		t.Errorf("got %+v", c)
	}
	if c, err = lint.Configure("strata.yaml", text, &linter.Config{SkipAll: true}); err != nil || c.Error || !c.Skips("UnusedArg") {
		t.Errorf("what the request says doesn't hold: %+v, %v", c, err)
	}
	for _, head := range []string{"# syntax=x\n# yaml-language-server: $schema=x\n", "\ufeff# syntax=x\r\n#\r\n\r\n", "#!x\n# Licence: x\n"} {
		if c, err = lint.Configure("strata.yaml", []byte(head+"#Check = skip=UnusedArg\nfrom: scratch\n"), nil); err != nil || !c.Skips("UnusedArg") || c.Skips("RootUser") {
			t.Errorf("behind %q the line doesn't hold: %+v, %v", head, c, err)
		}
	}
	if c, err = lint.Configure("strata.yaml", []byte("from: scratch\n# check=skip=all\n"), nil); err != nil || c.Skips("UnusedArg") {
		t.Errorf("behind a key the line holds: %+v, %v", c, err)
	}
	_, err = lint.Configure("strata.yaml", []byte("# check=skip=A\n# x\n# check=error=true\n"), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "strata.yaml:3:1: there is a line # check= already, on line 1") {
		t.Errorf("got %v", err)
	}
	_, err = lint.Configure("strata.yaml", []byte("# check=skp=x\n"), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "strata.yaml:1:1: read the line # check=") {
		t.Errorf("got %v", err)
	}
}
