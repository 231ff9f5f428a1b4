// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// nodePage is the data of templates/node.yaml and templates/website.yaml.
type nodePage struct {
	service
	nodePackages
	Version string
	// Entry starts the program.
	Entry []string
	// Files are what the program needs at run time, besides its packages.
	Files []string
	// Build is the command that makes Made, a directory; empty for none. It needs
	// BuildFiles.
	Build      string
	Made       string
	BuildFiles []string
}

// packageJSON is what is read of a package.json.
type packageJSON struct {
	Name           string            `json:"name"`
	Main           string            `json:"main"`
	Bin            json.RawMessage   `json:"bin"`
	PackageManager string            `json:"packageManager"`
	Scripts        map[string]string `json:"scripts"`
	Engines        map[string]string `json:"engines"`
	Volta          map[string]any    `json:"volta"`
	Workspaces     json.RawMessage   `json:"workspaces"`
	Dependencies   map[string]string `json:"dependencies"`
	Optional       map[string]string `json:"optionalDependencies"`
	Dev            map[string]string `json:"devDependencies"`
}

func nodeRuntime() runtime {
	return runtime{name: "Node", def: "24", known: []string{"22", "20", "26", "18", "16"}}
}

func writeNode(p *project) (page, error) {
	var pkg packageJSON
	if err := p.readJSON("package.json", &pkg); err != nil {
		return page{}, err
	}
	volta, _ := pkg.Volta["node"].(string)
	d := nodePage{Version: p.version(nodeRuntime(),
		pin{".nvmrc", p.word(".nvmrc"), exact}, pin{".node-version", p.word(".node-version"), exact},
		pin{".tool-versions", p.toolVersion("nodejs"), exact}, pin{"package.json", volta, exact},
		pin{"package.json", pkg.Engines["node"], ranged})}
	d.nodePackages = p.nodePackages(pkg)
	d.build(p, pkg)
	if d.Build != "" && pkg.website() {
		return d.website(p, pkg)
	}
	d.Entry = p.nodeEntry(pkg)
	d.Files = p.shipped(append(d.Manifests, "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "node_modules", "tsconfig.json", "jsconfig.json", d.Made)...)
	if d.Made != "" && slices.Contains(d.Files, "src") {
		d.Files = slices.DeleteFunc(d.Files, func(name string) bool { return name == "src" })
		p.note("src: not put into the image, as %s is made from it", d.Made)
	}
	d.Files = append([]string{"package.json"}, d.Files...)
	files := p.sources(".js", ".mjs", ".cjs", ".ts", ".mts")
	d.service = p.service(files)
	if pkg.has("next") && d.serves(3000) {
		d.Path = "/"
		p.note("package.json: Next.js listens on port 3000")
	}
	d.tell(p)
	d.Try, d.File = append(slices.Clone(d.Entry), "--help"), "/app/package.json"
	return page{"node.yaml", d}, nil
}

// toolVersion is a tool's version in .tool-versions of asdf and mise.
func (p *project) toolVersion(tool string) string {
	text, err := p.read(".tool-versions")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == tool {
			return words[1]
		}
	}
	return ""
}

// has reports whether a package is among the dependencies of any kind.
func (pkg packageJSON) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, ok := pkg.Dependencies[name]
		_, dev := pkg.Dev[name]
		return ok || dev
	})
}

// website reports whether the build makes files that any web server serves.
func (pkg packageJSON) website() bool {
	if pkg.has("next", "nuxt", "@remix-run/node", "@sveltejs/adapter-node", "@astrojs/node", "express", "fastify", "koa", "@nestjs/core", "hono") {
		return false
	}
	return pkg.has("vite", "react-scripts", "@vue/cli-service", "@angular/cli", "astro", "gatsby", "@11ty/eleventy", "parcel", "vitepress", "@docusaurus/core")
}

// build sees how the program is made from its sources, and where it goes.
func (d *nodePage) build(p *project, pkg packageJSON) {
	if pkg.Scripts["build"] == "" {
		return
	}
	d.Build = d.Run + " build"
	d.Made = cmp.Or(pkg.made(), "dist")
	d.BuildFiles = append(slices.Clone(d.Manifests), p.buildFiles(d.Manifests)...)
	p.note("package.json: %q makes %s", d.Build, d.Made)
}

// buildFiles are the sources that a build command may read.
func (p *project) buildFiles(but []string) []string {
	var all []string
	quiet := &project{fsys: p.fsys}
	for _, name := range append(quiet.shipped(but...), p.present(".babelrc", ".browserslistrc", ".swcrc", ".eleventy.js")...) {
		if !slices.Contains([]string{"dist", "build", "out", ".next", "package-lock.json", "yarn.lock", "pnpm-lock.yaml"}, name) {
			all = append(all, name)
		}
	}
	return all
}

// made is the directory that the build makes.
func (pkg packageJSON) made() string {
	script := pkg.Scripts["build"]
	if m := regexp.MustCompile(`--(?:outDir|outdir|out-dir|output-path|dist-dir|output)[ =]([\w./-]+)`).FindStringSubmatch(script); m != nil {
		return path.Clean(m[1])
	}
	switch {
	case pkg.has("next"):
		return ".next"
	case pkg.has("nuxt"):
		return ".output"
	case pkg.has("react-scripts", "@docusaurus/core", "@sveltejs/kit"):
		return "build"
	case pkg.has("gatsby"):
		return "public"
	case pkg.has("@11ty/eleventy"):
		return "_site"
	}
	for _, file := range append([]string{pkg.Main}, strings.Fields(pkg.Scripts[pkg.start()])...) {
		if dir, _, ok := strings.Cut(path.Clean(file), "/"); ok && slices.Contains([]string{"dist", "build", "out", "lib"}, dir) {
			return dir
		}
	}
	return ""
}

// website makes files that nginx serves.
func (d nodePage) website(p *project, pkg packageJSON) (page, error) {
	p.note("package.json: a web site, served by nginx on port 8080")
	if pkg.has("@angular/cli") {
		p.note("Angular puts the site into a directory below dist: set the source of outputs")
	}
	d.service = service{Listens: true, Port: 8080, Path: "/"}
	return page{"website.yaml", d}, nil
}

// start is the script that starts the program: start itself is often for who works on it
// where there is another one for production, as Nest makes them.
func (pkg packageJSON) start() string {
	for _, name := range []string{"start:prod", "start:production"} {
		if pkg.Scripts[name] != "" {
			return name
		}
	}
	return "start"
}

// nodeEntry is the command that starts the program.
func (p *project) nodeEntry(pkg packageJSON) []string {
	name := pkg.start()
	start := pkg.Scripts[name]
	words := strings.Fields(start)
	byNPM := []string{"npm", "run", name}
	if name == "start" {
		byNPM = []string{"npm", "start"}
	}
	switch {
	case start != "" && strings.ContainsAny(start, "&|;<>$`\"'()\\*"):
		p.note("package.json: the script %s needs a shell, npm runs it", name)
		return byNPM
	case len(words) > 1 && words[0] == "node":
		p.note("package.json: %q starts it", start)
		return words
	case len(words) > 0 && !strings.Contains(words[0], "="):
		p.note("package.json: %q starts it", start)
		return append([]string{"/app/node_modules/.bin/" + words[0]}, words[1:]...)
	case start != "":
		p.note("package.json: the script %s needs a shell, npm runs it", name)
		return byNPM
	}
	if file := cmp.Or(p.binOf(pkg), pkg.Main, p.first("server.js", "index.js", "app.js", "main.js", "src/server.js", "src/index.js", "src/app.js", "src/main.js", "index.mjs", "server.mjs")); file != "" {
		p.note("%s: the program", path.Clean(file))
		return []string{"node", path.Clean(file)}
	}
	p.note("no file is clearly the program: index.js is taken, set entrypoint")
	return []string{"node", "index.js"}
}

// binOf is the only program that a package installs.
func (p *project) binOf(pkg packageJSON) string {
	var one string
	if json.Unmarshal(pkg.Bin, &one) == nil {
		return one
	}
	var all map[string]string
	if json.Unmarshal(pkg.Bin, &all) == nil && len(all) == 1 {
		for _, file := range all {
			return file
		}
	}
	return ""
}

// nodePackages is how the packages of a project are installed.
type nodePackages struct {
	// Caches are the names of the package manager's caches.
	Caches []string
	// Manifests are the files that say which packages; Patterns select those of
	// workspaces, too.
	Manifests []string
	Patterns  []string
	// Prepare gets the package manager; Install installs all packages, Production
	// those that the program needs. They are empty where there are none.
	Prepare, Install, Production string
	// Run runs a script of the package.
	Run string
	Env map[string]string
}

// nodePackages sees which package manager a project uses.
func (p *project) nodePackages(pkg packageJSON) nodePackages {
	manager, version, _ := strings.Cut(pkg.PackageManager, "@")
	version, _, _ = strings.Cut(version, "+")
	lock := p.first("pnpm-lock.yaml", "yarn.lock", "package-lock.json", "npm-shrinkwrap.json")
	if len(p.present("pnpm-lock.yaml", "yarn.lock", "package-lock.json")) > 1 {
		p.note("several lock files: %s is taken", cmp.Or(manager, lock))
	}
	if manager == "" {
		manager = map[string]string{"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn"}[lock]
	}
	var n nodePackages
	switch manager {
	case "pnpm":
		n = p.pnpm(version)
	case "yarn":
		n = p.yarn(version)
	default:
		n = p.npm(pkg)
	}
	if len(pkg.Dependencies)+len(pkg.Optional) == 0 && pkg.Workspaces == nil {
		n.Production = ""
		if len(pkg.Dev) == 0 {
			n.Install = ""
			p.note("package.json: no packages")
		}
	}
	if program, _, _ := strings.Cut(pkg.Scripts[pkg.start()], " "); n.Production != "" || n.Install != "" {
		if _, ok := pkg.Dev[program]; ok {
			n.Production = n.Install
			p.note("package.json: the program is started by %s, so that packages of devDependencies are in the image", program)
		}
	}
	n.withoutPrepare(p, pkg)
	n.Manifests = append([]string{"package.json"}, n.Manifests...)
	n.Manifests = append(n.Manifests, p.present(".npmrc")...)
	for _, pattern := range p.workspaces(pkg) {
		n.Patterns = append(n.Patterns, path.Join(pattern, "package.json"))
	}
	if n.Patterns != nil {
		p.note("a workspace: check that the packages of its members that the program needs are in outputs")
		n.Patterns = append(slices.Clone(n.Manifests), n.Patterns...)
	}
	return n
}

// withoutPrepare installs packages without the project's own script prepare, which package
// managers run then: it is for who works on the project, and what it needs isn't there.
func (n *nodePackages) withoutPrepare(p *project, pkg packageJSON) {
	const drop = "npm pkg delete scripts.prepare\n"
	if n.Install == "" && n.Production == "" {
		return
	}
	for _, name := range []string{"preinstall", "install", "postinstall"} {
		if pkg.Scripts[name] != "" {
			p.note("package.json: the script %s runs when packages are installed: what it reads besides the manifests has to be in the sources of those steps", name)
		}
	}
	if pkg.Scripts["prepare"] == "" {
		return
	}
	p.noteWithoutPrepare()
	if n.Install != "" {
		n.Install = drop + n.Install
	}
	if n.Production != "" {
		n.Production = drop + n.Production
	}
}

func (p *project) noteWithoutPrepare() {
	p.note("package.json: the script prepare isn't run when packages are installed: there are neither sources nor, of the program's own packages, its tools")
}

func (p *project) npm(pkg packageJSON) nodePackages {
	lock := p.first("npm-shrinkwrap.json", "package-lock.json")
	n := nodePackages{Caches: []string{"npm"}, Install: "npm ci", Production: "npm ci --omit=dev", Run: "npm run"}
	if lock == "" {
		n.Install, n.Production = "npm install", "npm install --omit=dev"
		if len(pkg.Dependencies)+len(pkg.Optional)+len(pkg.Dev) == 0 {
			return n
		}
		p.note("package.json: no lock file, so that versions are chosen when it is built; commit a package-lock.json")
		return n
	}
	p.note("%s: npm", lock)
	n.Manifests = []string{lock}
	return n
}

func (p *project) yarn(version string) nodePackages {
	n := nodePackages{Caches: []string{"yarn"}, Manifests: p.present("yarn.lock", ".yarnrc", ".yarnrc.yml", ".yarn/releases", ".yarn/patches", ".yarn/plugins"), Run: "yarn run"}
	text, _ := p.read("yarn.lock")
	major, _ := parseVersion(version)
	if major[0] < 2 && !strings.Contains(text, "__metadata:") && !p.has(".yarnrc.yml") {
		p.note("yarn.lock: Yarn 1")
		n.Install, n.Production = "yarn install --frozen-lockfile", "yarn install --frozen-lockfile --production"
		return n
	}
	p.note("yarn.lock: Yarn %s, with packages in node_modules", cmp.Or(version, "of today"))
	n.Install, n.Production = "yarn install --immutable", "yarn workspaces focus --all --production"
	n.Env = map[string]string{"YARN_NODE_LINKER": "node-modules"}
	if rc, _ := p.read(".yarnrc.yml"); !strings.Contains(rc, "yarnPath:") {
		n.Prepare = "npm install --global corepack\ncorepack enable"
		n.Caches = append(n.Caches, "npm")
	}
	return n
}

func (p *project) pnpm(version string) nodePackages {
	n := nodePackages{Caches: []string{"pnpm", "npm"}, Manifests: p.present("pnpm-lock.yaml", "pnpm-workspace.yaml", ".pnpmfile.cjs", "patches"), Run: "pnpm run"}
	n.Install, n.Production = "pnpm install --frozen-lockfile", "pnpm install --frozen-lockfile --prod"
	if version == "" {
		text, _ := p.read("pnpm-lock.yaml")
		form := regexp.MustCompile(`(?m)^lockfileVersion: ['"]?(\d+)`).FindStringSubmatch(text)
		version = "10"
		if form != nil {
			version = cmp.Or(map[string]string{"5": "7", "6": "8"}[form[1]], version)
		}
	}
	p.note("pnpm-lock.yaml: pnpm %s", version)
	n.Prepare = fmt.Sprintf("npm install --global pnpm@%s", shell(version))
	return n
}

// workspaces are the directories of a workspace's members, as patterns.
func (p *project) workspaces(pkg packageJSON) []string {
	var all []string
	if json.Unmarshal(pkg.Workspaces, &all) == nil {
		return all
	}
	var named struct {
		Packages []string `json:"packages"`
	}
	if json.Unmarshal(pkg.Workspaces, &named) == nil && named.Packages != nil {
		return named.Packages
	}
	text, _ := p.read("pnpm-workspace.yaml")
	_, text, _ = strings.Cut(text, "packages:")
	for _, m := range regexp.MustCompile(`(?m)^\s+-\s+['"]?([^'"\s!]+)`).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}
