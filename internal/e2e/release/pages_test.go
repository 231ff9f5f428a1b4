// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testManual shows each page by man, and looks there for what --help says.
func testManual(t *testing.T, program, dir string) {
	pages, err := os.ReadDir(dir)
	if err != nil || len(pages) < 25 {
		t.Fatalf("there are %d pages: %v", len(pages), err)
	}
	for _, page := range pages {
		text := must(t, dir, []string{"MANWIDTH=2000", "LC_ALL=C.UTF-8", "MAN_KEEP_FORMATTING="}, "man", "--warnings", "--nh", "--nj", "-l", page.Name())
		words := strings.Split(strings.TrimSuffix(page.Name(), ".1"), "-")
		if !strings.Contains(text, "Nov 2023") || !strings.Contains(text, "strata "+version) {
			t.Errorf("%s doesn't say of when and of which version it is:\n%s", page.Name(), text)
		}
		help := must(t, "", nil, program, append(words[1:], "--help")...)
		for _, line := range flagLines.FindAllStringSubmatch(help, -1) {
			if !strings.Contains(text, line[1]) {
				t.Errorf("%s lacks %s", page.Name(), line[1])
			}
			if usage := strings.TrimSpace(defaults.ReplaceAllString(line[2], "")); !strings.Contains(squeeze(text), squeeze(usage)) {
				t.Errorf("%s lacks %q", page.Name(), usage)
			}
		}
	}
}

var (
	// flagLines are a flag of --help and its description.
	flagLines = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)[^ ]*(?: [a-zA-Z]+)?  +(.*)$`)
	defaults  = regexp.MustCompile(`\(default [^()]*\)$`)
)

// squeeze leaves out what man breaks and joins.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }

// testCompletion completes words by bash, as its users have it.
func testCompletion(t *testing.T, program, share string) {
	const script = `
. /usr/share/bash-completion/bash_completion
. "$0"
COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9 COMP_KEY=9
__start_strata 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"`
	env := []string{"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH")}
	for line, want := range map[string]string{
		"strata bui":           "build",
		"strata index cre":     "create",
		"strata build --metad": "--metadata-file",
		"strata completion z":  "zsh",
	} {
		args := append([]string{"-c", script, filepath.Join(share, "bash-completion", "completions", "strata")}, strings.Fields(line)...)
		if got := must(t, "", env, "bash", args...); !strings.HasPrefix(strings.TrimSpace(got), want) {
			t.Errorf("%s is completed to %q, want %q", line, got, want)
		}
	}
	for _, file := range []string{"zsh/site-functions/_strata", "fish/vendor_completions.d/strata.fish", "powershell/strata.ps1"} {
		if data := string(read(t, filepath.Join(share, file))); !strings.Contains(data, "strata") || len(data) < 1000 {
			t.Errorf("%s has %d bytes", file, len(data))
		}
	}
}
