// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/quirks"
)

// lanes are packages in the order in which dpkg may configure them, with those
// taken aside whose script only compiles Python. That takes as long as all other
// scripts together, nothing that isn't configured after them reads what they
// write, and they write nothing that another one does. So they run beside.
type lanes struct {
	// before are what the packages aside need.
	before []*Package
	// aside and beside are configured at the same time.
	aside, beside []*Package
	// after are those that need the packages aside.
	after []*Package
}

// inLanes sorts packages into lanes; all are in beside when none can be taken
// aside.
func inLanes(root string, o *order) lanes {
	packages := o.packages
	if _, err := os.Stat(filepath.Join(root, "/usr/sbin/update-binfmts")); err == nil {
		return lanes{beside: packages} // the scripts would use it
	}
	if slices.ContainsFunc(packages, func(p *Package) bool { return makesAccounts(root, p) }) {
		return lanes{beside: packages} // whose numbers follow from the order
	}
	return o.split(func(p *Package) bool { return compiles(root, p) })
}

// makesAccounts reports whether a script of a package may make users or groups.
func makesAccounts(root string, p *Package) bool {
	for _, name := range []string{"preinst", "postinst"} {
		text, err := os.ReadFile(filepath.Join(root, infoDir, p.Info+"."+name))
		if err != nil {
			continue
		}
		for _, program := range []string{"adduser", "useradd", "addgroup", "groupadd", "sysusers"} {
			if bytes.Contains(text, []byte(program)) {
				return true
			}
		}
	}
	return false
}

// split takes packages aside.
func (o *order) split(aside func(*Package) bool) lanes {
	var l lanes
	var rest []*Package
	for _, p := range o.packages {
		if aside(p) {
			l.aside = append(l.aside, p)
		} else {
			rest = append(rest, p)
		}
	}
	for _, p := range rest {
		above := o.below(p, l.aside) > 0
		below := slices.ContainsFunc(l.aside, func(q *Package) bool { return o.below(q, []*Package{p}) > 0 })
		switch {
		case above && below:
			return lanes{beside: o.packages} // a circle
		case above:
			l.after = append(l.after, p)
		case below:
			l.before = append(l.before, p)
		default:
			l.beside = append(l.beside, p)
		}
	}
	// What comes last lets dpkg write its database again.
	if len(l.aside) == 0 || len(l.after) == 0 {
		return lanes{beside: o.packages}
	}
	slices.SortStableFunc(l.aside, func(a, b *Package) int {
		return cmp.Compare(o.below(a, l.aside), o.below(b, l.aside))
	})
	return l
}

// below is how many of others a package needs, however indirectly.
func (o *order) below(p *Package, others []*Package) int {
	n := 0
	for _, q := range o.all(p) {
		if slices.Contains(others, q) {
			n++
		}
	}
	return n
}

// compiles reports whether configuring a package is to compile Python, and nothing
// else.
func compiles(root string, p *Package) bool {
	if len(p.Conffiles) > 0 || p.Triggers != "" || !strings.HasPrefix(p.Name(), "python3.") {
		return false
	}
	text, err := os.ReadFile(filepath.Join(root, infoDir, p.Info+".postinst"))
	if err != nil {
		return false
	}
	return quirks.OnlyCompiles(quirks.Package{
		Name: p.Name(), Version: p.Control.Get("Version"), Architecture: p.Control.Get("Architecture"),
	}, string(text))
}

// configure lets dpkg configure packages, those of one lane aside. Without lanes,
// and at the end of them, the order is dpkg's own, which is apt's.
func (c *commands) configure(o *order, l lanes) error {
	if len(l.aside) == 0 {
		if err := c.early(o.early()...); err != nil {
			return err
		}
		return c.dpkg("--configure", "--pending")
	}
	if err := c.configureAll(l.before); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- c.compile(l.aside) }()
	err := c.configureAll(l.beside)
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	if err := markInstalled(c.root, l.aside); err != nil {
		return err
	}
	return c.dpkg("--configure", "--pending")
}

// configureAll lets dpkg configure packages.
func (c *commands) configureAll(packages []*Package) error {
	if len(packages) == 0 {
		return nil
	}
	args := []string{"--configure"}
	for _, p := range packages {
		args = append(args, p.Info)
	}
	return c.dpkg(args...)
}

// compile runs the scripts of packages aside as dpkg does.
func (c *commands) compile(packages []*Package) error {
	for _, p := range packages {
		fmt.Fprintf(c.log, "Setting up %s (%s) ...\n", p.Info, p.Control.Get("Version"))
		if err := c.script(p, quirks.LaneDir+":"+scriptPath, "postinst", "configure", ""); err != nil {
			return err
		}
	}
	return nil
}

// markInstalled notes in the database that packages are configured.
func markInstalled(root string, packages []*Package) error {
	file := filepath.Join(root, statusFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("enter packages in the database: %w", err)
	}
	paragraphs := strings.Split(string(text), "\n\n")
	for i, paragraph := range paragraphs {
		for _, p := range packages {
			if isOf(paragraph, p) {
				paragraphs[i] = strings.Replace(paragraph, "\nStatus: install ok unpacked", "\nStatus: install ok installed", 1)
			}
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(paragraphs, "\n\n")), 0o644); err != nil {
		return fmt.Errorf("enter packages in the database: %w", err)
	}
	return nil
}

// isOf reports whether a paragraph of the database is a package's.
func isOf(paragraph string, p *Package) bool {
	text := "\n" + paragraph + "\n"
	return strings.Contains(text, "\nPackage: "+p.Name()+"\n") && strings.Contains(text, "\nArchitecture: "+p.Control.Get("Architecture")+"\n")
}
