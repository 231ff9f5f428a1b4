// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/convert/draft"
)

// toolCache is a cache that has the name of a tool, and how that is called in Dockerfiles.
type toolCache struct {
	name string
	// calls matches commands that use it, from their first word on.
	calls string
	// dirs matches paths of its directories, and what is above or in them.
	dirs string
	// resident says that later commands look there for what an earlier one has fetched.
	// Of any other one they have a copy.
	resident bool
	// fetches matches commands that do nothing but to fetch what those after them fetch
	// as well.
	fetches string
	// cleans matches commands that only drop what the image of a build file doesn't have.
	cleans string
	// where is a pair of caches by their paths that is the same.
	where []string
}

func toolCaches() []toolCache {
	return []toolCache{
		{
			name: "go", calls: `go (build|install|mod|get|generate|test|vet|run|list|tool|work)\b`, dirs: `^/go(/pkg(/mod(/.*)?)?)?$|/go-build\b|^/root(/\.cache|/go(/.*)?)?$`,
			resident: true, fetches: `go mod download( -x)?$`, where: []string{"/go/pkg/mod", "/root/.cache/go-build"},
		},
		{
			name: "cargo", calls: `cargo (build|install|fetch|test|check|run|chef|clippy|doc|update)\b`, dirs: `(^/usr/local/cargo|/\.cargo)(/(registry|git)(/.*)?)?$|^/root$`,
			resident: true, fetches: `cargo fetch( --locked)?$`, where: []string{
				"/usr/local/cargo/registry", "/usr/local/cargo/git", "/usr/local/cargo/registry/index", "/usr/local/cargo/registry/cache", "/usr/local/cargo/git/db",
			},
		},
		{
			name: "maven", calls: `(\S*/)?(mvn|mvnw)\b`, dirs: `/\.m2(/repository(/.*)?)?$|^/root$`,
			resident: true, fetches: `(\S*/)?mvnw?( -[BqUe]| --batch-mode| --no-transfer-progress| -ntp)* (dependency:(go-offline|resolve|resolve-plugins)( |$))+( ?-[BqUe]| --batch-mode| --no-transfer-progress| -ntp)*$`,
			where: []string{"/root/.m2/repository"},
		},
		{name: "gradle", calls: `(\S*/)?(gradle|gradlew)\b`, dirs: `/\.gradle(/(caches|wrapper)(/.*)?)?$|^/root$`, resident: true},
		{name: "nuget", calls: `dotnet (restore|build|publish|test|pack|run|tool)\b`, dirs: `/\.nuget(/packages(/.*)?)?$|^/root$`, resident: true},
		{name: "npm", calls: `npm( -\S+)* (ci|install|i|add|update|rebuild|clean-install|exec)\b|npx\b`, dirs: `/\.npm(/.*)?$`, cleans: `npm cache (clean|verify)( --force| -f)*$|rm -r?f?r? (~|/root)/\.npm(/\*)?$`, where: []string{"/root/.npm"}},
		{name: "yarn", calls: `yarn( -\S+)*( install| add| workspaces| build)?\b`, dirs: `/\.(cache/)?yarn(/.*)?$|/usr/local/share/\.cache`, resident: true, cleans: `yarn cache clean( --all| --force)*$`},
		{name: "pnpm", calls: `pnpm( -\S+)* (install|i|add|fetch|deploy|update|dlx)\b`, dirs: `/pnpm\b|/\.local(/.*)?$`, resident: true, where: []string{"/pnpm/store"}},
		{name: "pip", calls: `((\S*/)?pip3?|(\S*/)?python3? -m pip)( -\S+)* (install|wheel|download)\b`, dirs: `/\.cache(/pip(/.*)?)?$`, cleans: `pip3? cache purge$|rm -r?f?r? (~|/root)/\.cache(/pip)?(/\*)?$`, where: []string{"/root/.cache/pip"}},
		{name: "composer", calls: `(\S*/)?composer( -\S+)* (install|update|require|create-project)\b`, dirs: `/composer(/cache(/.*)?)?$`, resident: true, cleans: `composer (clear-cache|clearcache)$`},
	}
}

// keepsNothing matches words by which a tool is told to keep nothing, or to take only what
// it has.
func keepsNothing() *regexp.Regexp {
	return regexp.MustCompile(`--no-cache\b|--no-cache-dir|NO_CACHE|--offline|--no-restore|--frozen\b|GOPROXY=off|GOFLAGS=\S*-mod=vendor|\bmvnw?\b.* (-o|--offline)\b|--prefer-offline|_CACHE_DIR|GOMODCACHE|GOCACHE|--store-dir|cache-folder`)
}

// pattern is an expression as a whole command's beginning.
func (t *toolCache) is(pattern, command string) bool {
	return pattern != "" && regexp.MustCompile(`^(`+pattern+`)`).MatchString(command)
}

// commandLines are the simple commands of a script, wherever they stand in it, without
// quotes where that is known.
func commandLines(script string) []string {
	f, err := parse(script)
	if err != nil {
		return nil
	}
	var out []string
	syntax.Walk(f, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		var all []string
		for _, w := range call.Args {
			text, ok := word(w.Parts, func(name string) (string, bool) { return "$" + name, true })
			if !ok {
				text = "?"
			}
			all = append(all, text)
		}
		out = append(out, strings.Join(all, " "))
		return true
	})
	return out
}

// script is all that a build runs, as text.
func scriptOf(b *draft.Build) string {
	if b.Argv != nil {
		return strings.Join(b.Argv, " ")
	}
	return b.Run
}

// commandsOf are the commands of a build.
func commandsOf(b *draft.Build) []string {
	if b.Argv != nil {
		return []string{strings.Join(b.Argv, " ")}
	}
	return commandLines(b.Run)
}

// uses reports whether a build calls a tool.
func (t *toolCache) uses(b *draft.Build) bool {
	return slices.ContainsFunc(commandsOf(b), func(line string) bool { return t.is(t.calls, line) })
}

// mayUse reports whether a build runs what may call a tool in its turn.
func mayUse(b *draft.Build) bool {
	return slices.ContainsFunc(commandsOf(b), func(line string) bool {
		return regexp.MustCompile(`^(make|just|task|mage|ninja|cmake|bazel|goreleaser|(ba|da|a)?sh( -\S+)* [^-]|\./|/\S+\.sh\b|npm (run|test|exec)|yarn|pnpm)`).MatchString(line)
	})
}

// toolCaches gives the tools that fetch what they need the caches that have their names.
// What such a cache holds is in no image, so that those of tools whose directories later
// commands need are given to stages that only compile.
func (c *converter) toolCaches() {
	for _, s := range c.stages {
		for _, t := range toolCaches() {
			if !t.resident || !c.ships(s) {
				s.toolCache(&t)
			}
		}
	}
}

// toolCache gives a stage's commands the cache of a tool, if that changes nothing but
// what is in the tool's directories.
func (s *stage) toolCache(t *toolCache) {
	builds := s.inPlace()
	if !slices.ContainsFunc(builds, func(at layerBuild) bool { return t.uses(at.build) }) || !s.leavesAlone(t, builds) {
		return
	}
	given := false
	for _, at := range builds {
		if b := at.build; t.uses(b) || t.resident && mayUse(b) {
			given = s.give(t, b, at.line) || given
		}
	}
	if given && t.fetches != "" {
		s.dropFetches(t)
	}
}

// leavesAlone reports whether a stage's commands, and those who copy from it, do nothing
// with a tool's directories but to let the tool use them.
func (s *stage) leavesAlone(t *toolCache, builds []layerBuild) bool {
	dirs := regexp.MustCompile(t.dirs)
	for _, at := range builds {
		b := at.build
		if !t.uses(b) && !t.resident {
			continue
		}
		lines := slices.DeleteFunc(commandsOf(b), func(line string) bool { return t.is(t.cleans, line) })
		for _, line := range lines {
			for _, w := range strings.Fields(line) {
				if _, value, ok := strings.Cut(w, "="); ok && strings.HasPrefix(w, "-") {
					w = value
				}
				if w = strings.Replace(strings.TrimSuffix(w, "/"), "~", "/root", 1); dirs.MatchString(w) && strings.HasPrefix(w, "/") {
					return false
				}
			}
		}
		if t.resident && (b.Network != "" || len(b.Secrets)+len(b.SSH) > 0) || keepsNothing().MatchString(scriptOf(b)) || slices.ContainsFunc(b.Env, func(p draft.Pair) bool { return keepsNothing().MatchString(p.Name + "=" + p.Value) }) {
			return false
		}
		for _, c := range b.Cache {
			if dirs.MatchString(c.Target) && !t.knows(c) {
				return false
			}
		}
	}
	return !t.resident || !slices.ContainsFunc(s.c.copiedFrom(s), func(p string) bool { return dirs.MatchString(p) || p == "/" })
}

// knows reports whether a cache is one of a tool's directories, by its path alone.
func (t *toolCache) knows(c draft.Cache) bool {
	return slices.Contains(t.where, c.Target) && c == draft.Cache{Target: c.Target}
}

// give gives a build a tool's cache, and reports whether it has it.
func (s *stage) give(t *toolCache, b *draft.Build, line int) bool {
	if b.Run != "" && t.cleans != "" && slices.ContainsFunc(commandsOf(b), func(one string) bool { return t.is(t.cleans, one) }) {
		all := s.steps(b)
		kept := slices.DeleteFunc(slices.Clone(all), func(st step) bool { return t.is(t.cleans, strings.Join(commandLines(st.text), ";")) })
		if len(kept) == len(all) || len(kept) == 0 {
			return false // it stands where it can't be taken out
		}
		b.Run = script(kept)
	}
	if slices.ContainsFunc(b.Cache, t.knows) {
		b.Cache = append(slices.DeleteFunc(b.Cache, t.knows), draft.Cache{Target: t.name})
		return true
	}
	b.Cache = append(b.Cache, draft.Cache{Target: t.name})
	s.c.note(line, Changed, "%s keeps what it has fetched in a cache from build to build; the image doesn't have it", t.name)
	return true
}

// dropFetches leaves out the steps that only fetch what a later one fetches as well, as
// one does so that they aren't fetched again for each change: they are in the cache.
func (s *stage) dropFetches(t *toolCache) {
	builds := s.inPlace()
	for i, at := range builds {
		later := slices.ContainsFunc(builds[i+1:], func(o layerBuild) bool { return t.uses(o.build) && !t.onlyFetches(o.build) })
		if !later || !t.onlyFetches(at.build) {
			continue
		}
		s.c.note(at.line, Changed, "%s has a cache, so that nothing need be fetched before the sources are there", t.name)
		l := &s.out.Layers[at.layer]
		comments := l.Comments
		*l = draft.Layer{}
		s.hand(at.layer, comments)
	}
	s.out.Layers = slices.DeleteFunc(s.out.Layers, func(l draft.Layer) bool { return l.Build == nil && l.Files == nil && l.Packages == nil })
	s.joinFiles()
}

// hand gives comments of a layer that goes to the next one.
func (s *stage) hand(gone int, comments []string) {
	for i := gone + 1; i < len(s.out.Layers); i++ {
		l := &s.out.Layers[i]
		switch {
		case l.Build != nil || l.Packages != nil:
			l.Comments = append(slices.Clone(comments), l.Comments...)
			return
		case len(l.Files) > 0:
			l.Files[0].Comments = append(slices.Clone(comments), l.Files[0].Comments...)
			return
		}
	}
}

// onlyFetches reports whether a build does nothing but to fetch.
func (t *toolCache) onlyFetches(b *draft.Build) bool {
	lines := commandsOf(b)
	return len(lines) > 0 && !slices.ContainsFunc(lines, func(line string) bool { return !t.is(t.fetches, line) && !strings.HasPrefix(line, "set -") }) && StopsAnyway(b.Run)
}

// joinFiles makes files layers that stand side by side one, without what a later entry of
// the whole context has as well.
func (s *stage) joinFiles() {
	var out []draft.Layer
	for _, l := range s.out.Layers {
		if n := len(out); l.Files != nil && n > 0 && out[n-1].Files != nil && out[n-1].Name == "" && len(out[n-1].Comments)+len(l.Comments) == 0 {
			out[n-1].Files = append(out[n-1].Files, l.Files...)
			continue
		}
		out = append(out, l)
	}
	for i := range out {
		out[i].Files = withoutCovered(out[i].Files)
	}
	s.out.Layers = out
}
