// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Closure is what store paths of binary caches were resolved to.
type Closure struct {
	// Roots are the store paths that were asked for.
	Roots []string
	// Caches and Keys are those that the build file had.
	Caches, Keys []string
	// Paths are all that is needed, sorted by their paths.
	Paths []StorePath
}

// StorePath is one path of a closure.
type StorePath struct {
	Path string
	// NarHash is the SHA-256 of the path's archive in hex, NarSize its length in
	// bytes.
	NarHash string
	NarSize int64
	// URL is the packed archive's address, Compression how it is packed, FileHash
	// its SHA-256 in hex, if that is known.
	URL, Compression, FileHash string
	// Deriver is the derivation that it was built from, or empty.
	Deriver string
	// References are store paths, sorted.
	References []string
	// Signature is that of a trusted key, over the path, its hash, its size and its
	// references: a name, a colon and base 64. It is empty where the path's name follows
	// from these.
	Signature string
	// Line is where it is in the lock that it was read from; 0 where it was read from none.
	Line int
}

// Closure returns what roots were resolved to, or nil. A nil Platform has
// nothing.
func (p *Platform) Closure(roots []string) *Closure {
	if p == nil {
		return nil
	}
	for i := range p.Closures {
		if slices.Equal(p.Closures[i].Roots, roots) {
			return &p.Closures[i]
		}
	}
	return nil
}

// Add puts what was resolved beside what the lock has of a target for that
// platform: packages take the place of packages, and a closure that of one with
// the same roots.
func (f *File) Add(target string, p Platform) {
	have := f.Platform(target, p.Name)
	if have == nil {
		f.Set(target, p)
		return
	}
	if p.Packages != nil {
		have.Packages = p.Packages
	}
	for _, c := range p.Closures {
		if old := have.Closure(c.Roots); old != nil {
			*old = c
		} else {
			have.Closures = append(have.Closures, c)
		}
	}
	slices.SortFunc(have.Closures, func(a, b Closure) int { return slices.Compare(a.Roots, b.Roots) })
}

func (w *writer) closures(all []Closure) {
	if len(all) > 0 {
		w.line(3, "closures:")
	}
	for _, c := range all {
		w.line(4, "- roots: %s", flow(c.Roots))
		w.line(5, "caches: %s", flow(c.Caches))
		w.line(5, "keys: %s", flow(c.Keys))
		w.line(5, "paths:")
		for _, p := range c.Paths {
			w.line(6, "- {%s}", p.fields())
		}
	}
}

func (p StorePath) fields() string {
	out := []string{
		"path: " + scalar(p.Path),
		"nar_size: " + strconv.FormatInt(p.NarSize, 10),
		"compression: " + scalar(p.Compression),
	}
	if len(p.References) > 0 {
		names := make([]string, len(p.References))
		for i, ref := range p.References {
			names[i] = path.Base(ref)
		}
		out = append(out, "references: "+flow(names))
	}
	if p.Deriver != "" {
		out = append(out, "deriver: "+scalar(path.Base(p.Deriver)))
	}
	out = append(out, "url: "+scalar(p.URL))
	if p.FileHash != "" {
		out = append(out, "file_hash: "+scalar(p.FileHash))
	}
	if p.Signature != "" {
		out = append(out, "signature: "+scalar(p.Signature))
	}
	return strings.Join(append(out, "nar_hash: "+scalar(p.NarHash)), ", ")
}

// closureNode is a closure as YAML has it.
type closureNode struct {
	Roots  []string   `yaml:"roots"`
	Caches []string   `yaml:"caches"`
	Keys   []string   `yaml:"keys"`
	Paths  []pathNode `yaml:"paths"`
}

// pathNode is a store path as YAML has it.
type pathNode struct {
	Path        yaml.Node `yaml:"path"`
	NarSize     int64     `yaml:"nar_size"`
	Compression string    `yaml:"compression"`
	References  []string  `yaml:"references"`
	Deriver     string    `yaml:"deriver"`
	URL         string    `yaml:"url"`
	FileHash    string    `yaml:"file_hash"`
	Signature   string    `yaml:"signature"`
	NarHash     string    `yaml:"nar_hash"`
}

func (n closureNode) closure() (Closure, error) {
	c := Closure{Roots: n.Roots, Caches: n.Caches, Keys: n.Keys}
	if len(n.Roots) == 0 || len(n.Paths) == 0 {
		return c, errors.New("a closure has no roots or no paths")
	}
	for i, root := range n.Roots {
		if !path.IsAbs(root) || path.Clean(root) != root {
			return c, in(fmt.Errorf("%q is not a store path", root), "roots", i)
		}
	}
	for i, cache := range n.Caches {
		if err := checkURL(cache); err != nil {
			return c, in(err, "caches", i)
		}
	}
	seen := map[string]bool{}
	for i, from := range n.Paths {
		p, err := from.storePath()
		if err == nil && seen[p.Path] {
			err = fmt.Errorf("%s is there twice", p.Path)
		}
		if err != nil {
			return c, in(err, "paths", i)
		}
		seen[p.Path] = true
		c.Paths = append(c.Paths, p)
	}
	slices.SortFunc(c.Paths, func(a, b StorePath) int { return strings.Compare(a.Path, b.Path) })
	return c, nil
}

// storePath is what a build can use of it.
func (n *pathNode) storePath() (StorePath, error) {
	p := StorePath{
		Path: n.Path.Value, NarHash: n.NarHash, NarSize: n.NarSize, URL: n.URL,
		Compression: n.Compression, FileHash: n.FileHash, Signature: n.Signature, Line: n.Path.Line,
	}
	store := path.Dir(p.Path)
	for _, ref := range n.References {
		if !isBase(ref) {
			return p, fmt.Errorf("reference %q of %s is not the name of a store path", ref, p.Path)
		}
		p.References = append(p.References, path.Join(store, ref))
	}
	slices.Sort(p.References)
	if n.Deriver != "" {
		p.Deriver = path.Join(store, n.Deriver)
	}
	switch {
	case !path.IsAbs(p.Path) || path.Clean(p.Path) != p.Path:
		return p, fmt.Errorf("%q is not a store path", p.Path)
	case n.Deriver != "" && !isBase(n.Deriver):
		return p, fmt.Errorf("deriver %q of %s is not the name of a derivation", n.Deriver, p.Path)
	case !isHex(p.NarHash, 64) || p.FileHash != "" && !isHex(p.FileHash, 64):
		return p, fmt.Errorf("a hash of %s is not 64 hexadecimal digits", p.Path)
	case p.NarSize <= 0:
		return p, fmt.Errorf("nar_size %d of %s is not positive", p.NarSize, p.Path)
	}
	return p, checkURL(p.URL)
}
