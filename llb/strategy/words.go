// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"regexp"
	"slices"
	"strings"
)

// firstLine is the first line of a script that does something, from where it does,
// shortened. Options of the shell, directories that are made or changed to and
// variables come before the work; a script that has nothing else is called by its
// first such line.
func firstLine(run string) string {
	first := ""
	for line := range strings.SplitSeq(run, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if work := withoutPreparation(line); work != "" {
			return shortened(work)
		}
		if first == "" && !strings.HasPrefix(line, "set ") {
			first = line
		}
	}
	if first != "" {
		return shortened(first)
	}
	return "a command"
}

var (
	separator = regexp.MustCompile(`\s*(;|&&)\s*`)
	assigned  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

// withoutPreparation drops commands at the start of a line that only prepare what
// comes after them.
func withoutPreparation(line string) string {
	for line != "" {
		command, rest := line, ""
		if at := separator.FindStringIndex(line); at != nil {
			command, rest = line[:at[0]], line[at[1]:]
		}
		if !prepares(command) {
			return line
		}
		line = rest
	}
	return ""
}

// prepares reports whether a command only prepares what comes after it. One with
// quotes or substitutions may go on after the separator that it was cut at.
func prepares(command string) bool {
	words := strings.Fields(command)
	if len(words) == 0 {
		return true
	}
	if strings.ContainsAny(command, "'\"`(|>{\\") && !strings.Contains(command, "${") {
		return false
	}
	return slices.Contains([]string{"set", "mkdir", "cd", "export", "umask", ":", "shopt", "trap", "local"}, words[0]) ||
		!slices.ContainsFunc(words, func(w string) bool { return !assigned.MatchString(w) })
}

func shortened(line string) string {
	const most = 60
	if r := []rune(line); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return line
}
