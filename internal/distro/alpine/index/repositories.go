// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A File is one of the files that list repositories.
type File struct{ Name, Text string }

// ParseRepositories reads the files that list repositories, in apk's order, for an
// architecture. Each line is an address, perhaps after a @tag and before components
// of it, or what apk 3 knows besides: "v2" in front, and variables that "set" gives.
func ParseRepositories(arch string, files ...File) ([]Repository, error) {
	p := &repositoryParser{variables: map[string]string{"APK_ARCH": arch}}
	for _, f := range files {
		n := 0
		for line := range strings.SplitSeq(f.Text, "\n") {
			n++
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if err := p.line(line); err != nil {
				return nil, fmt.Errorf("read repositories: %s: line %d: %.200q: %w", f.Name, n, line, err)
			}
		}
	}
	return p.all, nil
}

// A repositoryParser is what was read so far. Variables count in later files, too.
type repositoryParser struct {
	all       []Repository
	variables map[string]string
}

func (p *repositoryParser) line(line string) error {
	words := strings.Fields(line)
	switch word := words[0]; {
	case word[0] == '@' || isAddress(word):
	case word == "set":
		return p.set(strings.TrimSpace(strings.TrimPrefix(line, "set")))
	case word == "v2":
		words = words[1:]
	case word == "v3" || word == "ndx":
		return errors.New("indexes of apk's format 3 are not supported")
	default:
		return errors.New("want an address, and perhaps a @tag in front")
	}
	tag := ""
	if len(words) > 0 && words[0][0] == '@' {
		if tag, words = words[0][1:], words[1:]; tag == "" || len(words) == 0 {
			return errors.New("it has a tag and no address, or no tag after the @")
		}
	}
	if len(words) == 0 {
		return errors.New("want an address")
	}
	return p.add(tag, words[0], strings.Join(words[1:], " "))
}

// add notes a repository, or one for each of its components.
func (p *repositoryParser) add(tag, address, components string) error {
	address, err := p.substitute(address)
	if err != nil {
		return err
	}
	if components, err = p.substitute(components); err != nil {
		return err
	}
	address = strings.TrimRight(address, "/")
	switch {
	case address == "" || !isAddress(address) || strings.Contains(address, "$"):
		return errors.New("it is not an address that is supported here")
	case strings.HasSuffix(address, ".adb") || strings.HasSuffix(address, ".tar.gz"):
		return errors.New("want the address of a repository, not that of its index")
	}
	parts := strings.Fields(components)
	if len(parts) == 0 {
		p.all = append(p.all, Repository{URL: address, Tag: tag})
	}
	for _, part := range parts {
		part = strings.Trim(part, "/")
		if part == "" || part[0] == '#' || strings.ContainsAny(part, "$:@") {
			return fmt.Errorf("%q is not a component of the address; a comment has a line of its own", part)
		}
		p.all = append(p.all, Repository{URL: address + "/" + part, Tag: tag})
	}
	return nil
}

// set notes a variable: NAME=VALUE, or -default NAME=VALUE for one that has no value.
func (p *repositoryParser) set(text string) error {
	rest, unset := strings.CutPrefix(text, "-default ")
	name, value, ok := strings.Cut(strings.TrimSpace(rest), "=")
	if !ok || !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`).MatchString(name) || strings.HasPrefix(name, "APK_") {
		return errors.New("it is not the definition of a variable")
	}
	value, err := p.substitute(value)
	if err != nil {
		return err
	}
	if _, has := p.variables[name]; !has || !unset {
		p.variables[name] = value
	}
	return nil
}

// maxLine limits what variables make of a part of a line, in bytes, as in apk.
const maxLine = 4096

// substitute puts in variables: ${NAME}, or ${NAME:N} for the first N bytes of one.
func (p *repositoryParser) substitute(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${")
		b.WriteString(before)
		if !ok || b.Len() > maxLine {
			break
		}
		key, after, ok := strings.Cut(rest, "}")
		if !ok {
			return "", errors.New("it has a ${ without a }")
		}
		name, length, cut := strings.Cut(key, ":")
		value, ok := p.variables[name]
		if !ok {
			return "", fmt.Errorf("it has the variable %.80q, which nothing sets; there are %s", name, strings.Join(slices.Sorted(maps.Keys(p.variables)), ", "))
		}
		if cut {
			n, err := strconv.ParseUint(length, 10, 16)
			if err != nil {
				return "", fmt.Errorf("%.80q is not a length", length)
			}
			value = value[:min(int(n), len(value))]
		}
		b.WriteString(value)
		text = after
	}
	if b.Len() > maxLine {
		return "", errors.New("it is too long")
	}
	return b.String(), nil
}

// isAddress reports whether a word is an address or a directory, and no keyword.
func isAddress(word string) bool { return word[0] == '/' || strings.Contains(word, "://") }
