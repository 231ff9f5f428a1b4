// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	// maxFile is how many bytes of a file are read.
	maxFile = 1 << 20
	// maxFiles is how many files of a project are looked at.
	maxFiles = 20_000
)

// project is a directory that is looked at.
type project struct {
	fsys fs.FS
	// name is the directory's.
	name string
	// files are the paths of its files, in order, without those of tools.
	files []string
	notes []string
}

func newProject(fsys fs.FS, name string) (*project, error) {
	p := &project{fsys: fsys, name: name}
	err := fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && file == ".":
			return err
		case err != nil:
			return nil // what can't be read says nothing
		case d.IsDir() && file != "." && (isToolDir(d.Name()) || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.Type().IsRegular():
			p.files = append(p.files, file)
		}
		if len(p.files) >= maxFiles {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at directory: %w", err)
	}
	return p, nil
}

// isToolDir reports whether a directory holds what a tool made or fetched.
func isToolDir(name string) bool {
	return slices.Contains([]string{"node_modules", "vendor", "target", "__pycache__", "venv", "bower_components"}, name)
}

// note tells what was seen in a file, or decided.
func (p *project) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// has reports whether a file or a directory is there.
func (p *project) has(name string) bool {
	_, err := fs.Stat(p.fsys, name)
	return err == nil
}

// first is the first of some files that is there, or empty.
func (p *project) first(names ...string) string {
	for _, name := range names {
		if p.has(name) {
			return name
		}
	}
	return ""
}

// present are those of some files that are there.
func (p *project) present(names ...string) []string {
	var all []string
	for _, name := range names {
		if p.has(name) {
			all = append(all, name)
		}
	}
	return all
}

// read gives the text of a file, empty if there is none.
func (p *project) read(name string) (string, error) {
	fi, err := fs.Stat(p.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read file: %w", err)
	}
	if !fi.Mode().IsRegular() { // which opening might wait for
		return "", fmt.Errorf("read %s: it is not a plain file", name)
	}
	f, err := p.fsys.Open(name)
	if err != nil {
		return "", fmt.Errorf("read file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > maxFile {
		return "", fmt.Errorf("read %s: it has more than %d bytes", name, maxFile)
	}
	return strings.TrimPrefix(string(data), "\ufeff"), nil
}

// word is the first word of a file that holds nothing but one, such as .nvmrc.
func (p *project) word(name string) string {
	text, err := p.read(name)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 0 {
			return words[0]
		}
	}
	return ""
}

// readJSON reads a file into a value; one that isn't there leaves it as it is. A value of
// another kind than is wanted says nothing: PHP writes an empty map as [], and npm passes
// over what it doesn't know.
func (p *project) readJSON(name string, to any) error {
	text, err := p.read(name)
	if err != nil || text == "" {
		return err
	}
	err = json.Unmarshal([]byte(text), to)
	if other := new(json.UnmarshalTypeError); errors.As(err, &other) && other.Field != "" {
		return nil // the rest is read
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// sources are the files with one of some suffixes, without those that are only for
// tests.
func (p *project) sources(suffixes ...string) []string {
	var all []string
	for _, file := range p.files {
		if slices.Contains(suffixes, path.Ext(file)) && !isForTests(file) {
			all = append(all, file)
		}
	}
	return all
}

func isForTests(file string) bool {
	base := path.Base(file)
	for _, dir := range strings.Split(path.Dir(file), "/") {
		if slices.Contains([]string{"test", "tests", "spec", "__tests__", "testdata", "e2e", "examples", "fixtures"}, dir) {
			return true
		}
	}
	stem := strings.TrimSuffix(base, path.Ext(base))
	return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") ||
		strings.HasSuffix(stem, "_spec") || strings.HasPrefix(base, "test_") || base == "conftest.py"
}

// shipped are the files and directories at the top that belong into an image, and are
// not named by others. What is left out is told.
func (p *project) shipped(but ...string) []string {
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		return nil
	}
	var all, left, secret []string
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, ".") || isToolDir(name):
		case p.isSecret(name):
			secret = append(secret, name)
		case slices.Contains(but, name):
		case isForPeople(name) || !e.IsDir() && !e.Type().IsRegular():
			left = append(left, name)
		default:
			all = append(all, name)
		}
	}
	if len(left) > 0 {
		p.note("%s: not put into the image", strings.Join(left, ", "))
	}
	if len(secret) > 0 {
		p.note("%s: a secret as it seems, and so not put into the image", strings.Join(secret, ", "))
	}
	return all
}

// isSecret reports whether a name is one that keys, and files with logins, usually have. What
// is in PEM may be for everyone.
func (p *project) isSecret(name string) bool {
	switch {
	case slices.Contains([]string{"id_rsa", "id_ecdsa", "id_ed25519", "auth.json", "credentials.json"}, name):
		return true
	case path.Ext(name) == ".pem":
		text, err := p.read(name)
		return err == nil && strings.Contains(text, "PRIVATE KEY-----")
	}
	return slices.Contains([]string{".key", ".p12", ".pfx", ".tfstate"}, path.Ext(strings.TrimSuffix(name, ".backup")))
}

// isForPeople reports whether a name at the top of a project is for those who work on
// it, and not for the program.
func isForPeople(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "README", "LICENSE", "LICENCE", "COPYING", "CHANGELOG", "CONTRIBUTING", "NOTICE", "AUTHORS", "SECURITY", "CODE_OF_CONDUCT",
		"MAKEFILE", "JUSTFILE", "DOCKERFILE", "CONTAINERFILE", "STRATA", "DOCKER-COMPOSE", "COMPOSE", "PROCFILE", "VAGRANTFILE", "JENKINSFILE":
		return true
	}
	return slices.Contains([]string{"test", "tests", "spec", "__tests__", "e2e", "docs", "doc", "coverage", "tmp", "log", "logs", "db.sqlite3"}, name) ||
		isForTests(name)
}
