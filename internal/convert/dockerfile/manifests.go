// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
)

// manifestsFirst has npm ci run before the whole context is copied, with what it reads of
// that, so that it doesn't run again for each change of a source.
func (s *stage) manifestsFirst() {
	if s.c.opts.Context == nil {
		return
	}
	for i := 0; i+1 < len(s.out.Layers); i++ {
		files, b := s.out.Layers[i].Files, s.out.Layers[i+1].Build
		if len(files) == 0 || b == nil || b.From != "" || len(b.Mounts) > 0 {
			continue
		}
		last := len(files) - 1
		install, rest, how := s.npmCI(b)
		if install == nil || !isWholeContext(&files[last]) || path.Clean(files[last].Dest) != b.Workdir {
			continue
		}
		line := s.lineOf[b]
		manifests, doubt := npmManifests(s.c.opts.Context, how)
		if doubt != "" {
			s.c.note(line, Doubt, "npm ci stays behind the sources: %s", doubt)
			s.out.Layers[i+1].Comments = append(s.out.Layers[i+1].Comments, "npm ci needn't run again for each change of a source, but "+doubt)
			continue
		}
		s.c.note(line, Changed, "npm ci runs before the sources are copied, with %s, and not again for each change of a source", strings.Join(manifests, ", "))
		s.splitCopy(i, manifests, install, rest)
		i++
	}
}

// isWholeContext reports whether an entry is all of the build context, as it is.
func isWholeContext(e *draft.Entry) bool {
	return len(e.Sources) == 1 && e.Sources[0] == "." && e.From == "" && e.Mode == "" && e.Platform == "" && !e.Extract && !e.Optional && len(e.Include)+len(e.Exclude) == 0
}

// splitCopy puts a command before an entry of files, with some of its files. What else
// the script had runs after it.
func (s *stage) splitCopy(i int, manifests []string, install, rest *draft.Build) {
	copying, running := s.out.Layers[i], s.out.Layers[i+1]
	line, last := s.lineOf[running.Build], len(copying.Files)-1
	all := copying.Files[last]
	some := all
	some.Comments, some.Sources = nil, manifests
	some.Dest = strings.TrimSuffix(some.Dest, "/") + "/"
	if !ignoresModules(s.c.opts.Context) {
		all.Exclude = []string{"node_modules"} // which npm ci makes again
	}
	copying.Files = append(slices.Clone(copying.Files[:last]), some)
	running.Build = install
	s.lineOf[install] = line
	layers := append(slices.Clone(s.out.Layers[:i]), copying, running, draft.Layer{Files: []draft.Entry{all}})
	if rest != nil {
		s.lineOf[rest] = line
		layers = append(layers, draft.Layer{Build: rest})
	}
	s.out.Layers = append(layers, s.out.Layers[i+2:]...)
}

// npmCall is a call of npm ci.
type npmCall struct {
	// withScripts says that packages may run scripts, and withDev that those come that are
	// for development.
	withScripts, withDev bool
}

// npmCI takes npm ci from the beginning of a script; nil where it isn't there, or does
// more.
func (s *stage) npmCI(b *draft.Build) (install, rest *draft.Build, how npmCall) {
	all := s.steps(b)
	if len(all) == 0 {
		return nil, nil, how
	}
	w, ok := words(all[0].stmt, func(string) (string, bool) { return "", false })
	if !ok || len(w) < 2 || w[0] != "npm" || w[1] != "ci" && w[1] != "clean-install" {
		return nil, nil, how
	}
	how = npmCall{withScripts: true, withDev: true}
	for _, flag := range w[2:] {
		name, _, _ := strings.Cut(flag, "=")
		switch {
		case flag == "--ignore-scripts":
			how.withScripts = false
		case slices.Contains([]string{"--production", "--omit=dev", "--only=production", "--only=prod"}, flag):
			how.withDev = false
		case !slices.Contains([]string{
			"--omit", "--no-audit", "--no-fund", "--no-optional", "--legacy-peer-deps", "--force", "--silent", "--quiet", "--no-progress", "--loglevel",
			"--prefer-offline", "--audit", "--fund", "--progress", "--verbose",
		}, name):
			return nil, nil, how
		}
	}
	one := *b
	one.Run = script(all[:1])
	if len(all) > 1 {
		further := *b
		further.Run, further.Cache, further.Env = script(all[1:]), slices.Clone(b.Cache), slices.Clone(b.Env)
		rest = &further
	}
	return &one, rest, how
}

// npmPackage is what of package.json lets npm ci read other files.
type npmPackage struct {
	Scripts    map[string]string
	Workspaces json.RawMessage
}

// npmLock is what of package-lock.json lets npm ci read other files.
type npmLock struct {
	LockfileVersion int
	Packages        map[string]struct {
		Link, Dev, HasInstallScript bool
		Resolved                    string
		OS                          []string
	}
}

// npmManifests are the files of a context that npm ci reads, if these are all, or else
// why that isn't certain.
func npmManifests(context fs.FS, how npmCall) (files []string, doubt string) {
	var p npmPackage
	var lock npmLock
	files = []string{"package.json", "package-lock.json"}
	if there(context, "npm-shrinkwrap.json") {
		files[1] = "npm-shrinkwrap.json"
	}
	if !readJSON(context, files[0], &p) || !readJSON(context, files[1], &lock) {
		return nil, files[0] + " and " + files[1] + " can't both be read in the build context"
	}
	if there(context, ".npmrc") {
		if files = append(files, ".npmrc"); !plainNpmrc(context) {
			return nil, "it isn't known what its .npmrc has it read"
		}
	}
	switch {
	case len(p.Workspaces) > 0:
		return nil, "package.json has workspaces"
	case how.withScripts && lock.LockfileVersion < 2:
		return nil, files[1] + " doesn't say which packages have scripts, which may read the sources"
	case how.withScripts && there(context, "binding.gyp"):
		return nil, "it compiles binding.gyp"
	}
	for _, name := range []string{"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare", "dependencies"} {
		if p.Scripts[name] != "" && how.withScripts {
			return nil, "package.json has a script " + name + ", which may read the sources"
		}
	}
	return files, lock.reads(how)
}

// modules is where npm puts packages.
const modules = "node_modules/"

// reads says which package may have npm ci read more than the manifests; empty for none.
func (l *npmLock) reads(how npmCall) string {
	for _, key := range slices.Sorted(maps.Keys(l.Packages)) {
		one, name := l.Packages[key], key
		if i := strings.LastIndex(key, modules); i >= 0 {
			name = key[i+len(modules):]
		}
		onLinux := len(one.OS) == 0 || slices.Contains(one.OS, "linux") || strings.HasPrefix(one.OS[0], "!")
		switch {
		case one.Link || strings.HasPrefix(one.Resolved, "file:"):
			return name + " is in the build context"
		case one.Dev && !how.withDev || !how.withScripts || !onLinux:
		case one.HasInstallScript || strings.HasPrefix(one.Resolved, "git"):
			return name + " has scripts, which may read the sources"
		}
	}
	return ""
}

// plainNpmrc reports whether a .npmrc, which is in the context for certain, names no files.
func plainNpmrc(context fs.FS) bool {
	data, err := fs.ReadFile(context, ".npmrc")
	if ignore, _ := fs.ReadFile(context, ".dockerignore"); err != nil || strings.Contains(string(ignore), "npmrc") || strings.Contains(string(ignore), ".*") {
		return false
	}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		key = strings.TrimSpace(key)
		switch {
		case key == "" || strings.HasPrefix(key, "#") || strings.HasPrefix(key, ";"):
		case strings.Contains(value, "$"):
			return false
		case strings.HasSuffix(key, ":registry") || strings.HasSuffix(key, ":_authToken"):
		case !slices.Contains([]string{
			"registry", "legacy-peer-deps", "engine-strict", "audit", "fund", "save-exact", "save-prefix", "loglevel", "progress", "update-notifier", "tag-version-prefix",
			"strict-peer-deps", "strict-ssl", "fetch-retries", "fetch-timeout", "always-auth", "package-lock", "ignore-scripts", "message",
		}, key):
			return false
		}
	}
	return true
}

func readJSON(context fs.FS, name string, into any) bool {
	data, err := fs.ReadFile(context, name)
	return err == nil && json.Unmarshal(data, into) == nil
}

func there(context fs.FS, name string) bool {
	_, err := fs.Stat(context, name)
	return err == nil
}

// ignoresModules reports whether a context's node_modules is left out of it.
func ignoresModules(context fs.FS) bool {
	data, err := fs.ReadFile(context, ".dockerignore")
	if err != nil || strings.Contains(string(data), "!") {
		return false
	}
	return slices.ContainsFunc(strings.Split(string(data), "\n"), func(line string) bool {
		return slices.Contains([]string{"node_modules", "**/node_modules"}, strings.Trim(strings.TrimSpace(line), "/"))
	})
}
