// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// A Source is one entry of apt's configuration: every suite at every address.
type Source struct {
	URIs          []string
	Suites        []string // one that ends in a slash is a directory without components
	Components    []string
	Architectures []string // none for all
	SignedBy      []string // paths of keyrings, or fingerprints
	Key           string   // a keyring written in place, armored
	Trusted       bool     // its signature is not looked at
	Options       map[string]string
	Line          int // counted from 1
}

// ReadSources reads a file of apt's sources: one-line entries, or paragraphs
// when the name ends in ".sources". Entries of source packages and those that
// are not enabled are left out. What does not parse is a SyntaxError.
func ReadSources(name string, content []byte) ([]Source, error) {
	if strings.HasSuffix(name, ".sources") {
		return readSourceParagraphs(name, content)
	}
	var sources []Source
	for i, line := range strings.Split(string(content), "\n") {
		s, err := readSourceLine(line)
		if err != nil {
			return nil, &control.SyntaxError{File: name, Line: i + 1, Reason: err.Error()}
		}
		if s != nil {
			s.Line = i + 1
			sources = append(sources, *s)
		}
	}
	return sources, nil
}

// For returns the entry as it counts on an architecture, its name put in for
// $(ARCH); ok is false when the entry is for others only.
func (s Source) For(architecture string) (of Source, ok bool) {
	if len(s.Architectures) > 0 && !slices.Contains(s.Architectures, architecture) {
		return Source{}, false
	}
	replace := func(words []string) []string {
		out := make([]string, len(words))
		for i, w := range words {
			out[i] = strings.ReplaceAll(w, "$(ARCH)", architecture)
		}
		return out
	}
	s.URIs, s.Suites = replace(s.URIs), replace(s.Suites)
	return s, true
}

// ForAll are the sources that it stands for on systems of these architectures: one with
// all of them or, where its address has the architecture in it, one for each.
func (s Source) ForAll(architectures []string) []Source {
	var out []Source
	for _, arch := range architectures {
		one, ok := s.For(arch)
		if !ok {
			continue
		}
		same := slices.IndexFunc(out, func(o Source) bool {
			return slices.Equal(o.URIs, one.URIs) && slices.Equal(o.Suites, one.Suites)
		})
		if same >= 0 {
			out[same].Architectures = append(out[same].Architectures, arch)
			continue
		}
		one.Architectures = []string{arch}
		out = append(out, one)
	}
	return out
}

// readSourceLine reads "deb [options] uri suite components"; nil is a line that
// says nothing.
func readSourceLine(line string) (*Source, error) {
	line = strings.TrimSpace(withoutComment(line))
	kind, rest := cutWord(line)
	switch kind {
	case "":
		return nil, nil //nolint:nilnil // an empty line is neither an entry nor a fault
	case "deb", "deb-src":
	default:
		return nil, fmt.Errorf("an entry starts with deb or deb-src, not with %.60q", kind)
	}
	s := &Source{}
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return nil, fmt.Errorf("the ] behind the options is missing")
		}
		if err := s.setOptions(strings.Fields(rest[1:end])); err != nil {
			return nil, err
		}
		rest = strings.TrimLeft(rest[end+1:], blanks)
	}
	uri, rest := cutURI(rest)
	suite, rest := cutWord(rest)
	s.URIs, s.Suites, s.Components = []string{uri}, []string{suite}, strings.Fields(rest)
	if err := s.validate(); err != nil {
		return nil, err
	}
	if kind == "deb-src" || s.Options["enabled"] == "no" {
		return nil, nil //nolint:nilnil // it says nothing of binary packages
	}
	return s, nil
}

// withoutComment cuts at a # that is not within brackets.
func withoutComment(line string) string {
	inside := false
	for i := range len(line) {
		switch line[i] {
		case '[':
			inside = true
		case ']':
			inside = false
		case '#':
			if !inside {
				return line[:i]
			}
		}
	}
	return line
}

func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], blanks)
}

// cutURI lets blanks stand within brackets, as in "cdrom:[a name]/".
func cutURI(s string) (uri, rest string) {
	inside := false
	for i := range len(s) {
		switch s[i] {
		case '[':
			inside = true
		case ']':
			inside = false
		case ' ', '\t':
			if !inside {
				return s[:i], strings.TrimLeft(s[i:], blanks)
			}
		}
	}
	return s, ""
}

// setOptions reads "key=value" words; += and -= are kept as they are.
func (s *Source) setOptions(words []string) error {
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return fmt.Errorf("the option %.60q is not of the form key=value", word)
		}
		if err := s.setOption(strings.ToLower(key), strings.Split(value, ",")); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) setOption(key string, values []string) error {
	switch key {
	case "arch", "architectures":
		s.Architectures = values
	case "signed-by":
		s.SignedBy = values
	case "trusted":
		trusted, err := parseYes(values[0])
		if err != nil {
			return fmt.Errorf("the option trusted: %w", err)
		}
		s.Trusted = trusted
	case "enabled":
		enabled, err := parseYes(values[0])
		if err != nil {
			return fmt.Errorf("the option enabled: %w", err)
		}
		if !enabled {
			s.option("enabled", "no")
		}
	default:
		s.option(key, strings.Join(values, ","))
	}
	return nil
}

func (s *Source) option(key, value string) {
	if s.Options == nil {
		s.Options = map[string]string{}
	}
	s.Options[key] = value
}

func parseYes(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "true", "with", "on", "enable", "1":
		return true, nil
	case "no", "false", "without", "off", "disable", "0":
		return false, nil
	}
	return false, fmt.Errorf("%.60q is neither yes nor no", s)
}

// validate holds the rules that both notations share.
func (s *Source) validate() error {
	if len(s.URIs) == 0 || len(s.Suites) == 0 {
		return fmt.Errorf("an entry needs an address and a suite")
	}
	for _, uri := range s.URIs {
		if !strings.Contains(uri, ":") {
			return fmt.Errorf("%.60q is not an address", uri)
		}
	}
	for _, suite := range s.Suites {
		switch {
		case suite == "":
			return fmt.Errorf("an entry needs a suite behind its address")
		case strings.HasSuffix(suite, "/") && len(s.Components) > 0:
			return fmt.Errorf("the suite %.60q ends in a slash, so it has no components", suite)
		case !strings.HasSuffix(suite, "/") && len(s.Components) == 0:
			return fmt.Errorf("the suite %.60q needs components, such as main", suite)
		}
	}
	return nil
}
