// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// Where pam-auth-update(8) finds the profiles and the files that it fills in, and keeps
// what it has done.
const (
	pamProfiles  = "/usr/share/pam-configs"
	pamTemplates = "/usr/share/pam"
	pamSaved     = "/var/lib/pam"
)

// pamTypes are the stacks that all services of PAM have in common.
func pamTypes() []string {
	return []string{"auth", "account", "password", "session", "session-noninteractive"}
}

// pamAuthUpdate makes the stacks that all services of PAM have in common of the profiles
// that packages bring, each as it is by default.
func (a *assembler) pamAuthUpdate(c *noshell.Call) error {
	forced := false
	for i := 1; i < len(c.Args); i++ {
		switch {
		case c.Args[i] == "--package":
		case c.Args[i] == "--force":
			forced = true
		case c.Args[i] == "--root" && i+1 < len(c.Args) && strings.Trim(c.Args[i+1], "/") == "":
			i++
		default:
			return noshell.Refuse("its option %s isn't followed", c.Args[i])
		}
	}
	if _, err := c.Files().Stat(pamSaved+"/"+pamTypes()[0], true); err != nil && !forced {
		return noshell.Refuse("libpam-runtime isn't configured yet")
	}
	all, err := readPAMProfiles(c.Files())
	if err != nil {
		return err
	}
	var seen strings.Builder
	for _, p := range all {
		seen.WriteString(p.file + "\n")
	}
	enabled := slices.DeleteFunc(all, func(p pamProfile) bool { return p.fields["Default"] != "yes" })
	if err := pamConflict(enabled); err != nil {
		return err
	}
	for _, kind := range pamTypes() {
		if err := a.pamStack(c.Files(), kind, enabled); err != nil {
			return err
		}
	}
	return a.root.Write(pamSaved+"/seen", seen.String(), 0o644)
}

// pamStack writes one stack, and what it has been made of.
func (a *assembler) pamStack(files *noshell.Files, kind string, enabled []pamProfile) error {
	place := "/etc/pam.d/common-" + kind
	template, err := files.Read(place)
	if errors.Is(err, fs.ErrNotExist) {
		template, err = files.Read(pamTemplates + "/common-" + kind)
	}
	if err != nil {
		return err
	}
	stack := pamStack{kind: kind}
	for _, p := range enabled {
		stack.add(p)
	}
	text, ok := stack.fillIn(string(template))
	if !ok {
		return noshell.Refuse("%s has no place for what it writes", place)
	}
	return errors.Join(a.root.Write(place, text, 0o644), a.root.Write(pamSaved+"/"+kind, stack.saved(), 0o644))
}

// pamProfile is what a package wants in the stacks.
type pamProfile struct {
	file     string
	priority int
	fields   map[string]string
}

// readPAMProfiles reads all profiles, the most important one first.
func readPAMProfiles(files *noshell.Files) ([]pamProfile, error) {
	entries, err := files.ReadDir(pamProfiles)
	if err != nil {
		return nil, err
	}
	var all []pamProfile
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "~") || e.Name()[0] == '#' && strings.HasSuffix(e.Name(), "#") {
			continue
		}
		text, err := files.Read(path.Join(pamProfiles, e.Name()))
		if err != nil {
			return nil, err
		}
		p := pamProfile{file: e.Name(), fields: parsePAMProfile(string(text))}
		if p.priority, err = strconv.Atoi(cmp.Or(p.fields["Priority"], "0")); err != nil {
			return nil, noshell.Refuse("the profile %s has the priority %q", p.file, p.fields["Priority"])
		}
		if !strings.Contains(string(text), "pam_tally") { // which is no longer there
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(x, y pamProfile) int {
		return cmp.Or(y.priority-x.priority, strings.Compare(y.file, x.file))
	})
	return all, nil
}

// parsePAMProfile reads fields whose further lines are those of a stack.
func parsePAMProfile(text string) map[string]string {
	fields := map[string]string{}
	name := ""
	for line := range strings.Lines(text) {
		if m := pamField.FindStringSubmatch(line); m != nil {
			name = strings.TrimSuffix(m[1], "-Final")
			fields[name] = m[2]
		} else if line = strings.TrimSpace(line); line != "" {
			fields[name] = strings.TrimLeft(fields[name]+"\n"+line, "\n")
		}
	}
	if _, only := fields["Session-Interactive-Only"]; !only {
		for _, part := range []string{"", "-Type", "-Initial"} {
			fields["Session-noninteractive"+part] = fields["Session"+part]
		}
	}
	return fields
}

var pamField = regexp.MustCompile(`^(\S+):\s+(.*)`)

// pamConflict refuses profiles that exclude each other, which someone has to decide.
func pamConflict(enabled []pamProfile) error {
	for _, p := range enabled {
		for other := range strings.SplitSeq(p.fields["Conflicts"], ", ") {
			if slices.ContainsFunc(enabled, func(q pamProfile) bool { return q.file == other }) {
				return noshell.Refuse("its profiles %s and %s exclude each other", p.file, other)
			}
		}
	}
	return nil
}

// pamStack are the modules of a stack: those of which one has to succeed, and those that
// are run besides.
type pamStack struct {
	kind                string
	primary, additional []pamModules
}

// pamModules are the lines of a profile.
type pamModules struct {
	profile string
	lines   []string
}

// add puts a profile's lines into the stack. What is the first of its part may have other ones.
func (s *pamStack) add(p pamProfile) {
	field := strings.ToUpper(s.kind[:1]) + s.kind[1:]
	to := &s.primary
	switch p.fields[field+"-Type"] {
	case "Primary":
	case "Additional":
		to = &s.additional
	default:
		return
	}
	lines := p.fields[field]
	if len(*to) == 0 {
		lines = cmp.Or(p.fields[field+"-Initial"], lines)
	}
	*to = append(*to, pamModules{p.file, strings.FieldsFunc(lines, func(r rune) bool { return r == '\n' })})
}

// The lines of a template around what is filled in.
const (
	pamPrimary    = `# here are the per-package modules (the "Primary" block)`
	pamFallback   = "# here's the fallback if no module succeeds"
	pamAdditional = `# and here are more per-package modules (the "Additional" block)`
	pamEnd        = "# end of pam-auth-update config"
)

// fillIn fills in a template; false if it has no place for that.
func (s *pamStack) fillIn(template string) (text string, ok bool) {
	first, rest, ok := pamBlock(template, pamPrimary, pamFallback)
	if !ok {
		return "", false
	}
	middle, last, ok := pamBlock(rest, pamAdditional, pamEnd)
	name, _, _ := strings.Cut(s.kind, "-")
	lines := pamLines(name, s.primary, 0)
	if lines == "" {
		lines = name + "\t" + pamPermit + "\n"
	}
	return first + lines + middle + pamLines(name, s.additional, 1) + last, ok
}

// pamPermit is what has a stack in which no module has to succeed go on.
const pamPermit = "[default=1]\t\t\tpam_permit.so"

// pamBlock divides a template around what is between two lines.
func pamBlock(template, from, to string) (before, after string, ok bool) {
	start := strings.Index("\n"+template, "\n"+from)
	if start < 0 {
		return "", "", false
	}
	line := strings.IndexByte(template[start:], '\n')
	if line < 0 {
		return "", "", false
	}
	start += line + 1
	end := strings.Index("\n"+template[start:], "\n"+to)
	if end < 0 {
		return "", "", false
	}
	return template[:start], template[start+end:], true
}

// pamLines are the lines of a part of a stack. A module that jumps to the end jumps over
// all that come after it.
func pamLines(name string, all []pamModules, less int) string {
	count := -less
	for _, m := range all {
		count += len(m.lines)
	}
	var b strings.Builder
	for _, m := range all {
		for _, line := range m.lines {
			module, options := line, ""
			if at := pamModule.FindStringIndex(line); at != nil {
				module, options = line[:at[1]], line[at[1]:]
			}
			b.WriteString(name + "\t" + strings.ReplaceAll(module, "end", strconv.Itoa(count)) + " " + strings.Join(strings.Fields(options), " ") + "\n")
			count--
		}
	}
	return b.String()
}

// pamModule is what a line has before a module's options: what its result means, and its name.
var pamModule = regexp.MustCompile(`^(\[[^]]+\]|\w+)\s+\S+`)

// saved is how the next run knows what the stack was made of.
func (s *pamStack) saved() string {
	var b strings.Builder
	for _, m := range slices.Concat(s.primary, s.additional) {
		b.WriteString("Module: " + m.profile + "\n" + strings.Join(m.lines, "\n") + "\n")
	}
	if len(s.primary) == 0 {
		return "Module: null\n" + pamPermit + "\n" + b.String()
	}
	return b.String()
}
