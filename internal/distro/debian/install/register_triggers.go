// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// triggers are who wants to know when, as dpkg's directory of that name has it.
type triggers struct {
	// files are the lines of File: a path and who watches it.
	files []string
	// named are the lines of the file of each trigger that isn't a path.
	named map[string][]string
}

// triggerName is what dpkg takes for the name of a trigger that isn't a path.
var triggerName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z+.-]*$`)

// isTriggerName reports whether dpkg can have a trigger of that name: a path, or the
// name of a file of its database beside those with names of their own.
func isTriggerName(name string) bool {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name) != "/" && !strings.HasSuffix(name, "/") && !strings.Contains(name, "//") && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
	}
	return triggerName.MatchString(name) && !slices.Contains([]string{"File", "Unincorp", "Lock"}, name)
}

// checkTriggers refuses a package's file of triggers if dpkg would, or if a name in it
// would be another file of the database than a trigger's.
func checkTriggers(text string) error {
	known := []string{"interest", "interest-await", "interest-noawait", "activate", "activate-await", "activate-noawait"}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case !slices.Contains(known, words[0]):
			return fmt.Errorf("read triggers: there is no directive %.80q", words[0])
		case len(words) != 2 || !isTriggerName(words[1]):
			return fmt.Errorf("read triggers: %.80q can't be a trigger's name", strings.Join(words[1:], " "))
		}
	}
	return nil
}

// interests reads what packages want to know of. A trigger is given as
//
//	interest NAME
//
// or with -await or -noawait; see deb-triggers(5).
func (t *triggers) interests(p *Package) {
	for line := range strings.SplitSeq(p.Triggers, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) != 2 {
			continue
		}
		who := p.Info
		switch words[0] {
		case "interest", "interest-await":
		case "interest-noawait":
			who += "/noawait"
		default:
			continue
		}
		if strings.HasPrefix(words[1], "/") {
			t.files = append(t.files, words[1]+" "+who)
		} else {
			t.named[words[1]] = append(t.named[words[1]], who)
		}
	}
}

// readTriggers reads the watched paths of the image at root.
func readTriggers(b *base) (*triggers, error) {
	t := &triggers{named: map[string][]string{}}
	lines, err := b.lines("triggers/File")
	if err != nil {
		return nil, err
	}
	t.files = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	return t, nil
}

// activated are the watched paths that packages have something at or below.
func (t *triggers) activated(packages []*Package) []string {
	watched := map[string]bool{}
	for _, line := range t.files {
		p, _, _ := strings.Cut(line, " ")
		watched[p] = false
	}
	seen := map[string]bool{}
	visit := func(p string) {
		for ; p != "/" && !seen[p]; p = path.Dir(p) {
			seen[p] = true
			if _, ok := watched[p]; ok {
				watched[p] = true
			}
		}
	}
	for _, p := range packages {
		for _, list := range [][]string{p.Files, p.Links} {
			for _, name := range list {
				visit(name)
			}
		}
		for _, f := range p.Directories {
			visit(f.Path)
		}
	}
	var found []string
	for p, hit := range watched {
		if hit {
			found = append(found, p)
		}
	}
	slices.Sort(found)
	return found
}

// write enters what packages watch, and that there is something new where others
// watch, in the database of the image at root.
func (t *triggers) write(root string, packages []*Package) error {
	for _, p := range packages {
		t.interests(p)
	}
	if err := t.writeInterests(root); err != nil {
		return err
	}
	var news []string
	for _, p := range t.activated(packages) {
		news = append(news, p+" -")
	}
	return addLines(filepath.Join(root, adminDir, "triggers", "Unincorp"), news, false)
}

// writeInterests enters who watches what.
func (t *triggers) writeInterests(root string) error {
	dir := filepath.Join(root, adminDir, "triggers")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("enter triggers: %w", err)
	}
	if err := addLines(filepath.Join(dir, "File"), t.files, true); err != nil {
		return err
	}
	for name, who := range t.named {
		if name == "File" || name == "Unincorp" || name == "Lock" || strings.Contains(name, "/") {
			return fmt.Errorf("enter triggers: %q can't be a trigger's name", name)
		}
		if err := addLines(filepath.Join(dir, name), who, false); err != nil {
			return err
		}
	}
	return nil
}

// addLines adds lines to a file, or replaces it by them.
func addLines(file string, lines []string, replace bool) error {
	if len(lines) == 0 {
		return nil
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if replace {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(file, flags, 0o644)
	if err != nil {
		return fmt.Errorf("enter triggers: %w", err)
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("enter triggers: %w", err)
	}
	return nil
}
