// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// goPage is the data of templates/go.yaml.
type goPage struct {
	service
	Version string
	Name    string
	// Source is what the compiler needs, and Command how it is called.
	Source  []string
	Command string
	// Cgo says that C is compiled, so that the program needs a C library.
	Cgo bool
}

func goRuntime() runtime {
	return runtime{name: "Go", def: "1.26"}
}

func writeGo(p *project) (page, error) {
	text, err := p.read("go.mod")
	if err != nil {
		return page{}, err
	}
	mod, err := modfile.ParseLax("go.mod", []byte(text), nil)
	if err != nil {
		return page{}, fmt.Errorf("read go.mod: %w", err)
	}
	d := goPage{Version: p.goVersion(mod), Name: p.name}
	if mod.Module != nil {
		d.Name = safeName(moduleName(mod.Module.Mod.Path))
	}
	files := p.sources(".go")
	modules, err := p.goModules(text)
	if err != nil {
		return page{}, err
	}
	pkg, err := p.goPackage(slices.DeleteFunc(slices.Clone(files), modules.leaveOut), d.Name)
	if err != nil {
		return page{}, err
	}
	if pkg != "." {
		d.Name = safeName(pkg)
	}
	tags := ""
	d.Source = p.goSource(files, modules)
	for _, file := range files {
		text, err := p.read(file)
		if err != nil {
			continue
		}
		d.Cgo = d.Cgo || regexp.MustCompile(`(?m)^\s*(?:import\s+)?"C"$`).MatchString(text)
		if strings.Contains(text, "time.LoadLocation(") {
			tags = " -tags=timetzdata"
		}
	}
	d.Command = fmt.Sprintf(`go build -trimpath -ldflags="-s -w"%s -o /out/%s %s`, tags, d.Name, shell(pkg))
	for _, r := range mod.Require {
		if slices.Contains([]string{"github.com/mattn/go-sqlite3", "github.com/confluentinc/confluent-kafka-go/v2"}, r.Mod.Path) {
			d.Cgo = true
		}
	}
	d.service = p.service(files)
	d.tell(p)
	d.Try, d.File = []string{"/usr/local/bin/" + d.Name, "--help"}, "/usr/local/bin/"+d.Name
	if d.Cgo {
		p.note("C is compiled, too: the base is Debian, as the program needs its C library")
	} else {
		p.note("no C is compiled: the base is scratch, with the certificates of golang:%s", d.Version)
	}
	return page{"go.yaml", d}, nil
}

// goVersion is the release that go.mod asks for, of which images have the newest patch.
func (p *project) goVersion(mod *modfile.File) string {
	if mod.Go == nil {
		return p.version(goRuntime())
	}
	v, _ := parseVersion(mod.Go.Version)
	series := fmt.Sprintf("%d.%d", v[0], v[1])
	p.note("go.mod: Go %s is asked for, golang:%s is taken", mod.Go.Version, series)
	return series
}

// moduleName is the last element of a module's path that is no version.
func moduleName(module string) string {
	base := path.Base(module)
	if regexp.MustCompile(`^v\d+$`).MatchString(base) {
		base = path.Base(path.Dir(module))
	}
	return base
}

// goPackage chooses the command to compile.
func (p *project) goPackage(files []string, name string) (string, error) {
	var all []string
	for _, file := range files {
		text, err := p.read(file)
		if err != nil || !regexp.MustCompile(`(?m)^package main\b`).MatchString(text) || !isCompiled(text) {
			continue
		}
		if dir := path.Dir(file); !slices.Contains(all, dir) {
			all = append(all, dir)
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("go.mod: no package of the module is a command (package main)")
	}
	slices.SortStableFunc(all, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	chosen := all[0]
	for _, dir := range all {
		if path.Base(dir) == name {
			chosen = dir
		}
	}
	if slices.Contains(all, ".") {
		chosen = "."
	}
	if len(all) > 1 {
		p.note("%s is compiled; other commands are in %s: change the package in run, and the entrypoint", goDir(chosen), strings.Join(slices.DeleteFunc(all, func(d string) bool { return d == chosen }), ", "))
	} else {
		p.note("%s: the command", goDir(chosen))
	}
	if chosen == "." {
		return chosen, nil
	}
	return "./" + chosen, nil
}

func goDir(dir string) string {
	if dir == "." {
		return "the package at the top"
	}
	return dir
}

// goSource are the patterns of what the compiler reads.
func (p *project) goSource(files []string, modules goModules) []string {
	all := append([]string{"**/*.go"}, p.present("go.mod", "go.sum", "go.work", "go.work.sum")...)
	for _, dir := range modules.needed {
		all = append(all, p.present(path.Join(dir, "go.mod"), path.Join(dir, "go.sum"))...)
	}
	if p.has("vendor/modules.txt") {
		all = append(all, "vendor")
		p.note("vendor: the modules are there, and not fetched")
	}
	for _, suffix := range []string{".c", ".h", ".s"} {
		if len(p.sources(suffix)) > 0 {
			all = append(all, "**/*"+suffix)
		}
	}
	embedded := regexp.MustCompile(`(?m)^//go:embed\s+(.+)$`)
	for _, file := range files {
		text, err := p.read(file)
		if err != nil {
			continue
		}
		for _, m := range embedded.FindAllStringSubmatch(text, -1) {
			for _, pattern := range strings.Fields(m[1]) {
				pattern = path.Join(path.Dir(file), strings.TrimPrefix(strings.Trim(pattern, "\"`"), "all:"))
				if !slices.Contains(all, pattern) {
					all = append(all, pattern)
					p.note("%s: embeds %s", file, pattern)
				}
			}
		}
	}
	return all
}
