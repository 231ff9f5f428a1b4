// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/spec"
)

// tool is how a tool that has a named cache shows that it uses it: one step fills the
// cache, and another one, without a network and without what the first had, asks for what
// is in there.
type tool struct {
	name, base string
	fill, ask  string
}

// tools are those that Debian, the Go proxy and npm have.
func tools() []tool {
	const fresh = "cd $(mktemp -d)\n"
	return []tool{
		{"apt", "debian", "apt-get update && apt-get install --yes --download-only hello", "apt-get install --yes --no-download hello && hello"},
		{
			"bun", "bun", fresh + "echo '{}' > package.json && bun add ms@2.1.3",
			fresh + `echo '{}' > package.json && test "$(bun pm cache)" = "$HOME/.bun/install/cache" && ls $(bun pm cache) | grep '^ms@2.1.3'`,
		},
		{
			"bundler", "ruby", fresh + "printf 'source \"https://rubygems.org\"\\ngem \"greeting\"\\n' > Gemfile && bundle install",
			"find $HOME/.bundle/cache -name 'greeting-1.0.0.gem' | grep .",
		},
		{
			"cargo", "rust-git", `mkdir -p /greeting/src && cd /greeting && printf '[package]\nname = "greeting"\nversion = "1.0.0"\n' > Cargo.toml && touch src/lib.rs
git init -q && git add . && git -c user.name=a -c user.email=a@example.org commit -qm a
` + cargoProject + "cargo fetch", cargoProject + "cargo build --offline",
		},
		{
			"ccache", "ccache", fresh + "echo 'int x;' > a.c && ccache gcc -c a.c",
			fresh + "echo 'int x;' > a.c && ccache gcc -c a.c && ccache --print-stats | grep -E '^(direct|preprocessed)_cache_hit\\s+1$'",
		},
		{
			"composer", "composer", `mkdir -p /repo && cp /packages/greeting.zip /repo/ && cd /repo
printf '{"packages": {"example/greeting": {"1.0.0": {"name": "example/greeting", "version": "1.0.0", "dist": {"type": "zip", "url": "http://127.0.0.1:8123/greeting.zip"}}}}}' > packages.json
php -S 127.0.0.1:8123 & ` + fresh + `printf '{"config": {"secure-http": false}, "repositories": [{"type": "composer", "url": "http://127.0.0.1:8123"}], "require": {"example/greeting": "1.0.0"}}' > composer.json
until php -r 'exit(@fsockopen("127.0.0.1", 8123) ? 0 : 1);'; do sleep 0.1; done
composer install --no-interaction; kill $!; test -e vendor/example/greeting/composer.json`,
			"find $(composer config --global cache-files-dir) -path '*example/greeting*.zip' | grep .",
		},
		{
			"deno", "deno", fresh + "echo 'import ms from \"npm:ms@2.1.3\"; console.log(ms(1000))' > a.ts && NPM_CONFIG_REGISTRY=$npm_config_registry DENO_TLS_CA_STORE=system deno run --allow-env a.ts",
			fresh + "echo 'import ms from \"npm:ms@2.1.3\"; console.log(ms(1000))' > a.ts && NPM_CONFIG_REGISTRY=$npm_config_registry deno run --cached-only --allow-env a.ts | grep 1s",
		},
		{
			"go", "golang", fresh + "go mod init example.org/a && go get github.com/google/uuid@v1.6.0 && go build github.com/google/uuid",
			fresh + "go mod init example.org/a && GOPROXY=off GOSUMDB=off go get github.com/google/uuid@v1.6.0 && ls $(go env GOCACHE) | grep '^[0-9a-f][0-9a-f]$'",
		},
		{
			"gradle", "gradle", fresh + "touch build.gradle && gradle --offline --no-daemon tasks", "find ${GRADLE_USER_HOME:-$HOME/.gradle}/caches -type f | grep .",
		},
		{
			"maven", "maven", mavenProject + "mvn -B -s settings.xml resources:resources", mavenProject + "mvn -B -o -s settings.xml resources:resources",
		},
		{"npm", "nodejs", fresh + "npm install ms@2.1.3", fresh + "npm install --offline ms@2.1.3"},
		{
			"pip", "python-setuptools", fresh + `printf 'from setuptools import setup\nsetup(name="parting", version="1.0", py_modules=[])\n' > setup.py
python3 setup.py -q sdist --dist-dir /sdist && pip install --no-build-isolation --find-links /sdist parting==1.0`, "pip cache list | grep parting-1.0",
		},
		{"pnpm", "node-pnpm", fresh + "pnpm add ms@2.1.3", fresh + "pnpm add --offline ms@2.1.3"},
		{
			"poetry", "python", `mkdir -p /index/greeting && cp /wheels/greeting-1.0-py3-none-any.whl /index/greeting/ && cd /index
echo '<a href="greeting-1.0-py3-none-any.whl">greeting-1.0-py3-none-any.whl</a>' > greeting/index.html
python3 -m http.server --bind 127.0.0.1 8124 & ` + fresh + `printf '[tool.poetry]\nname = "a"\nversion = "1"\ndescription = ""\nauthors = []\n[tool.poetry.dependencies]\npython = "^3.9"\ngreeting = "1.0"\n[[tool.poetry.source]]\nname = "here"\nurl = "http://127.0.0.1:8124/"\ndefault = true\n' > pyproject.toml
until python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8124))' 2>/dev/null; do sleep 0.1; done
poetry install --no-root --no-interaction; kill $!`, "find $(poetry config cache-dir)/artifacts -name 'greeting*' | grep .",
		},
		{"yarn", "node", fresh + "yarn add ms@2.1.3", fresh + "yarn add --offline ms@2.1.3"},
	}
}

const (
	cargoProject = `mkdir -p /project/src && cd /project && echo 'fn main() {}' > src/main.rs
printf '[package]\nname = "app"\nversion = "1.0.0"\n[dependencies]\ngreeting = {git = "file:///greeting"}\n' > Cargo.toml
`
	mavenProject = `mkdir -p /project && cd /project
printf '<settings><mirrors><mirror><id>debian</id><mirrorOf>*</mirrorOf><url>file:///usr/share/maven-repo</url></mirror></mirrors><localRepository>%s/.m2/repository</localRepository></settings>' $HOME > settings.xml
printf '<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>app</artifactId><version>1</version></project>' > pom.xml
`
)

// unreached are the tools that can't be had here, and why.
func unreached() map[string]string {
	return map[string]string{
		"apk":   "neither Debian nor a registry that tests may use has it",
		"nuget": "no registry that tests may use has .NET's SDK",
		"uv":    "uv is only in the Python package index",
	}
}

// TestNamedCaches has each tool use the directories of its named cache. Without the flag
// it is apt alone, whose base is there.
func TestNamedCaches(t *testing.T) {
	b := newBench(t)
	for _, known := range spec.Tools() {
		t.Run("cache-"+known.Name, func(t *testing.T) {
			if why, not := unreached()[known.Name]; not {
				t.Logf("checked, and not built: %s", why)
				return
			}
			i := slices.IndexFunc(tools(), func(c tool) bool { return c.name == known.Name })
			if i < 0 {
				t.Fatalf("nothing shows that %s uses its cache", known.Name)
			}
			if *every || known.Name == "apt" {
				b.cli.Until = time.Now().Add(*limit)
				b.useCache(t, tools()[i])
			}
		})
	}
}

// useCache fills a cache in one build and asks for its content in another; without the
// cache, that fails.
func (b *bench) useCache(t *testing.T, c tool) {
	t.Helper()
	base := "docker-image://" + b.debian
	if c.base != "debian" {
		base = "oci-layout://" + b.layout(t, c.base)
	}
	dir := testenv.Dir(t)
	build := func(what, cache, network, run string) testenv.Result {
		text := "layers:\n  - build:\n      from: tools\n      cache: [" + cache + "]\n      network: " + network + "\n      run: |\n        (\n        " +
			strings.ReplaceAll(run, "\n", "\n        ") + "\n        )\n        echo " + what + " > $out/done\n"
		file := filepath.Join(dir, what+".yaml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return b.cli.Run(t, "build", "--progress=plain", "-f", file, "-o", "type=cacheonly", "--build-context", "tools="+base, dir)
	}
	if r := build("filled", c.name, "default", c.fill); r.Code != 0 {
		t.Fatalf("fill the cache: %s", r.Stderr)
	}
	if r := build("asked", c.name, "none", c.ask); r.Code != 0 {
		t.Errorf("ask the cache: %s", r.Stderr)
	}
	if r := build("without", "", "none", c.ask); r.Code == 0 {
		t.Errorf("the answer is the same without the cache: %s", r.Stderr)
	}
}
