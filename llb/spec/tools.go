// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// Tool is a program that keeps what it fetched or made in directories of its own.
type Tool struct {
	Name string
	// Dirs are its directories, in terms of the variables of the environment that it
	// runs in. HOME is always there.
	Dirs []string
	// Sharing is what keeps two of it from harming each other: locked where it has no
	// lock in the directories themselves.
	Sharing string
	// Env are variables that tell it to use them, as NAME=value. One that is set
	// already stays.
	Env []string
	// Files are mounted in the step.
	Files []ToolFile
}

// ToolFile is a file that makes a tool keep its caches.
type ToolFile struct{ Path, Text string }

// xdgCache is the directory of caches that the XDG specification has.
const xdgCache = "${XDG_CACHE_HOME:-$HOME/.cache}"

// Tools are the programs whose caches have a name, in the order of their names.
func Tools() []Tool {
	const (
		pnpmStore = "${npm_config_store_dir:-${PNPM_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/pnpm}/store}"
		composer  = "${COMPOSER_CACHE_DIR:-${COMPOSER_HOME:-" + xdgCache + "/composer}${COMPOSER_HOME:+/cache}}"
		bundler   = "${BUNDLE_USER_CACHE:-${BUNDLE_USER_HOME:-$HOME/.bundle}/cache}"
		poetry    = "${POETRY_CACHE_DIR:-" + xdgCache + "/pypoetry}"
		cargo     = "${CARGO_HOME:-$HOME/.cargo}"
		gradle    = "${GRADLE_USER_HOME:-$HOME/.gradle}"
	)
	return []Tool{
		// The file takes the place of the one that makes apt remove what it fetched.
		{Name: "apt", Dirs: []string{"/var/cache/apt", "/var/lib/apt/lists"}, Sharing: "locked", Files: []ToolFile{
			{"/etc/apt/apt.conf.d/docker-clean", "Binary::apt::APT::Keep-Downloaded-Packages \"true\";\nAPT::Keep-Downloaded-Packages \"true\";\n"},
		}},
		{Name: "apk", Dirs: []string{"/etc/apk/cache"}, Sharing: "locked"},
		{Name: "bun", Dirs: []string{"${BUN_INSTALL_CACHE_DIR:-${BUN_INSTALL:-$HOME/.bun}/install/cache}"}, Sharing: "shared"},
		{Name: "bundler", Dirs: []string{bundler}, Sharing: "locked", Env: []string{"BUNDLE_GLOBAL_GEM_CACHE=true"}},
		// Its lock lies beside the directories.
		{Name: "cargo", Dirs: []string{cargo + "/registry", cargo + "/git"}, Sharing: "locked"},
		{Name: "ccache", Dirs: []string{"${CCACHE_DIR:-" + xdgCache + "/ccache}"}, Sharing: "shared", Env: []string{"CCACHE_DIR=" + xdgCache + "/ccache"}},
		{Name: "composer", Dirs: []string{composer}, Sharing: "shared", Env: []string{"COMPOSER_CACHE_DIR=" + composer}},
		{Name: "deno", Dirs: []string{"${DENO_DIR:-" + xdgCache + "/deno}"}, Sharing: "shared"},
		{Name: "go", Dirs: []string{"${GOMODCACHE:-${GOPATH:-$HOME/go}/pkg/mod}", "${GOCACHE:-" + xdgCache + "/go-build}"}, Sharing: "shared"},
		// Daemons of one machine agree over its network, and steps have their own.
		{Name: "gradle", Dirs: []string{gradle + "/caches", gradle + "/wrapper"}, Sharing: "locked"},
		{Name: "maven", Dirs: []string{"$HOME/.m2/repository"}, Sharing: "locked"},
		{Name: "npm", Dirs: []string{"${npm_config_cache:-${NPM_CONFIG_CACHE:-$HOME/.npm}}"}, Sharing: "shared"},
		// Its locks lie in /tmp.
		{Name: "nuget", Dirs: []string{"${NUGET_PACKAGES:-$HOME/.nuget/packages}", "${NUGET_HTTP_CACHE_PATH:-${XDG_DATA_HOME:-$HOME/.local/share}/NuGet/http-cache}"}, Sharing: "locked"},
		{Name: "pip", Dirs: []string{"${PIP_CACHE_DIR:-" + xdgCache + "/pip}"}, Sharing: "shared"},
		// Without the variable it moves its store to where it can make hard links.
		{Name: "pnpm", Dirs: []string{pnpmStore, "${npm_config_cache_dir:-" + xdgCache + "/pnpm}"}, Sharing: "shared", Env: []string{"npm_config_store_dir=" + pnpmStore}},
		// Beside these it keeps virtual environments, which may be what ships.
		{Name: "poetry", Dirs: []string{poetry + "/cache", poetry + "/artifacts"}, Sharing: "locked"},
		// What is installed must not be links into the cache.
		{Name: "uv", Dirs: []string{"${UV_CACHE_DIR:-" + xdgCache + "/uv}"}, Sharing: "shared", Env: []string{"UV_LINK_MODE=copy"}},
		// The classic one keeps root's in /usr/local/share; the newer ones have their own.
		{Name: "yarn", Dirs: []string{"${YARN_CACHE_FOLDER:-$HOME/.cache/yarn}", "${YARN_GLOBAL_FOLDER:-$HOME/.yarn/berry}/cache"}, Sharing: "locked", Env: []string{"YARN_CACHE_FOLDER=$HOME/.cache/yarn"}},
	}
}

// FindTool finds a tool by its name; an error names those that there are.
func FindTool(name string) (Tool, error) {
	tools := Tools()
	var names []string
	for _, t := range tools {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	hint := spell.DidYouMean(name, names)
	if hint == "" {
		hint = "want an absolute path, or one of " + strings.Join(slices.Sorted(slices.Values(names)), ", ")
	}
	return Tool{}, fmt.Errorf("there are no caches of a tool called %.40q; %s", name, hint)
}

// checkCache accepts an absolute path, or the name of a tool.
func checkCache(text string) error {
	if text == "" || text[0] == '/' || strings.Contains(text, "/") {
		return checkAbsolute(text)
	}
	_, err := FindTool(text)
	return err
}
