// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// An answer is what would be done.
type answer struct {
	Failed bool
	Reason string // of a failure
	// Steps are "+name version" and "-name", sorted.
	Steps []string
}

var step = regexp.MustCompile(`(?m)^(Inst|Remv) (\S+) (?:\[[^\]]*\] ?)?(?:\((\S+) )?`)

// simulate asks apt-get. It answers no questions, as in a build, and may do all but change what
// is held.
func (s *scenario) simulate() (answer, error) {
	words := append([]string{"-s", "-y", "--allow-downgrades", "--allow-remove-essential", "--allow-unauthenticated"}, s.options...)
	if s.held {
		words = append(words, "--allow-change-held-packages")
	}
	if s.upgrade {
		words = append(words, "upgrade", "--with-new-pkgs")
	} else {
		words = append(words, "install")
	}
	cmd := exec.Command("/usr/bin/apt-get", append(words, s.packages...)...) //nolint:gosec // the words of the script
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		s.output = out.String() + failure.String()
		return answer{Failed: true, Reason: lastLine(failure.String())}, nil
	}
	if err != nil {
		return answer{}, err
	}
	var a answer
	s.output = out.String()
	for _, m := range step.FindAllStringSubmatch(out.String(), -1) {
		if m[1] == "Remv" {
			a.Steps = append(a.Steps, "-"+m[2])
		} else {
			a.Steps = append(a.Steps, "+"+m[2]+" "+m[3])
		}
	}
	a.settle()
	return a, nil
}

// settle sorts the steps, and leaves out what goes only to come again.
func (a *answer) settle() {
	comes := map[string]bool{}
	for _, s := range a.Steps {
		if s[0] == '+' {
			comes[strings.Fields(s[1:])[0]] = true
		}
	}
	a.Steps = slices.DeleteFunc(a.Steps, func(s string) bool { return s[0] == '-' && comes[s[1:]] })
	slices.Sort(a.Steps)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// same reports whether two answers are.
func (a answer) same(b answer) bool {
	return a.Failed && b.Failed || a.Failed == b.Failed && slices.Equal(a.Steps, b.Steps)
}

// String is an answer in a line.
func (a answer) String() string {
	if a.Failed {
		return fmt.Sprintf("fails (%s)", a.Reason)
	}
	return fmt.Sprintf("%q", a.Steps)
}
