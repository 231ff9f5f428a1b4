// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

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
		Type         string    `yaml:"type"`
		URIs         []string  `yaml:"uris"`
		Suite        string    `yaml:"suite"`
		Components   []string  `yaml:"components"`
		Date         time.Time `yaml:"date"`
		Signers      []string  `yaml:"signers"`
		Trusted      bool      `yaml:"trusted"`
		Login        bool      `yaml:"login"`
		Distribution string    `yaml:"distribution"`
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

// Read reads a lock. Its errors name the file.
func Read(name string, data []byte) (*File, error) {
	f, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; write it again with \"strata lock\"", name, err)
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
	if doc.Version != Version && doc.Version != withoutSources {
		return nil, fmt.Errorf("it has version %d, and this version of Strata knows %d", doc.Version, Version)
	}
	sources, err := doc.sources()
	if err != nil {
		return nil, err
	}
	for _, name := range doc.Platforms {
		if err := checkPlatform(name); err != nil {
			return nil, err
		}
	}
	f := &File{Older: doc.Version == withoutSources, Written: slices.Compact(slices.Sorted(slices.Values(doc.Platforms))), Sources: sources}
	for _, id := range slices.Sorted(maps.Keys(doc.Repositories)) {
		r := doc.Repositories[id]
		f.Repositories = append(f.Repositories, Repository{
			ID: id, Type: r.Type, URIs: r.URIs, Suite: r.Suite,
			Components: r.Components, Date: r.Date.UTC(), Signers: r.Signers, Trusted: r.Trusted, Login: r.Login, Distribution: r.Distribution,
		})
	}
	for _, target := range slices.Sorted(maps.Keys(doc.Targets)) {
		t := Target{Name: target}
		for _, name := range slices.Sorted(maps.Keys(doc.Targets[target])) {
			p, err := f.platform(name, doc.Targets[target][name])
			if err != nil {
				return nil, fmt.Errorf("target %s, %s: %w", target, name, err)
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
	for _, node := range n.Closures {
		c, err := node.closure()
		if err != nil {
			return p, err
		}
		if p.Closure(c.Roots) != nil {
			return p, fmt.Errorf("the closure of %s is there twice", c.Roots[0])
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
		return p, fmt.Errorf("unknown installer %q", n.Installer)
	}
	var err error
	if p.Packages.Packages, err = f.packages(n, n.Packages); err != nil {
		return p, err
	}
	if p.Packages.Present, err = f.packages(n, n.Present); err != nil {
		return p, err
	}
	p.Packages.Sort()
	for i := 1; i < len(p.Packages.Packages); i++ {
		a, b := p.Packages.Packages[i-1], p.Packages.Packages[i]
		if a.Name == b.Name && a.Arch == b.Arch {
			return p, fmt.Errorf("package %q is there twice", a.Name)
		}
	}
	return p, nil
}

// packages reads one of the lists of packages.
func (f *File) packages(n *platformNode, list []packageNode) ([]Package, error) {
	var out []Package
	for _, pkg := range list {
		made := Package{
			Name: pkg.Name, Version: pkg.Version, Arch: pkg.Arch, Source: pkg.Source, Layer: pkg.Layer, Beside: pkg.Beside,
			Repository: pkg.Repository, Path: pkg.Path, File: pkg.File, From: pkg.From, URL: pkg.URL, Size: pkg.Size, SHA256: pkg.SHA256,
		}
		if err := f.check(made, len(n.Wanted)); err != nil {
			return nil, fmt.Errorf("package %q: %w", pkg.Name, err)
		}
		if made.IsFile() && n.Type == "" {
			return nil, fmt.Errorf("package %q: it is a file, and the lock doesn't say of which type", pkg.Name)
		}
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

func checkURL(url string) error {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return fmt.Errorf("url %q is not an http or https address", url)
	}
	return nil
}

// checkPackageFile refuses a path that isn't a clean one in its tree.
func checkPackageFile(file string) error {
	if path.IsAbs(file) || path.Clean(file) != file || file == "." || file == ".." || strings.HasPrefix(file, "../") || strings.ContainsRune(file, 0) {
		return fmt.Errorf("file %q is not relative to its tree", file)
	}
	return nil
}

func checkPath(name string) error {
	if name == "" || strings.HasPrefix(name, "/") || strings.Contains(name, "://") || strings.ContainsAny(name, "?#\\\x00") {
		return fmt.Errorf("path %q is not relative to a repository", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "" {
			return fmt.Errorf("path %q is not relative to a repository", name)
		}
	}
	return nil
}

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
