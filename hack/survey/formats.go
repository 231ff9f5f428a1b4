// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"unicode"
)

// formatWords are the formats of packages, as words of a name or a string.
func formatWords() map[string]bool {
	return map[string]bool{"deb": true, "debs": true, "apk": true, "apks": true, "rpm": true, "rpms": true}
}

// distributions are the directories that a package of a distribution is in.
func distributions() []string {
	return []string{"/internal/distro/debian", "/internal/distro/alpine", "/internal/distro/redhat"}
}

// formats counts the files that name a package format in an identifier or a
// string, or import a distribution's packages, outside of where formats belong.
func formats(c *code) count {
	var places []string
	for _, p := range c.pkgs {
		for _, file := range p.Syntax {
			name := c.file(file.Pos())
			// What internal/convert reads are the calls of tools for packages in Dockerfiles.
			if under(name, "internal/distro") || under(name, "llb/spec") || under(name, "internal/convert") {
				continue
			}
			if pos, word := namesFormat(file); word != "" {
				places = append(places, c.place(pos, word))
			}
		}
	}
	return listed("files that name a package format", 2, places)
}

// namesFormat is where a file names a package format first, and how.
func namesFormat(file *ast.File) (at token.Pos, how string) {
	words := formatWords()
	ast.Inspect(file, func(n ast.Node) bool {
		if how != "" {
			return false
		}
		switch n := n.(type) {
		case *ast.ImportSpec:
			for _, dir := range distributions() {
				if strings.Contains(n.Path.Value, dir) {
					at, how = n.Pos(), "imports "+n.Path.Value
				}
			}
			return n.Name != nil
		case *ast.Ident:
			for _, w := range camel(n.Name) {
				if words[w] {
					at, how = n.Pos(), n.Name
				}
			}
		case *ast.BasicLit:
			for _, w := range stringWords(n) {
				if words[w] {
					at, how = n.Pos(), fmt.Sprintf("%.40s", n.Value)
				}
			}
		}
		return true
	})
	return at, how
}

// camel splits an identifier into its words, in lower case: APKInfo is apk, info.
func camel(name string) []string {
	var words []string
	runes := []rune(name)
	start := 0
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || newWord(runes, i) {
			words = append(words, strings.ToLower(string(runes[start:i])))
			start = i
		}
	}
	return words
}

// newWord reports whether a word of an identifier begins at i.
func newWord(runes []rune, i int) bool {
	up, was := unicode.IsUpper(runes[i]), unicode.IsUpper(runes[i-1])
	if up && !was {
		return true
	}
	// The last capital of several begins the next word, unless it is a plural: APKs.
	return was && up && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && string(runes[i+1:]) != "s"
}

// stringWords are the words of a string literal, in lower case.
func stringWords(lit *ast.BasicLit) []string {
	if lit.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
