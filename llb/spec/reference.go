// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// checkFrom accepts what may stand in a from: a word of the build file, or an
// image reference by its looks.
func checkFrom(text string) error {
	if name, ok := strings.CutPrefix(text, "target:"); ok {
		if name == "" {
			return errors.New("target: needs a name after the colon")
		}
		return nil
	}
	if name, ok := strings.CutPrefix(text, "context:"); ok {
		if name == "" {
			return errors.New("context: needs a name after the colon")
		}
		return nil
	}
	if name, ok := strings.CutPrefix(text, "dockerfile:"); ok {
		_, _, err := ParseDockerfile(name)
		return err
	}
	return checkReference(text)
}

// ParseDockerfile reads what stands after "dockerfile:" in a from: a path in the
// context, made canonical, and behind a # the stage, which is empty for the last
// one.
func ParseDockerfile(text string) (file, stage string, err error) {
	file, stage, hasStage := strings.Cut(text, "#")
	switch {
	case file == "":
		return "", "", errors.New("dockerfile: needs a path after the colon, such as dockerfile:Dockerfile")
	case hasStage && stage == "":
		return "", "", errors.New("dockerfile: needs the name of a stage after the #; leave the # out for the last one")
	case !isWord(stage, "._-"):
		return "", "", fmt.Errorf("%.80q can't be the name of a stage", stage)
	}
	if file, err = CleanSource(file); err != nil {
		return "", "", err
	}
	if file == "." {
		return "", "", fmt.Errorf("dockerfile: needs the path of a file, and %.80q is the context itself", text)
	}
	return file, stage, nil
}

func checkReference(text string) error {
	if text == "" {
		return errors.New("the reference is empty; write scratch, an image reference, target:NAME, context:NAME or dockerfile:PATH")
	}
	name, digest, hasDigest := strings.Cut(text, "@")
	if hasDigest {
		if algorithm, hex, ok := strings.Cut(digest, ":"); !ok || algorithm == "" || len(hex) < 32 || !isHex(hex) {
			return fmt.Errorf("%.80q is not an image reference: bad digest", text)
		}
	}
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		if tag := name[i+1:]; tag == "" || len(tag) > 128 || !isWord(tag, "._-") || strings.ContainsAny(tag[:1], ".-") {
			return fmt.Errorf("%.80q is not an image reference: bad tag", text)
		}
		name = name[:i]
	}
	parts := strings.Split(name, "/")
	if len(parts) > 1 && (strings.ContainsAny(parts[0], ".:[") || parts[0] == "localhost" || strings.ToLower(parts[0]) != parts[0]) {
		if !isWord(parts[0], ".-:[]") {
			return fmt.Errorf("%.80q is not an image reference: bad host", text)
		}
		parts = parts[1:]
	}
	for _, part := range parts {
		if part != strings.ToLower(part) {
			return fmt.Errorf("%.80q is not an image reference: the repository's name has to be lower case", text)
		}
		if part == "" || !isWord(part, "._-") || strings.Trim(part, "._-") != part {
			return fmt.Errorf("%.80q is not an image reference", text)
		}
	}
	return nil
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }

// isWord reports whether a text has only letters, digits and some others.
func isWord(text, others string) bool {
	for _, r := range text {
		alphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alphanumeric && !strings.ContainsRune(others, r) {
			return false
		}
	}
	return true
}

// reference is a place of a target that names another one.
type reference struct {
	name string
	pos  Pos
}

// froms lists where a target takes trees from.
func (t *Target) froms() []String {
	froms := []String{t.From}
	for i := range t.Layers {
		if s := t.Layers[i].Strategy(); s != nil { // a build file with faults may have none
			froms = append(froms, s.Froms()...)
		}
	}
	return froms
}

// UsesDockerfile reports whether anything is taken from a Dockerfile, as far as it
// can be read before expansion.
func (s *Spec) UsesDockerfile() bool {
	for i := range s.Targets {
		for _, from := range s.Targets[i].froms() {
			if slices.ContainsFunc(from.choices(), func(c PlatformString) bool { return strings.HasPrefix(c.Value, "dockerfile:") }) {
				return true
			}
		}
	}
	return false
}

// references lists the targets that a target names, as far as they can be read
// before expansion.
func (t *Target) references() []reference {
	var refs []reference
	for _, from := range t.froms() {
		for _, choice := range from.choices() {
			if name, ok := strings.CutPrefix(choice.Value, "target:"); ok && Literal(name) && name != "" {
				refs = append(refs, reference{name, choice.Pos})
			}
		}
	}
	return refs
}

// checkReferences looks for targets that do not exist and for cycles.
func checkReferences(f *faults, s *Spec) {
	g := graph{spec: s, faults: f, state: make(map[string]visit), targets: make(map[string]*Target)}
	for i := range s.Targets {
		g.targets[s.Targets[i].Name] = &s.Targets[i]
	}
	for i := range s.Targets {
		g.visit(&s.Targets[i])
	}
}

type visit int

const (
	unseen visit = iota
	active
	finished
)

// graph walks from target to target.
type graph struct {
	spec    *Spec
	faults  *faults
	targets map[string]*Target
	state   map[string]visit
	// way is the targets from the start of the walk to where it is.
	way []string
}

func (g *graph) visit(t *Target) {
	if g.state[t.Name] != unseen {
		return
	}
	g.state[t.Name] = active
	g.way = append(g.way, t.Name)
	for _, ref := range t.references() {
		if g.faults.full() {
			break
		}
		at := Range{ref.pos, Pos{ref.pos.Line, ref.pos.Column + len("target:") + len(ref.name) - 1}}
		next := g.targets[ref.name]
		switch {
		case next == nil:
			g.faults.add(at, spell.DidYouMean(ref.name, g.spec.targetNames()), "there is no target %q", ref.name)
		case g.state[ref.name] == active:
			cycle := append(slices.Clone(g.way[slices.Index(g.way, ref.name):]), ref.name)
			g.faults.add(at, "", "targets need each other: %s", strings.Join(cycle, " -> "))
		default:
			g.visit(next)
		}
	}
	g.way = g.way[:len(g.way)-1]
	g.state[t.Name] = finished
}

// targetNames lists the names to look for a misspelt one among.
func (s *Spec) targetNames() []string {
	const enough = 1000
	names := make([]string, min(len(s.Targets), enough))
	for i := range names {
		names[i] = s.Targets[i].Name
	}
	return names
}
