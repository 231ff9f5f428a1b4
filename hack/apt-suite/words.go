// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
)

// A scenario is a command of a script, and both answers.
type scenario struct {
	Script string `json:",omitempty"`
	// Words are the command, as the script has it.
	Words []string
	// Apart says why a build file can't ask for it.
	Apart string
	// Apt and Ours are the answers; Note is what ours says beside, and State something
	// that is another one for each state.
	Apt, Ours answer
	Note      string
	State     string
	Kind      kind `json:"-"`

	name     string   // of the program
	options  []string // apt's, such as -o and what follows
	packages []string
	upgrade  bool
	held     bool   // what is held may change
	output   string // of apt's simulation
}

// harmless are options that don't change which packages are chosen.
var harmless = []string{
	"--simulate", "--dry-run", "--yes", "--with-new-pkgs", "--no-download", "--download-only", "--print-uris", "--trivial-only",
	"--verbose-versions", "--allow-unauthenticated", "--allow-downgrades", "--allow-remove-essential", "--purge", "--no-install-suggests",
}

// short reports whether an option is letters of that kind, such as -qqsy.
func short(a string) bool {
	rest, ok := strings.CutPrefix(a, "-")
	return ok && rest != "" && strings.Trim(rest, "sydVuq=012") == ""
}

// release reports whether an option says the default release, perhaps behind -s.
func release(a string) bool {
	return a == "-t" || a == "-st" || a == "--target-release" || a == "--default-release"
}

// readWords reads a command line. It returns nil for one that installs nothing.
func readWords(name string, args []string) *scenario {
	s := &scenario{Words: append([]string{name}, args...), name: name}
	command := ""
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "-o" || a == "-c" || a == "--option" || a == "--config-file" || a == "--planner" || a == "--solver" || release(a):
			if i++; i < len(args) {
				s.options = append(s.options, a, args[i])
			}
		case strings.HasPrefix(a, "-o") || strings.HasPrefix(a, "-c"):
			s.options = append(s.options, a)
		case slices.Contains(harmless, a) || short(a) || a == "":
		case a == "--allow-change-held-packages":
			s.held = true
		case a == "--no-install-recommends" || a == "--install-recommends":
			s.options = append(s.options, a)
		case strings.HasPrefix(a, "-"):
			name, _, _ := strings.Cut(a, "=")
			s.apart("the option " + name)
		case command == "":
			command = a
		default:
			s.packages = append(s.packages, a)
		}
	}
	switch command {
	case "install":
		if len(s.packages) == 0 {
			s.apart("apt-get install without names")
		}
	case "upgrade", "dist-upgrade", "full-upgrade":
		s.upgrade = true
	default:
		return nil
	}
	s.checkNames()
	return s
}

func (s *scenario) apart(why string) {
	if s.Apart == "" {
		s.Apart = why
	}
}

// isFile reports whether a name is that of a package file.
func isFile(name string) bool {
	return strings.Contains(name, "/") && strings.ContainsAny(name[:1], "./")
}

// checkNames passes over what isn't the name of a package.
func (s *scenario) checkNames() {
	for _, name := range s.packages {
		before, _, _ := strings.Cut(name, "=")
		switch {
		case isFile(name):
			if path, release, _ := strings.Cut(name, ".deb"); release != "" || path == name {
				s.apart("files that aren't packages, or from a release")
			}
		case strings.ContainsAny(before, "*?^$[(~|") || strings.Contains(before, ".") && !strings.Contains(before, "-"):
			s.apart("patterns and tasks instead of names")
		case strings.HasSuffix(before, "+"):
			s.apart("a name with + behind")
		}
	}
	switch {
	case slices.Contains(s.options, "--solver"):
		s.apart("another solver")
	case slices.ContainsFunc(s.options, release):
		s.apart("a default release")
	}
}
