// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/llb/plan"
)

// MaxSize is the greatest size of a lock, in bytes: some ten thousand packages.
const MaxSize = 16 << 20

// The lock as YAML has it.
type (
	document struct {
		Version      int                                 `yaml:"version"`
		Platforms    []string                            `yaml:"platforms"`
		Images       map[string]imageNode                `yaml:"images"`
		URLs         map[string]urlNode                  `yaml:"urls"`
		Git          map[string]gitNode                  `yaml:"git"`
		Repositories map[string]repository               `yaml:"repositories"`
		Targets      map[string]map[string]*platformNode `yaml:"targets"`
	}
	repository struct {
		Name         string   `yaml:"name"`
		Type         string   `yaml:"type"`
		URIs         []string `yaml:"uris"`
		Suite        string   `yaml:"suite"`
		Components   []string `yaml:"components"`
		Date         string   `yaml:"date"`
		Signers      []string `yaml:"signers"`
		Trusted      bool     `yaml:"trusted"`
		Login        bool     `yaml:"login"`
		Distribution string   `yaml:"distribution"`
	}
	platformNode struct {
		Base       string        `yaml:"base"`
		Like       string        `yaml:"like"`
		Wanted     [][]string    `yaml:"wanted"`
		Recommends bool          `yaml:"recommends"`
		Upgrade    string        `yaml:"upgrade"`
		AllowHeld  bool          `yaml:"allow_held"`
		Manual     []string      `yaml:"manual"`
		Installer  string        `yaml:"installer"`
		Why        string        `yaml:"why"`
		Filters    []string      `yaml:"filters"`
		Conffiles  conffileNode  `yaml:"conffiles"`
		Type       string        `yaml:"type"`
		Packages   []packageNode `yaml:"packages"`
		Present    []packageNode `yaml:"present"`
		Closures   []closureNode `yaml:"closures"`
	}
	// conffileNode are the configuration files of each package.
	conffileNode map[string][]string
	packageNode  struct {
		Name       string `yaml:"name"`
		Version    string `yaml:"version"`
		Arch       string `yaml:"arch"`
		Source     string `yaml:"source"`
		Layer      int    `yaml:"layer"`
		Beside     string `yaml:"beside"`
		Repository string `yaml:"repository"`
		Path       string `yaml:"path"`
		File       string `yaml:"file"`
		From       string `yaml:"from"`
		URL        string `yaml:"url"`
		Size       int64  `yaml:"size"`
		SHA256     string `yaml:"sha256"`
	}
)

// A FormatError is a lock that isn't one.
type FormatError struct {
	// Fault names the file, the line that is wrong, and says why.
	Fault string
}

// Error says what to do.
func (e *FormatError) Error() string { return e.Fault + "; write it again with \"strata lock\"" }

// Read reads a lock. Its errors are FormatErrors.
func Read(name string, data []byte) (*File, error) {
	f, err := read(data)
	if err != nil {
		return nil, &FormatError{Fault: "read " + name + where(data, err)}
	}
	return f, nil
}

func read(data []byte) (*File, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(data), MaxSize)
	}
	var doc document
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, err
	}
	if dec.Decode(&yaml.Node{}) != io.EOF { //nolint:errorlint // the decoder's own
		return nil, errors.New("it has more than one document")
	}
	if doc.Version != Version && doc.Version != withoutSources {
		return nil, in(fmt.Errorf("it has version %d, and this version of Strata knows %d", doc.Version, Version), "version")
	}
	if err := checkTexts(&doc); err != nil {
		return nil, err
	}
	return doc.file()
}

// file is what a document says.
func (d *document) file() (*File, error) {
	sources, err := d.sources()
	if err != nil {
		return nil, err
	}
	for i, name := range d.Platforms {
		if err := checkPlatform(name); err != nil {
			return nil, in(err, "platforms", i)
		}
	}
	f := &File{Older: d.Version == withoutSources, Written: slices.Compact(slices.Sorted(slices.Values(d.Platforms))), Sources: sources}
	for _, id := range slices.Sorted(maps.Keys(d.Repositories)) {
		r := d.Repositories[id]
		date, err := r.check()
		if err != nil {
			return nil, in(fmt.Errorf("repository %q: %w", id, err), "repositories", id)
		}
		f.Repositories = append(f.Repositories, Repository{
			ID: id, Name: r.Name, Type: r.Type, URIs: r.URIs, Suite: r.Suite,
			Components: r.Components, Date: date, Signers: r.Signers, Trusted: r.Trusted, Login: r.Login, Distribution: r.Distribution,
		})
	}
	for _, target := range slices.Sorted(maps.Keys(d.Targets)) {
		t := Target{Name: target}
		for _, name := range slices.Sorted(maps.Keys(d.Targets[target])) {
			p, err := f.platform(name, d.Targets[target][name])
			if err != nil {
				return nil, in(fmt.Errorf("target %s, %s: %w", target, name, err), "targets", target, name)
			}
			t.Platforms = append(t.Platforms, p)
		}
		f.Targets = append(f.Targets, t)
	}
	return f, nil
}

func (f *File) platform(name string, n *platformNode) (Platform, error) {
	p := Platform{Name: name}
	if n == nil {
		return p, nil
	}
	for i, node := range n.Closures {
		c, err := node.closure()
		if err != nil {
			return p, in(err, "closures", i)
		}
		if p.Closure(c.Roots) != nil {
			return p, in(fmt.Errorf("the closure of %s is there twice", c.Roots[0]), "closures", i)
		}
		p.Closures = append(p.Closures, c)
	}
	slices.SortFunc(p.Closures, func(a, b Closure) int { return slices.Compare(a.Roots, b.Roots) })
	if n.Wanted == nil {
		return p, nil
	}
	p.Packages = &Packages{
		Base: n.Base, Like: n.Like, Wanted: n.Wanted, Recommends: n.Recommends, Upgrade: n.Upgrade, AllowHeld: n.AllowHeld, Manual: n.Manual, Conffiles: n.Conffiles.byPath(),
		Type: n.Type, Why: n.Why, Filters: n.Filters, Installer: plan.Installer(n.Installer),
	}
	switch p.Packages.Installer {
	case "":
		p.Packages.Installer = plan.Register
	case plan.Register, plan.Native, plan.Assemble:
	default:
		return p, in(fmt.Errorf("unknown installer %q", n.Installer), "installer")
	}
	if err := n.Conffiles.check(); err != nil {
		return p, in(err, "conffiles")
	}
	var err error
	if p.Packages.Packages, err = f.packages(n, n.Packages); err != nil {
		return p, in(err, "packages")
	}
	if p.Packages.Present, err = f.packages(n, n.Present); err != nil {
		return p, in(err, "present")
	}
	p.Packages.Sort()
	return p, nil
}

// packages reads one of the lists of packages.
func (f *File) packages(n *platformNode, list []packageNode) ([]Package, error) {
	var out []Package
	type named struct{ name, arch string }
	seen := map[named]bool{}
	for i, pkg := range list {
		made := Package{
			Name: pkg.Name, Version: pkg.Version, Arch: pkg.Arch, Source: pkg.Source, Layer: pkg.Layer, Beside: pkg.Beside,
			Repository: pkg.Repository, Path: pkg.Path, File: pkg.File, From: pkg.From, URL: pkg.URL, Size: pkg.Size, SHA256: pkg.SHA256,
		}
		if err := f.check(made, len(n.Wanted)); err != nil {
			return nil, in(fmt.Errorf("package %q: %w", pkg.Name, err), i)
		}
		if made.IsFile() && n.Type == "" {
			return nil, in(fmt.Errorf("package %q: it is a file, and the lock doesn't say of which type", pkg.Name), i)
		}
		key := named{pkg.Name, pkg.Arch}
		if seen[key] {
			return nil, in(fmt.Errorf("package %q is there twice", pkg.Name), i)
		}
		seen[key] = true
		out = append(out, made)
	}
	return out, nil
}

// byPath has the package of each file; nil for none.
func (n conffileNode) byPath() map[string]string {
	if len(n) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		for _, file := range n[name] {
			out[file] = name
		}
	}
	return out
}

// check refuses what a build could not use, or what would reach out of a
// repository.
func (f *File) check(p Package, layers int) error {
	switch {
	case p.Name == "" || p.Version == "" || p.Arch == "":
		return errors.New("want a name, a version and an architecture")
	case !isWord(p.Name) || !isWord(p.Version) || !isWord(p.Arch):
		return fmt.Errorf("%s %s (%s) is not the name, version and architecture of a package", p.Name, p.Version, p.Arch)
	case p.IsFile() && (p.Repository != "" || p.Path != "" || p.File != "" && p.URL != "" || p.From != "" && p.File == ""):
		return errors.New("want a repository and a path, a file, or a url")
	case !p.IsFile() && f.Repository(p.Repository) == nil:
		return fmt.Errorf("the lock has no repository %q", p.Repository)
	case p.Layer < 0 || p.Layer >= layers:
		return fmt.Errorf("layer %d is not among the %d layers", p.Layer, layers)
	case p.Size < 0:
		return fmt.Errorf("size %d is negative", p.Size)
	case !isHex(p.SHA256, 64):
		return fmt.Errorf("sha256 %q is not 64 hexadecimal digits", p.SHA256)
	}
	switch {
	case p.URL != "":
		return checkURL(p.URL)
	case p.File != "":
		return checkPackageFile(p.File)
	}
	return checkPath(p.Path)
}
