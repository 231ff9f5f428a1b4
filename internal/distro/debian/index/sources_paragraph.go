// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// readSourceParagraphs reads the notation of ".sources" files.
func readSourceParagraphs(name string, content []byte) ([]Source, error) {
	paragraphs, err := control.ReadConfig(name, content)
	if err != nil {
		return nil, err
	}
	var sources []Source
	for _, p := range paragraphs {
		s, err := readSourceParagraph(name, p)
		if err != nil {
			return nil, err
		}
		if s != nil {
			sources = append(sources, *s)
		}
	}
	return sources, nil
}

func readSourceParagraph(name string, p control.Paragraph) (*Source, error) {
	s := &Source{Line: p.Line()}
	var types []string
	for _, f := range p {
		if err := s.setField(f, &types); err != nil {
			return nil, &control.SyntaxError{File: name, Line: f.Line, Reason: f.Name + ": " + err.Error()}
		}
	}
	fail := func(reason string) error { return &control.SyntaxError{File: name, Line: p.Line(), Reason: reason} }
	if s.Options["enabled"] == "no" {
		return nil, nil //nolint:nilnil // it is switched off
	}
	if len(types) == 0 {
		return nil, fail("the field Types is missing")
	}
	for _, t := range types {
		if t != "deb" && t != "deb-src" {
			return nil, fail(fmt.Sprintf("Types is deb or deb-src, not %.60q", t))
		}
	}
	if err := s.validate(); err != nil {
		return nil, fail(err.Error())
	}
	if !slices.Contains(types, "deb") {
		return nil, nil //nolint:nilnil // it says nothing of binary packages
	}
	return s, nil
}

func (s *Source) setField(f control.Field, types *[]string) error {
	words := strings.Fields(f.Value)
	key := strings.ToLower(f.Name)
	switch key {
	case "types":
		*types = words
	case "uris":
		s.URIs = words
	case "suites":
		s.Suites = words
	case "components":
		s.Components = words
	case "signed-by":
		s.setSignedBy(f.Value)
	case "trusted", "enabled", "architectures":
		if len(words) == 0 {
			return nil
		}
		return s.setOption(key, words)
	default:
		s.option(key, strings.Join(words, " "))
	}
	return nil
}

// setSignedBy takes paths, fingerprints, or a key in place, where a dot stands
// for an empty line.
func (s *Source) setSignedBy(value string) {
	if !strings.Contains(value, "-----BEGIN PGP") {
		s.SignedBy = strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == ',' })
		return
	}
	lines := strings.Split(strings.TrimSpace(value), "\n")
	for i, line := range lines {
		if lines[i] = strings.TrimSpace(line); lines[i] == "." {
			lines[i] = ""
		}
	}
	s.Key = strings.Join(lines, "\n") + "\n"
}
