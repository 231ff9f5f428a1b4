// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// TestExpression asks grep, whose extended expressions are the C library's as apt's are.
func TestExpression(t *testing.T) {
	names := []string{"libmagick++-6.q16-8", "libstdc++6", "libstdc6", "g++", "g", "a+b", "aab", "ab", "b", "x]y", "php8.2-cli"}
	for _, text := range []string{
		"^libmagick++-6.q", "^libstdc++", "g++$", "^a?+b$", "^a+?b$", "^a**b$", `a\++b`, "^[a+]++b$", "[]x]*y", "^[[:alpha:]]++6$", "^php[0-9.]++-", "^g??$",
	} {
		compiled, err := expression(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, name := range names {
			cmd := exec.CommandContext(t.Context(), "grep", "-qiE", "-e", text)
			cmd.Stdin = strings.NewReader(name + "\n")
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
				t.Fatalf("grep -E %q: %v", text, err)
			}
			if got := compiled.MatchString(name); got != (err == nil) {
				t.Errorf("%s on %s: %v, grep says %v", text, name, got, err == nil)
			}
		}
	}
}

// FuzzExpression looks for expressions that end the program.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{"^g++", "[", "[[:", `\`, "(a|b)*+?", "[^]]++"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if compiled, err := expression(text); err == nil {
			compiled.MatchString(text)
		}
	})
}
