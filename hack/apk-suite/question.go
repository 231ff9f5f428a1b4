// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A question is a command of apk, with what it finds.
type question struct {
	name string
	// args are the words of the command, its name first.
	args      []string
	world     []string
	repos     []repository
	installed string // the database's text
	want      answer
}

// A repository is the text of an index, with the tag of the repository or none.
type repository struct{ tag, text string }

// An answer is what apk would do.
type answer struct {
	failed bool
	// steps are "+name version" and "-name" in the order of apk's lines.
	steps []string
}

// readQuestion reads a test of apk's, and what apk prints then.
func readQuestion(file string) (*question, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	q := &question{name: strings.TrimSuffix(filepath.Base(file), ".test")}
	head, expected, found := strings.Cut(string(text), "@EXPECT\n")
	for line := range strings.Lines(head) {
		if err := q.read(filepath.Dir(file), strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	if len(q.args) == 0 || !found {
		return nil, fmt.Errorf("read %s: it has no @ARGS or no @EXPECT", file)
	}
	q.want = readAnswer(expected)
	return q, nil
}

// read reads a line of a test; files are in a directory.
func (q *question) read(dir, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "@ARGS":
		q.args = append(q.args, strings.Fields(rest)...)
	case "@WORLD":
		q.world = strings.Fields(rest)
	case "@INSTALLED":
		text, err := os.ReadFile(filepath.Join(dir, rest))
		q.installed = string(text)
		return err
	case "@REPO":
		tag, file, tagged := strings.Cut(rest, " ")
		if !tagged {
			tag, file = "", rest
		}
		text, err := os.ReadFile(filepath.Join(dir, file))
		q.repos = append(q.repos, repository{strings.TrimPrefix(tag, "@"), string(text)})
		return err
	case "@CACHE":
		// What it has makes a difference to --no-network alone.
	default:
		return fmt.Errorf("%.80q is not a line of a test", line)
	}
	return nil
}

var step = regexp.MustCompile(`^\(\d+/\d+\) (\w+) ([^ @]+)(?:@\S+)? \((?:.* -> )?(.*)\)$`)

// readAnswer reads what apk prints.
func readAnswer(text string) answer {
	var a answer
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		a.failed = a.failed || strings.HasPrefix(line, "ERROR: ")
		m := step.FindStringSubmatch(line)
		switch {
		case m == nil || strings.Contains(line, ") Updating pinning "):
			// The same package, from another repository.
		case m[1] == "Purging":
			a.steps = append(a.steps, "-"+m[2])
		default:
			a.steps = append(a.steps, "+"+m[2]+" "+m[3])
		}
	}
	return a
}
