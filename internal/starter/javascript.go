// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// denoPage is the data of templates/deno.yaml.
type denoPage struct {
	service
	Version string
	// Manifests say which modules; there may be none.
	Manifests []string
	// Entry is the file that is run.
	Entry string
	Files []string
}

func writeDeno(p *project) (page, error) {
	d := denoPage{Version: p.version(runtime{name: "Deno", def: "2.7.6"}, pin{".deno-version", p.word(".deno-version"), exact},
		pin{".dvmrc", p.word(".dvmrc"), exact}, pin{".tool-versions", p.toolVersion("deno"), exact})}
	d.Manifests = p.present("deno.json", "deno.jsonc", "deno.lock", "package.json")
	text, err := p.read(cmp.Or(p.first("deno.json", "deno.jsonc"), "deno.json"))
	if err != nil {
		return page{}, err
	}
	d.Entry = firstGroup(`"(?:start|serve|main)"\s*:\s*"deno (?:run|serve)[^"]*?\s((?:\./)?[\w./-]+\.[mc]?[jt]sx?)`, text)
	d.Entry = cmp.Or(strings.TrimPrefix(d.Entry, "./"), p.first("main.ts", "mod.ts", "server.ts", "app.ts", "index.ts", "main.js", "src/main.ts"), "main.ts")
	p.note("%s: the program", d.Entry)
	files := p.sources(".ts", ".tsx", ".js", ".mjs")
	d.service = p.service(files)
	if strings.Contains(p.all(files), "Deno.serve(") && d.serves(8000) {
		p.note("Deno.serve listens on port 8000")
	}
	d.tell(p)
	d.Files = append(d.Manifests, p.shipped(append(d.Manifests, "node_modules")...)...)
	d.Try, d.File = []string{"deno", "run", "--cached-only", "--allow-net", "--allow-read", "--allow-env", d.Entry, "--help"}, "/app/"+d.Entry
	return page{"deno.yaml", d}, nil
}

// bunPage is the data of templates/bun.yaml.
type bunPage struct {
	service
	Version   string
	Manifests []string
	// Patterns select the manifests, where members of a workspace have some, too.
	Patterns []string
	// Prepare changes the manifest before packages are installed; empty for nothing.
	Prepare string
	Entry   string
	Files   []string
}

// withoutPrepare drops the script that Bun would run, as npm does.
const withoutPrepare = `bun -e 'const p = await Bun.file("package.json").json(); delete p.scripts.prepare; await Bun.write("package.json", JSON.stringify(p))'`

func writeBun(p *project) (page, error) {
	var pkg packageJSON
	if err := p.readJSON("package.json", &pkg); err != nil {
		return page{}, err
	}
	_, version, _ := strings.Cut(pkg.PackageManager, "bun@")
	d := bunPage{Version: p.version(runtime{name: "Bun", def: "1"}, pin{".bun-version", p.word(".bun-version"), exact}, pin{"package.json", version, exact})}
	d.Manifests = p.present("package.json", "bun.lock", "bun.lockb", "bunfig.toml")
	for _, pattern := range p.workspaces(pkg) {
		d.Patterns = append(d.Patterns, path.Join(pattern, "package.json"))
	}
	if pkg.Scripts["prepare"] != "" {
		d.Prepare = withoutPrepare
		p.noteWithoutPrepare()
	}
	if d.Patterns != nil {
		p.note("a workspace: check that the packages of its members that the program needs are in outputs")
		d.Patterns = append(slices.Clone(d.Manifests), d.Patterns...)
	}
	d.Entry = cmp.Or(firstGroup(`^bun (?:run )?(\S+\.[mc]?[jt]sx?)$`, pkg.Scripts["start"]), pkg.Main, moduleOf(p),
		p.first("index.ts", "server.ts", "src/index.ts", "src/server.ts", "main.ts", "index.js"), "index.ts")
	d.Entry = path.Clean(d.Entry)
	p.note("%s: the program", d.Entry)
	files := p.sources(".ts", ".tsx", ".js", ".mjs")
	d.service = p.service(files)
	if strings.Contains(p.all(files), "Bun.serve(") && d.serves(3000) {
		p.note("Bun.serve listens on port 3000")
	}
	d.tell(p)
	d.Files = append(d.Manifests, p.shipped(append(d.Manifests, "node_modules")...)...)
	d.Try, d.File = []string{"bun", "run", d.Entry, "--help"}, "/app/"+d.Entry
	return page{"bun.yaml", d}, nil
}

// moduleOf is the entry "module" of a package.json.
func moduleOf(p *project) string {
	text, _ := p.read("package.json")
	var m struct {
		Module string `json:"module"`
	}
	if json.Unmarshal([]byte(text), &m) != nil {
		return ""
	}
	return m.Module
}
