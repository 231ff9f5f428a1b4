// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/archive"
)

// known are packages whose scripts can't be followed, and what they come to on
// an image where nothing was before.
func (a *assembler) known() map[string]func() error {
	nothing := func() error { return nil }
	return map[string]func() error{
		"base-passwd":     nothing, // accounts has been there already
		"ca-certificates": a.certificates,
		"debconf":         nothing,
		"libc6":           nothing,
		"passwd":          a.shadow,
		"tzdata":          a.zone,
	}
}

// accounts writes the users and groups that every Debian has.
func (a *assembler) accounts() error {
	for _, name := range []string{"passwd", "group"} {
		text, err := os.ReadFile(a.at("/usr/share/base-passwd/" + name + ".master"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := a.write("/etc/"+name, string(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shadow moves the passwords, of which there are none, to where only root reads
// them. The day of their last change stays empty; see shadow(5).
func (a *assembler) shadow() error {
	for _, f := range []struct{ open, hidden, rest string }{{"/etc/passwd", "/etc/shadow", ":0:99999:7:::"}, {"/etc/group", "/etc/gshadow", ":"}} {
		text, err := os.ReadFile(a.at(f.open))
		if err != nil {
			return err
		}
		var open, hidden strings.Builder
		for line := range strings.Lines(string(text)) {
			fields := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
			if len(fields) != 3 {
				continue
			}
			open.WriteString(fields[0] + ":x:" + fields[2] + "\n")
			hidden.WriteString(fields[0] + ":" + fields[1] + ":" + f.rest + "\n")
		}
		if err := errors.Join(a.write(f.open, open.String(), 0o644), a.write(f.hidden, hidden.String(), 0o640)); err != nil {
			return err
		}
		if gid, err := a.id("/etc/group", "shadow"); err == nil {
			if err := os.Chown(a.at(f.hidden), 0, gid); err != nil {
				return err
			}
		}
	}
	return nil
}

// zone is the time zone without anybody to ask for it.
func (a *assembler) zone() error {
	return errors.Join(a.relink("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"), a.write("/etc/timezone", "Etc/UTC\n", 0o644))
}

// database writes dpkg's.
func (a *assembler) database() error {
	sorted := slices.Clone(a.packages)
	slices.SortFunc(sorted, func(x, y *Package) int { return strings.Compare(x.Info, y.Info) })
	var b strings.Builder
	for _, p := range sorted {
		b.WriteString(inOrder(p.stanza("installed")).String() + "\n")
	}
	for name, text := range map[string]string{
		statusFile: b.String(), adminDir + "/info/format": "1\n", adminDir + "/available": "", adminDir + "/diversions": "", adminDir + "/statoverride": "",
	} {
		if err := a.write(name, text, 0o644); err != nil {
			return err
		}
	}
	for _, dir := range []string{"updates", "triggers", "parts", "alternatives"} {
		if err := os.MkdirAll(a.at(adminDir+"/"+dir), 0o755); err != nil {
			return fmt.Errorf("write the database: %w", err)
		}
	}
	t := &triggers{named: map[string][]string{}}
	for _, p := range a.packages {
		t.interests(p)
	}
	return t.writeInterests(a.root)
}

// fieldOrder is that in which dpkg writes the fields of its database.
func fieldOrder() []string {
	return []string{
		"Package", "Essential", "Protected", "Status", "Priority", "Section", "Installed-Size", "Origin", "Maintainer", "Bugs",
		"Architecture", "Multi-Arch", "Source", "Version", "Config-Version", "Replaces", "Provides", "Depends", "Pre-Depends",
		"Recommends", "Suggests", "Breaks", "Conflicts", "Enhances", "Conffiles", "Description",
	}
}

// inOrder is a paragraph with its fields in dpkg's order; others come last.
func inOrder(p archive.Paragraph) archive.Paragraph {
	rank := func(f archive.Field) int {
		if i := slices.IndexFunc(fieldOrder(), func(name string) bool { return strings.EqualFold(name, f.Name) }); i >= 0 {
			return i
		}
		return len(fieldOrder())
	}
	out := slices.Clone(p)
	slices.SortStableFunc(out, func(a, b archive.Field) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}
