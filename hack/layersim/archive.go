// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/nix/grouping"
)

// imageRoots are the packages of each image; all have a shell, the basic
// programs and certificates, too.
func imageRoots() [][]string {
	var all [][]string
	for _, name := range []string{
		"nginx", "postgresql-15", "redis-server", "python3-flask", "python3-django", "nodejs", "default-jre-headless",
		"php-cli", "rails", "git", "ffmpeg", "python3-numpy", "haproxy", "imagemagick",
	} {
		all = append(all, []string{name, "bash", "coreutils", "ca-certificates"})
	}
	return all
}

// appSize is the size of the application that each image is made for, in bytes.
const appSize = 1 << 20

// A pkg is a package and what it depends on.
type pkg struct {
	name, version string
	size          int64
	needs         [][]string // alternatives
}

// An archive is all packages of the machine's lists.
type archive struct {
	packages  map[string]*pkg
	providers map[string][]string
}

// readLists reads every package list that apt has.
func readLists() (*archive, error) {
	files, err := filepath.Glob("/var/lib/apt/lists/*_Packages*")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("read package lists: there are none; run apt-get update")
	}
	a := &archive{packages: map[string]*pkg{}, providers: map[string][]string{}}
	for _, file := range files {
		text, err := exec.Command("/usr/lib/apt/apt-helper", "cat-file", file).Output()
		if err != nil {
			return nil, fmt.Errorf("read package list %s: %w", file, err)
		}
		for paragraph := range bytes.SplitSeq(text, []byte("\n\n")) {
			a.add(paragraph)
		}
	}
	for _, names := range a.providers {
		slices.Sort(names)
	}
	return a, nil
}

// add reads a package; the first of a name counts.
func (a *archive) add(paragraph []byte) {
	p := &pkg{}
	var provides []string
	lines := bufio.NewScanner(bytes.NewReader(paragraph))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "Package":
			p.name = value
		case "Version":
			p.version = value
		case "Installed-Size":
			kib, _ := strconv.ParseInt(value, 10, 64)
			p.size = kib << 10
		case "Depends", "Pre-Depends":
			p.needs = append(p.needs, relations(value)...)
		case "Provides":
			for _, r := range relations(value) {
				provides = append(provides, r...)
			}
		}
	}
	if p.name == "" || a.packages[p.name] != nil {
		return
	}
	a.packages[p.name] = p
	for _, name := range provides {
		a.providers[name] = append(a.providers[name], p.name)
	}
}

// relations reads "a (>= 1) | b, c" without versions.
func relations(text string) [][]string {
	var all [][]string
	for clause := range strings.SplitSeq(text, ",") {
		var names []string
		for alternative := range strings.SplitSeq(clause, "|") {
			if f := strings.Fields(alternative); len(f) > 0 {
				name, _, _ := strings.Cut(f[0], ":")
				names = append(names, name)
			}
		}
		all = append(all, names)
	}
	return all
}

// find is the first package that satisfies alternatives, or nil.
func (a *archive) find(alternatives []string) *pkg {
	for _, name := range alternatives {
		if p := a.packages[name]; p != nil {
			return p
		}
		if names := a.providers[name]; len(names) > 0 {
			return a.packages[names[0]]
		}
	}
	return nil
}

// An image is a closure, its root last.
type image struct {
	nodes []grouping.Node
}

// image makes the closure of packages, below an application that needs them.
func (a *archive) image(roots []string) (*image, error) {
	t := tarjan{archive: a, state: map[string]*visit{}}
	img := &image{}
	app := grouping.Node{Size: appSize}
	for _, name := range roots {
		if a.packages[name] == nil {
			return nil, fmt.Errorf("find package %s: no list has it", name)
		}
		if t.state[name] == nil {
			t.walk(a.packages[name])
		}
		app.References = append(app.References, t.state[name].path)
	}
	app.Path = "app-of-" + roots[0]
	img.nodes = append(t.nodes, app)
	return img, nil
}

// tarjan finds packages that depend on each other, which become one path: Robert
// Tarjan, "Depth-first search and linear graph algorithms" (1972).
type tarjan struct {
	*archive
	state map[string]*visit
	stack []*pkg
	nodes []grouping.Node
}

type visit struct {
	index, low int
	path       string
}

func (t *tarjan) walk(p *pkg) *visit {
	v := &visit{index: len(t.state), low: len(t.state)}
	t.state[p.name] = v
	t.stack = append(t.stack, p)
	for _, need := range p.needs {
		q := t.find(need)
		if q == nil {
			continue
		}
		switch w := t.state[q.name]; {
		case w == nil:
			v.low = min(v.low, t.walk(q).low)
		case w.path == "":
			v.low = min(v.low, w.index)
		}
	}
	if v.low == v.index {
		at := slices.Index(t.stack, p)
		t.component(t.stack[at:])
		t.stack = t.stack[:at]
	}
	return v
}

// component makes one path of packages.
func (t *tarjan) component(members []*pkg) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b *pkg) int { return strings.Compare(a.name, b.name) })
	var n grouping.Node
	ident := sha256.New()
	for _, p := range members {
		fmt.Fprintln(ident, p.name, p.version)
		n.Size += p.size
		for _, need := range p.needs {
			if q := t.find(need); q != nil && t.state[q.name].path != "" {
				n.References = append(n.References, t.state[q.name].path)
			}
		}
	}
	slices.Sort(n.References)
	n.References = slices.Compact(n.References)
	for _, ref := range n.References {
		fmt.Fprintln(ident, ref)
	}
	n.Path = hex.EncodeToString(ident.Sum(nil)[:8]) + "-" + members[0].name
	for _, p := range members {
		t.state[p.name].path = n.Path
	}
	t.nodes = append(t.nodes, n)
}
