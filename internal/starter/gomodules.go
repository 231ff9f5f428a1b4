// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"fmt"
	buildtag "go/build/constraint"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// goModules are the modules below that at the top.
type goModules struct {
	// all are the directories of those that are there.
	all []string
	// workspace are those whose packages can be compiled with the one at the top, and needed
	// those that it can't be compiled without.
	workspace, needed []string
}

// goModules sees which other modules a project has, and which of them count for the one of a
// go.mod.
func (p *project) goModules(mod string) (goModules, error) {
	var m goModules
	for _, file := range p.files {
		if path.Base(file) == "go.mod" && file != "go.mod" {
			m.all = append(m.all, path.Dir(file))
		}
	}
	var replaced []*modfile.Replace
	if own, err := modfile.Parse("go.mod", []byte(mod), nil); err == nil { // a newer Go may know more
		replaced = own.Replace
	}
	if p.has("go.work") {
		text, err := p.read("go.work")
		if err != nil {
			return m, err
		}
		work, err := modfile.ParseWork("go.work", []byte(text), nil)
		if err != nil {
			return m, fmt.Errorf("read go.work: %w", err)
		}
		for _, use := range work.Use {
			m.workspace = append(m.workspace, p.goDirectory("go.work", use.Path)...)
		}
		replaced = slices.Concat(replaced, work.Replace)
	}
	m.needed = slices.Clone(m.workspace)
	for _, r := range replaced {
		if r.New.Version == "" {
			m.needed = append(m.needed, p.goDirectory("go.mod", r.New.Path)...)
		}
	}
	slices.Sort(m.needed)
	m.needed = slices.Compact(m.needed)
	return m, nil
}

// goDirectory is the directory of another module; none for that at the top, and for one that
// isn't in the project.
func (p *project) goDirectory(file, dir string) []string {
	switch clean := path.Clean(dir); {
	case clean == ".":
		return nil
	case path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../"):
		p.note("%s: the module in %s isn't in this directory, and so not in the build context: run init in one that has both", file, dir)
		return nil
	default:
		return []string{clean}
	}
}

// leaveOut reports whether a file is of a module that can't be compiled with the one at the
// top.
func (m goModules) leaveOut(file string) bool {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if slices.Contains(m.all, dir) {
			return !slices.Contains(m.workspace, dir)
		}
	}
	return false
}

// isCompiled reports whether a file is one for Linux that is compiled without tags.
func isCompiled(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "package ") {
			break
		}
		if expr, err := buildtag.Parse(line); err == nil && !expr.Eval(isGoTag) {
			return false
		}
	}
	return true
}

// isGoTag reports whether a build tag holds in an image: one for a version of Go may.
func isGoTag(tag string) bool {
	return strings.HasPrefix(tag, "go1.") || slices.Contains([]string{"linux", "unix", "amd64", "arm64", "gc", "cgo"}, tag)
}
