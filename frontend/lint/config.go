// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/spec"
)

// Config says which findings matter. The zero value reports all of them.
type Config struct {
	// Error makes a build with findings fail.
	Error   bool
	skip    []string
	skipAll bool
	// line is where the build file says it; 0 for elsewhere.
	line int
}

// Configure reads a build file's line "# check=", as a Dockerfile has it; what the
// request says, if it does, holds instead.
func Configure(file string, data []byte, request *linter.Config) (Config, error) {
	if request != nil {
		return Config{Error: request.ReturnAsError, skip: request.SkipRules, skipAll: request.SkipAll}, nil
	}
	lines := checkLines(data)
	if len(lines) == 0 {
		return Config{}, nil
	}
	s, line := spec.Spec{File: file, Data: data}, lines[0].number
	if len(lines) > 1 {
		return Config{}, s.Errorf(spec.Pos{Line: lines[1].number, Column: 1}, "there is a line # check= already, on line %d", line).WithHint("write one line # check=skip=RULE,RULE;error=true")
	}
	from, err := linter.ParseLintOptions(lines[0].text)
	if err != nil {
		return Config{}, s.Errorf(spec.Pos{Line: line, Column: 1}, "read the line # check=: %w", err).WithHint("write # check=skip=RULE,RULE;error=true")
	}
	return Config{Error: from.ReturnAsError, skip: from.SkipRules, skipAll: from.SkipAll, line: line}, nil
}

type checkLine struct {
	number int
	text   string
}

// checkDirective is a line as BuildKit reads those of Dockerfiles.
var checkDirective = regexp.MustCompile(`(?i)^#\s*check\s*=\s*(.+?)\s*$`)

// checkLines are those among the comments that a build file begins with. In a Dockerfile
// another comment ends them; here one names the schema for editors.
func checkLines(data []byte) []checkLine {
	var found []checkLine
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) > 0 && line[0] != '#' {
			break
		}
		if m := checkDirective.FindSubmatch(line); m != nil {
			found = append(found, checkLine{number, string(m[1])})
		}
	}
	return found
}

// Skips reports whether findings of a rule are dropped.
func (c Config) Skips(rule string) bool {
	return c.skipAll || slices.ContainsFunc(c.skip, func(name string) bool { return current(name) == rule })
}

// current is the name that a rule has now.
func current(name string) string {
	if name == "SecretInImage" {
		return SecretsUsedInArgOrEnv
	}
	return name
}

// unknown finds names in the build file that no rule has.
func (c Config) unknown(s *spec.Spec) []*spec.Error {
	if c.line == 0 {
		return nil
	}
	var names []string
	for _, r := range Rules() {
		names = append(names, r.Name)
	}
	var found []*spec.Error
	for _, name := range c.skip {
		if !slices.Contains(names, current(name)) {
			e := s.Errorf(spec.Pos{Line: c.line, Column: 1}, "%s", fmt.Sprintf("there is no rule %q to skip", name))
			found = append(found, of(UnknownRule, e.WithHint(spell.DidYouMean(name, names))))
		}
	}
	return found
}
