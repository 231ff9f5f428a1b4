// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Filters are the paths that a base wants packages to leave out, from its
// dpkg.cfg: a pattern after "-" excludes, one after "+" includes again, and the
// last one that matches decides.
type Filters []string

// check makes sure that each filter is one.
func (f Filters) check() error {
	for _, filter := range f {
		if len(filter) < 2 || filter[0] != '-' && filter[0] != '+' {
			return fmt.Errorf("read filter %q: want + or - and a pattern", filter)
		}
	}
	return nil
}

// skips reports whether a path is left out. A directory or a link that a later "+"
// may need stays, as in dpkg's filter_should_skip.
func (f Filters) skips(p string, keepable bool) bool {
	skip := false
	for _, filter := range f {
		if matches(filter[1:], p) {
			skip = filter[0] == '-'
		}
	}
	if !skip || !keepable {
		return skip
	}
	return !slices.ContainsFunc(f, func(filter string) bool {
		fixed := filter[1:]
		if cut := strings.IndexAny(fixed, `*?[\`); cut >= 0 {
			fixed = fixed[:cut]
		}
		fixed = strings.TrimRight(fixed, "/")
		// C's strncmp with the pattern's length: the shorter path never matches.
		return filter[0] == '+' && strings.HasPrefix(p, fixed)
	})
}

// matches is fnmatch without flags: * and ? match slashes too. Of what a * stands for, only
// the last one is tried again, which finds all that there is.
func matches(pattern, s string) bool {
	var behind, from string // what follows the last *, and where that was tried last
	starred := false
	for pattern != "" || s != "" {
		if strings.HasPrefix(pattern, "*") {
			pattern = pattern[1:]
			behind, from, starred = pattern, s, true
			continue
		}
		if pattern != "" && s != "" {
			if rest, ok := matchesOne(pattern, s[0]); ok {
				pattern, s = rest, s[1:]
				continue
			}
		}
		if !starred || from == "" {
			return false
		}
		from = from[1:]
		pattern, s = behind, from
	}
	return true
}

// matchesOne matches a byte against a pattern's start, and returns the rest of it.
func matchesOne(pattern string, c byte) (rest string, ok bool) {
	switch pattern[0] {
	case '?':
		return pattern[1:], true
	case '[':
		if in, rest, ok := class(pattern, c); ok {
			return rest, in
		}
	case '\\':
		if pattern = pattern[1:]; pattern == "" {
			return "", false
		}
	}
	return pattern[1:], pattern[0] == c
}

// class matches a byte against a bracket expression at the pattern's start. It
// isn't an expression if it doesn't end.
func class(pattern string, c byte) (in bool, rest string, ok bool) {
	p := pattern[1:]
	negated := p != "" && (p[0] == '!' || p[0] == '^')
	if negated {
		p = p[1:]
	}
	for first := true; p != "" && (p[0] != ']' || first); first = false {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(p, "[:"), ":]"); ok && strings.HasPrefix(p, "[:") {
			in, p = in || inClass(name, c), rest
			continue
		}
		var low, high byte
		low, p = literal(p)
		high = low
		if len(p) > 1 && p[0] == '-' && p[1] != ']' {
			high, p = literal(p[1:])
		}
		in = in || low <= c && c <= high
	}
	if p == "" {
		return false, "", false
	}
	return in != negated, p[1:], true
}

// literal is the byte that a bracket expression goes on with, and what follows it.
func literal(p string) (byte, string) {
	if p[0] == '\\' && len(p) > 1 {
		p = p[1:]
	}
	return p[0], p[1:]
}

// inClass reports whether a byte is in a class of characters, as POSIX has them.
func inClass(name string, c byte) bool {
	lower, upper, digit := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9'
	graph := '!' <= c && c <= '~'
	switch name {
	case "alpha":
		return lower || upper
	case "alnum":
		return lower || upper || digit
	case "digit":
		return digit
	case "xdigit":
		return digit || strings.IndexByte("abcdefABCDEF", c) >= 0
	case "lower":
		return lower
	case "upper":
		return upper
	case "punct":
		return graph && !lower && !upper && !digit
	case "graph":
		return graph
	case "print":
		return graph || c == ' '
	case "blank":
		return c == ' ' || c == '\t'
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "cntrl":
		return c < ' ' || c == 0x7f
	}
	return false
}

// readFilters reads the filters of the base at root, in the order in which dpkg
// reads its configuration.
func readFilters(root string) (Filters, error) {
	dir := filepath.Join(root, "etc/dpkg/dpkg.cfg.d")
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("read dpkg's configuration: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !strings.ContainsFunc(e.Name(), func(r rune) bool {
			return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", r)
		}) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	files = append(files, filepath.Join(root, "etc/dpkg/dpkg.cfg"))
	var found Filters
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("read dpkg's configuration: %w", err)
		}
		found = append(found, parseFilters(string(text))...)
	}
	return found, nil
}

// option divides a line as dpkg does: a name, one other character, perhaps =, and
// the value, perhaps in quotes.
func option(line string) (key, value string) {
	line = strings.TrimRight(line, " \t\r")
	end := strings.IndexFunc(line, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return line, ""
	}
	value = strings.TrimLeft(strings.TrimPrefix(line[end+1:], "="), " \t")
	if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		value = value[1 : len(value)-1]
	}
	return line[:end], value
}

func parseFilters(text string) Filters {
	var found Filters
	for line := range strings.SplitSeq(text, "\n") {
		key, value := option(line)
		switch key {
		case "path-exclude":
			found = append(found, "-"+value)
		case "path-include":
			found = append(found, "+"+value)
		}
	}
	return found
}
