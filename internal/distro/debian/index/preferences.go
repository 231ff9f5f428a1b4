// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// A Pin gives versions a priority: a record of apt_preferences(5).
type Pin struct {
	Packages []string // names and patterns with * and ?; "*" alone is the general form
	Sources  bool     // Packages are names of source packages
	Kind     string   // release, version or origin
	Match    []PinMatch
	Priority int
}

// PinMatch is one condition of a pin. Key is a, n, o, l, c, v or b for releases,
// and empty otherwise.
type PinMatch struct {
	Key, Value string
}

// ReadPreferences reads a file of /etc/apt/preferences.d. What it says and this
// package does not know is a SyntaxError.
func ReadPreferences(name string, content []byte) ([]Pin, error) {
	paragraphs, err := control.ReadConfig(name, content)
	if err != nil {
		return nil, err
	}
	var pins []Pin
	for _, p := range paragraphs {
		pin, err := readPin(name, p)
		if err != nil {
			return nil, err
		}
		pins = append(pins, *pin)
	}
	return pins, nil
}

func readPin(name string, p control.Paragraph) (*Pin, error) {
	fail := func(line int, reason string) error {
		return &control.SyntaxError{File: name, Line: line, Reason: reason}
	}
	pin := &Pin{Packages: strings.Fields(p.Get("Package"))}
	if len(pin.Packages) == 0 {
		return nil, fail(p.Line(), "a pin without the field Package")
	}
	for i, pattern := range pin.Packages {
		if source, ok := strings.CutPrefix(pattern, "src:"); ok {
			pin.Sources, pin.Packages[i] = true, source
			pattern = source
		}
		if strings.HasPrefix(pattern, "/") {
			return nil, fail(p.Line(), "regular expressions in Package are not supported; write names or * patterns")
		}
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fail(p.Line(), "the pattern "+pattern+" in Package is malformed")
		}
	}
	field, ok := p.Lookup("Pin")
	if !ok {
		return nil, fail(p.Line(), "a pin without the field Pin")
	}
	kind, value, _ := strings.Cut(field.Value, " ")
	pin.Kind, value = kind, strings.TrimSpace(value)
	switch kind {
	case "version":
		pin.Match = []PinMatch{{Value: value}}
	case "origin":
		pin.Match = []PinMatch{{Value: strings.Trim(value, `"`)}}
	case "release":
		if pin.Match, ok = releaseMatch(value); !ok {
			return nil, fail(field.Line, "release takes a=, n=, o=, l=, c=, v= or b=, with commas between")
		}
	default:
		return nil, fail(field.Line, "Pin is release, version or origin, not "+strconv.Quote(kind))
	}
	if value == "" {
		return nil, fail(field.Line, "Pin: "+kind+" has no value")
	}
	priority, err := strconv.ParseInt(p.Get("Pin-Priority"), 10, 16)
	if err != nil || priority == 0 {
		return nil, fail(p.Line(), "Pin-Priority must be a number from -32768 to 32767 and not 0")
	}
	pin.Priority = int(priority)
	return pin, nil
}

// releaseMatch reads "a=stable,o=Debian", or a suite's name alone.
func releaseMatch(value string) ([]PinMatch, bool) {
	if !strings.Contains(value, "=") {
		return []PinMatch{{Key: "*", Value: value}}, value != ""
	}
	var list []PinMatch
	for part := range strings.SplitSeq(value, ",") {
		key, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || len(key) != 1 || !strings.Contains("anolcvb", key) {
			return nil, false
		}
		list = append(list, PinMatch{Key: key, Value: strings.Trim(v, `"`)})
	}
	return list, true
}

// General reports whether the pin is about a whole release, not about names.
func (p *Pin) General() bool {
	return len(p.Packages) == 1 && p.Packages[0] == "*" && p.Kind != "version"
}

// Names reports whether the pin is about a package, by its name or its source
// package's.
func (p *Pin) Names(name, source string) bool {
	if p.Sources {
		name = source
	}
	return slices.ContainsFunc(p.Packages, func(pattern string) bool { return MatchesPattern(pattern, name) })
}

// Matches reports whether a pin by release or origin is about an index.
func (p *Pin) Matches(opts Options) bool {
	if p.Kind == "origin" {
		return MatchesPattern(p.Match[0].Value, opts.Site)
	}
	for _, m := range p.Match {
		if !opts.matches(m) {
			return false
		}
	}
	return p.Kind == "release"
}

func (opts *Options) matches(m PinMatch) bool {
	switch m.Key {
	case "a":
		return MatchesPattern(m.Value, opts.Suite)
	case "n":
		return MatchesPattern(m.Value, opts.Codename)
	case "o":
		return MatchesPattern(m.Value, opts.Origin)
	case "l":
		return MatchesPattern(m.Value, opts.Label)
	case "c":
		return MatchesPattern(m.Value, opts.Component)
	case "b":
		return MatchesPattern(m.Value, opts.Architecture)
	case "v":
		return MatchesPattern(m.Value, opts.Version) || strings.HasPrefix(opts.Version, m.Value+".")
	}
	return m.Value == opts.Suite || m.Value == opts.Codename
}

// MatchesPattern compares with a pattern of * and ?. Slashes count as any
// other character.
func MatchesPattern(pattern, s string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(s, "/", "\x00"))
	return err == nil && ok
}
