// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// A Pin gives versions a priority: a record of apt_preferences(5).
type Pin struct {
	// Packages are names, patterns as of a shell, or regular expressions between
	// slashes, with ":" and an architecture behind them or "src:" before them; "*" alone
	// is the general form.
	Packages []string
	Kind     string // release, version or origin
	Match    []PinMatch
	Priority int // NeverPriority for "never"
	// File and Line are where it stands.
	File string
	Line int
	// Ignored is why the pin has no effect, as with apt; empty for others.
	Ignored string
	// expressions are the regular expressions of the pin, by their texts.
	expressions map[string]*regexp.Regexp
}

// NeverPriority is that of archives that must not be used, whatever other pins say.
const NeverPriority = math.MinInt16

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
	pin := &Pin{Packages: strings.Fields(p.Get("Package")), File: name, Line: p.Line(), expressions: map[string]*regexp.Regexp{}}
	if len(pin.Packages) == 0 {
		return nil, fail(p.Line(), "a pin without the field Package")
	}
	for _, word := range pin.Packages {
		_, pattern, _ := cutPackage(word)
		if err := pin.compile(pattern); err != nil {
			return nil, fail(p.Line(), "Package: "+err.Error())
		}
	}
	field, ok := p.Lookup("Pin")
	if !ok {
		return nil, fail(p.Line(), "a pin without the field Pin")
	}
	kind, value, _ := strings.Cut(field.Value, " ")
	pin.Kind, value = strings.ToLower(kind), strings.TrimSpace(value)
	switch pin.Kind {
	case "version":
		pin.Match = []PinMatch{{Value: value}}
		if len(pin.Packages) == 1 && pin.Packages[0] == "*" {
			pin.Ignored = "a pin by version needs the names of packages, not *"
		}
	case "origin":
		pin.Match = []PinMatch{{Value: strings.Trim(value, `"`)}}
	case "release":
		if pin.Match = releaseMatch(value); len(pin.Match) == 0 {
			pin.Ignored = "release takes a=, n=, o=, l=, c=, v= or b=, with commas between"
		}
	default:
		pin.Ignored = "a pin is by release, version or origin, not by " + strconv.Quote(kind)
	}
	if value == "" {
		pin.Ignored = "a pin by " + kind + " needs a value"
	}
	for _, m := range pin.Match {
		if err := pin.compile(m.Value); err != nil {
			return nil, fail(field.Line, "Pin: "+err.Error())
		}
	}
	if pin.Priority, ok = pinPriority(p.Get("Pin-Priority"), slices.Equal(pin.Packages, []string{"*"})); !ok {
		return nil, fail(p.Line(), "Pin-Priority must be a number from -32768 to 32767 and not 0, or never for the package *")
	}
	return pin, nil
}

// pinPriority reads a priority; a whole release may have the word never.
func pinPriority(text string, general bool) (int, bool) {
	if text == "never" {
		return NeverPriority, general
	}
	// What follows the number doesn't count.
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && (text[end] == '-' || text[end] == '+')) {
		end++
	}
	priority, err := strconv.ParseInt(text[:end], 10, 16)
	return max(int(priority), NeverPriority+1), err == nil && priority != 0
}

// releaseMatch reads "a=stable,o=Debian", or a suite's name alone. Conditions of other
// kinds don't count.
func releaseMatch(value string) []PinMatch {
	if value != "" && value[0] >= '0' && value[0] <= '9' && !strings.Contains(value, "=") {
		return []PinMatch{{Key: "v", Value: value}}
	}
	if !strings.Contains(value, "=") {
		return []PinMatch{{Key: "*", Value: value}}
	}
	var list []PinMatch
	for part := range strings.SplitSeq(value, ",") {
		key, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || len(key) != 1 || !strings.Contains("anolcvb", key) {
			continue
		}
		// Of two conditions of a kind the last one counts.
		list = slices.DeleteFunc(list, func(m PinMatch) bool { return m.Key == key })
		list = append(list, PinMatch{Key: key, Value: v})
	}
	return list
}

// General reports whether the pin is about a whole release, not about names.
func (p *Pin) General() bool {
	return p.Ignored == "" && len(p.Packages) == 1 && p.Packages[0] == "*" && p.Kind != "version"
}

// Names reports whether the pin is about a package, by its name or its source
// package's, on an architecture.
func (p *Pin) Names(name, source, arch string, native bool) bool {
	return p.Ignored == "" && slices.ContainsFunc(p.Packages, func(text string) bool {
		ofSource, pattern, only := cutPackage(text)
		if ofSource {
			return p.names(pattern, source)
		}
		return (native && only == "" || only == arch || only == "any") && p.names(pattern, name)
	})
}

// names compares with a name, whose case counts if it is no pattern.
func (p *Pin) names(pattern, name string) bool {
	return pattern == name || (p.expressions[pattern] != nil || strings.ContainsAny(pattern, "*?[")) && p.like(pattern, name)
}

// cutPackage takes a word of the field Package apart: whether it is about source
// packages, the pattern, and the architecture behind it. What stands between slashes is
// one pattern.
func cutPackage(word string) (source bool, pattern, arch string) {
	pattern, source = strings.CutPrefix(word, "src:")
	if i := strings.LastIndexByte(pattern, ':'); i > strings.LastIndexByte(pattern, '/') {
		pattern, arch = pattern[:i], pattern[i+1:]
	}
	return source, pattern, arch
}

// IsVersion reports whether a pin by version is about one.
func (p *Pin) IsVersion(version string) bool { return p.like(p.Match[0].Value, version) }

// compile prepares a pattern that is a regular expression.
func (p *Pin) compile(pattern string) error {
	if len(pattern) < 2 || pattern[0] != '/' || pattern[len(pattern)-1] != '/' {
		return nil
	}
	text := pattern[1 : len(pattern)-1]
	compiled, err := expression(text)
	if err != nil {
		return fmt.Errorf("%.60q is not a regular expression: %w", text, err)
	}
	p.expressions[pattern] = compiled
	return nil
}

// like compares with a pattern of the pin. As in all of them, case doesn't count.
func (p *Pin) like(pattern, s string) bool {
	if expression := p.expressions[pattern]; expression != nil {
		return expression.MatchString(s)
	}
	return strings.EqualFold(pattern, s) || MatchesPattern(pattern, s)
}

// MatchesInstalled reports whether a pin is about what is installed, which is a release
// called now.
func (p *Pin) MatchesInstalled() bool {
	return p.Kind == "release" && !slices.ContainsFunc(p.Match, func(m PinMatch) bool {
		return !strings.Contains("*ac", m.Key) || !p.like(m.Value, "now")
	})
}

// Matches reports whether a pin by release or origin is about an index.
func (p *Pin) Matches(opts Options) bool {
	if p.Kind == "origin" {
		return p.like(p.Match[0].Value, opts.Site)
	}
	for _, m := range p.Match {
		if !p.condition(m, &opts) {
			return false
		}
	}
	return p.Kind == "release"
}

// condition reports whether an index fulfils one condition.
func (p *Pin) condition(m PinMatch, opts *Options) bool {
	switch m.Key {
	case "a":
		return p.like(m.Value, opts.Suite)
	case "n":
		return p.like(m.Value, opts.Codename)
	case "o":
		return p.like(m.Value, opts.Origin)
	case "l":
		return p.like(m.Value, opts.Label)
	case "c":
		return p.like(m.Value, opts.Component)
	case "b":
		return p.like(m.Value, opts.Architecture)
	case "v":
		return p.like(m.Value, opts.Version)
	}
	return p.like(m.Value, opts.Suite) || p.like(m.Value, opts.Codename)
}

// MatchesPattern compares with a pattern of *, ? and [a-z]. Slashes count as any other
// character, and case doesn't count.
func MatchesPattern(pattern, s string) bool {
	ok, err := path.Match(shellPattern.Replace(strings.ToLower(pattern)), shellPattern.Replace(strings.ToLower(s)))
	return err == nil && ok
}

// shellPattern makes a shell's pattern one of package path.
var shellPattern = strings.NewReplacer("/", "\x00", "[!", "[^")
