// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package starter writes the first build file of a project.
//
// A [Template] is for one kind of project: it knows the files that show the kind,
// reads versions and the entry point from the project's own files, and fills the
// build file in templates/. What a project doesn't say has a default, and
// what was decided is a note.
package starter

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Draft is a first build file.
type Draft struct {
	BuildFile []byte
	// Notes say what was seen and decided, and why; a line each.
	Notes []string
}

// Template writes the build file of one kind of project.
type Template struct {
	// Name is what a user chooses it by.
	Name string
	// Marks are the files at the top of a directory that show the kind; patterns as
	// of [path.Match].
	Marks []string
	write func(*project) (page, error)
}

// page is the data of a file in templates/.
type page struct {
	file string
	data any
}

// Templates are all kinds. Of several that fit, the first one is taken: a package.json
// beside sources of a server is more often its tool than the other way round.
func Templates() []Template {
	return []Template{
		{"go", []string{"go.mod"}, writeGo},
		{"rust", []string{"Cargo.toml"}, writeRust},
		{"maven", []string{"pom.xml"}, writeMaven},
		{"gradle", []string{"build.gradle", "build.gradle.kts"}, writeGradle},
		{"dotnet", []string{"*.csproj", "*.fsproj", "*.vbproj", "*.sln", "*.slnx"}, writeDotnet},
		{"php", []string{"composer.json", "index.php"}, writePHP},
		{"ruby", []string{"Gemfile"}, writeRuby},
		{"python", []string{"pyproject.toml", "requirements.txt", "setup.py", "Pipfile", "manage.py"}, writePython},
		{"deno", []string{"deno.json", "deno.jsonc", "deno.lock"}, writeDeno},
		{"bun", []string{"bun.lock", "bun.lockb"}, writeBun},
		{"node", []string{"package.json"}, writeNode},
		{"static", staticMarks(), writeStatic},
	}
}

// Found is a template that fits a directory.
type Found struct {
	Template Template
	// Mark is the file that shows the kind.
	Mark string
}

// mark is the first file that shows the kind, or empty.
func (t Template) mark(fsys fs.FS) (string, error) {
	for _, mark := range t.Marks {
		names, err := fs.Glob(fsys, mark)
		if err != nil {
			return "", fmt.Errorf("look for %s: %w", mark, err)
		}
		if len(names) > 0 {
			return names[0], nil
		}
	}
	return "", nil
}

// Find gives the templates that fit a directory, the one to take first.
func Find(fsys fs.FS) ([]Found, error) {
	var all []Found
	for _, t := range Templates() {
		mark, err := t.mark(fsys)
		if err != nil {
			return nil, err
		}
		if mark != "" {
			all = append(all, Found{t, mark})
		}
	}
	return all, nil
}

// Named is the template of a name.
func Named(name string) (Template, bool) {
	all := Templates()
	i := slices.IndexFunc(all, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return all[i], true
}

// Write writes the first build file of the project in a directory. The name is that
// of the directory, for programs that have no other one.
func (t Template) Write(fsys fs.FS, name string) (Draft, error) {
	if mark, err := t.mark(fsys); err != nil || mark == "" {
		return Draft{}, errors.Join(err, fmt.Errorf("none of its files is there: %s", strings.Join(t.Marks, ", ")))
	}
	p, err := newProject(fsys, safeName(name))
	if err != nil {
		return Draft{}, err
	}
	page, err := t.write(p)
	if err != nil {
		return Draft{}, err
	}
	text, err := page.render()
	if err != nil {
		return Draft{}, fmt.Errorf("fill template %s: %w", t.Name, err)
	}
	return Draft{BuildFile: text, Notes: p.notes}, nil
}

// safeName is a name that is one word everywhere: in paths, in YAML and in scripts.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)) {
			return r
		}
		return '-'
	}, path.Base(name))
	if name = strings.Trim(name, ".-"); name == "" {
		return "app"
	}
	return name
}
