// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Sources are what a build file names by addresses that may lead elsewhere tomorrow.
type Sources struct {
	// Images are sorted by their names, URLs and Git by their addresses.
	Images []Image
	URLs   []URL
	Git    []Git
}

// Image is what the tag of an image stands for.
type Image struct {
	// Name is the reference as people write it, with its tag: debian:bookworm.
	Name string
	// Digest is that of the index, or of the only manifest (sha256:…).
	Digest string
}

// URL is what an address leads to.
type URL struct {
	// Address is as in the build file.
	Address string
	// SHA256 is the file's, in hex, and Size its length in bytes.
	SHA256 string
	Size   int64
}

// Git is the commit that a reference of a repository stands for.
type Git struct {
	// Address is the repository's, with #reference where there is one.
	Address string
	// Ref is the full name of the reference: refs/heads/main.
	Ref string
	// Tag is the tag's own object, in hex, where that must be signed.
	Tag string
	// Commit is the commit's name, in hex.
	Commit string
}

// ImageName is the name of an image in a lock: with its tag, and without what every
// name on Docker Hub begins with. A reference that has a digest has no name here.
func ImageName(ref string) (name string, ok bool) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", false
	}
	if _, pinned := named.(reference.Digested); pinned {
		return "", false
	}
	return reference.FamiliarString(reference.TagNameOnly(named)), true
}

// Image returns what a reference stands for, or nil. A nil File has nothing.
func (f *File) Image(ref string) *Image {
	name, ok := ImageName(ref)
	if f == nil || !ok {
		return nil
	}
	return find(f.Sources.Images, name, Image.key)
}

// URL returns what an address leads to, or nil. A nil File has nothing.
func (f *File) URL(address string) *URL {
	if f == nil {
		return nil
	}
	return find(f.Sources.URLs, address, URL.key)
}

// Git returns what a repository's reference stands for, or nil. A nil File has nothing.
func (f *File) Git(address string) *Git {
	if f == nil {
		return nil
	}
	return find(f.Sources.Git, address, Git.key)
}

func (i Image) key() string { return i.Name }
func (u URL) key() string   { return u.Address }
func (g Git) key() string   { return g.Address }

func find[T any](in []T, name string, key func(T) string) *T {
	i, ok := slices.BinarySearchFunc(in, name, func(t T, name string) int { return strings.Compare(key(t), name) })
	if !ok {
		return nil
	}
	return &in[i]
}

// Merge puts what addresses lead to in the place of what the sources had of them.
func (s *Sources) Merge(more Sources) {
	for _, image := range more.Images {
		s.Images = put(s.Images, image, Image.key)
	}
	for _, u := range more.URLs {
		s.URLs = put(s.URLs, u, URL.key)
	}
	for _, g := range more.Git {
		if old := find(s.Git, g.Address, Git.key); old != nil && old.Commit == g.Commit && g.Tag == "" {
			g.Tag = old.Tag // another entry of the address asks for its signature
		}
		s.Git = put(s.Git, g, Git.key)
	}
}

func put[T any](in []T, one T, key func(T) string) []T {
	i, ok := slices.BinarySearchFunc(in, one, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	if ok {
		in[i] = one
		return in
	}
	return slices.Insert(in, i, one)
}

// clone returns a copy that can be merged into.
func (s *Sources) clone() Sources {
	var out Sources
	out.Merge(*s)
	return out
}

func (w *writer) sources(s Sources) {
	w.section("images", len(s.Images))
	for _, i := range s.Images {
		w.line(1, "%s: {digest: %s}", scalar(i.Name), scalar(i.Digest))
	}
	w.section("urls", len(s.URLs))
	for _, u := range s.URLs {
		w.line(1, "%s: {sha256: %s, size: %s}", scalar(u.Address), scalar(u.SHA256), strconv.FormatInt(u.Size, 10))
	}
	w.section("git", len(s.Git))
	for _, g := range s.Git {
		ref := ""
		if g.Ref != "" {
			ref = "ref: " + scalar(g.Ref) + ", "
		}
		if g.Tag != "" {
			ref += "tag: " + scalar(g.Tag) + ", "
		}
		w.line(1, "%s: {%scommit: %s}", scalar(g.Address), ref, scalar(g.Commit))
	}
}

func (w *writer) section(name string, entries int) {
	if entries > 0 {
		w.line(0, "%s:", name)
	}
}

// The sources as YAML has them.
type (
	imageNode struct {
		Digest string `yaml:"digest"`
	}
	urlNode struct {
		SHA256 string `yaml:"sha256"`
		Size   int64  `yaml:"size"`
	}
	gitNode struct {
		Ref    string `yaml:"ref"`
		Tag    string `yaml:"tag"`
		Commit string `yaml:"commit"`
	}
)

// sources reads the sources, and refuses what a build could not use.
func (d *document) sources() (Sources, error) {
	var s Sources
	for _, name := range slices.Sorted(maps.Keys(d.Images)) {
		n := d.Images[name]
		if err := checkImage(name, n); err != nil {
			return s, in(fmt.Errorf("image %q: %w", name, err), "images", name)
		}
		s.Images = append(s.Images, Image{Name: name, Digest: n.Digest})
	}
	for _, address := range slices.Sorted(maps.Keys(d.URLs)) {
		n := d.URLs[address]
		if err := cmp.Or(checkAddress(address), checkFile(n)); err != nil {
			return s, in(fmt.Errorf("url %q: %w", address, err), "urls", address)
		}
		s.URLs = append(s.URLs, URL{Address: address, SHA256: n.SHA256, Size: n.Size})
	}
	for _, address := range slices.Sorted(maps.Keys(d.Git)) {
		n := d.Git[address]
		if err := cmp.Or(checkRepository(address), checkCommit(n)); err != nil {
			return s, in(fmt.Errorf("git %q: %w", address, err), "git", address)
		}
		s.Git = append(s.Git, Git{Address: address, Ref: n.Ref, Tag: n.Tag, Commit: n.Commit})
	}
	return s, nil
}

func checkImage(name string, n imageNode) error {
	if plain, ok := ImageName(name); !ok || plain != name {
		return errors.New("it is not the name of an image with a tag, such as debian:bookworm")
	}
	if d, err := digest.Parse(n.Digest); err != nil || d.Algorithm() != digest.SHA256 {
		return fmt.Errorf("%q is not a digest (want sha256:…)", n.Digest)
	}
	return nil
}

func checkPlatform(name string) error {
	p, err := platforms.Parse(name)
	if err != nil || platforms.FormatAll(platforms.Normalize(p)) != name {
		return fmt.Errorf("%q is not a platform, such as linux/amd64", name)
	}
	return nil
}

func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("it is not an http or https address")
	}
	return nil
}

func checkFile(n urlNode) error {
	if !isHex(n.SHA256, 64) {
		return fmt.Errorf("sha256 %q is not 64 hexadecimal digits", n.SHA256)
	}
	if n.Size < 0 {
		return fmt.Errorf("size %d is negative", n.Size)
	}
	return nil
}

func checkCommit(n gitNode) error {
	switch {
	case !isHex(n.Commit, 40) && !isHex(n.Commit, 64):
		return fmt.Errorf("commit %q is not 40 or 64 hexadecimal digits", n.Commit)
	case n.Tag != "" && !isHex(n.Tag, 40) && !isHex(n.Tag, 64):
		return fmt.Errorf("tag %q is not 40 or 64 hexadecimal digits", n.Tag)
	case n.Tag != "" && !strings.HasPrefix(n.Ref, "refs/tags/"):
		return fmt.Errorf("%q is not the full name of a tag, such as refs/tags/v1", n.Ref)
	case n.Ref != "" && (!strings.HasPrefix(n.Ref, "refs/") || strings.ContainsAny(n.Ref, " \t\r\n\x00~^:?*[\\") || strings.Contains(n.Ref, "..")):
		return fmt.Errorf("ref %q is not the full name of a reference, such as refs/heads/main", n.Ref)
	}
	return nil
}
