// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/strata-build/strata/internal/call"
	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/quirks"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// Options say how packages are installed in the image at /.
type Options struct {
	// Base is where the image without the packages is mounted.
	Base string
	// Meta is the directory with a directory of each Unpack's meta.
	Meta string
	// Names are those that were asked for, without versions.
	Names []string
	// AllowHeld lets packages change that the base holds.
	AllowHeld bool
	// Expected is what is known of package files.
	Expected []packages.Expected
	// KeepConffiles keeps configuration files that are there already.
	KeepConffiles bool
	// Accounts are entered by Assemble as soon as the root lists some.
	Accounts call.Entries
	// Log is where the tools' output goes.
	Log *os.File
}

// Register enters unpacked packages in the database of the image at / and lets
// its dpkg configure them.
func Register(ctx context.Context, opt Options) error {
	groups, err := unpack.ReadGroups[*Package](opt.Meta)
	if err != nil {
		return err
	}
	b, err := readBase(opt.Base)
	if err != nil {
		return err
	}
	why, err := check(b, groups)
	if err != nil {
		return fmt.Errorf("register packages: %w", err)
	}
	if why != "" {
		return fmt.Errorf("register packages: %s; the base's own tool would have to install them: let what made it so come after all packages", why)
	}
	packages, err := sorted(groups)
	if err != nil {
		return err
	}
	return inImage(ctx, "/", opt, func(c *commands) error {
		return c.register(b, newScripts(b, groups), packages)
	})
}

// register does so with the image prepared.
func (c *commands) register(b *base, s *scripts, packages []*Package) error {
	for _, p := range packages {
		run, why, err := s.preinst(p)
		if err != nil {
			return err
		}
		if !run || why != "" {
			continue // check has looked at why not
		}
		if err := c.preinst(p); err != nil {
			return err
		}
	}
	if err := enter(c.root, b, packages); err != nil {
		return err
	}
	if err := restoreDirectories(c.root, b, packages); err != nil {
		return err
	}
	restore, err := c.shortenQuestions(packages)
	if err != nil {
		return err
	}
	o := newOrder(packages, b.status)
	if err := errors.Join(c.configure(o, inLanes(c.root, o)), restore()); err != nil {
		return err
	}
	return allInstalled(c.root, packages)
}

// shortenQuestions answers what ca-certificates asks in every new image, until the
// function that it returns is called.
func (c *commands) shortenQuestions(packages []*Package) (restore func() error, err error) {
	for _, p := range packages {
		if p.Name() == "ca-certificates" {
			return quirks.ShortenQuestions(rootdir.Root(c.root), filepath.Join(infoDir, p.Info+".config"))
		}
	}
	return func() error { return nil }, nil
}

// sorted are the packages of all groups, by name.
func sorted(groups []*group) ([]*Package, error) {
	var all []*Package
	for _, g := range groups {
		all = append(all, g.Packages...)
	}
	sortPackages(all)
	for i := 1; i < len(all); i++ {
		if all[i].Info == all[i-1].Info {
			return nil, fmt.Errorf("register packages: %s is there twice", all[i].Info)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("register packages: there are none")
	}
	return all, nil
}

// enter writes the packages into the database as unpacked ones.
func enter(root string, b *base, packages []*Package) error {
	file := filepath.Join(root, statusFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("enter packages in the database: %w", err)
	}
	var s strings.Builder
	s.WriteString(strings.TrimRight(string(text), "\n") + "\n\n")
	for _, p := range packages {
		s.WriteString(p.stanza("unpacked").String() + "\n")
	}
	if err := os.WriteFile(file, []byte(s.String()), 0o644); err != nil {
		return fmt.Errorf("enter packages in the database: %w", err)
	}
	t, err := readTriggers(b)
	if err != nil {
		return err
	}
	return t.write(root, packages)
}

// stanza is the package's paragraph in the database.
func (p *Package) stanza(state string) control.Paragraph {
	fields := p.Control.Without("Status", "Conffiles")
	out := append(control.Paragraph{fields[0], {Name: "Status", Value: "install ok " + state}}, fields[1:]...)
	if len(p.Conffiles) == 0 {
		return out
	}
	var s strings.Builder
	for _, c := range p.Conffiles {
		s.WriteString("\n " + c.Path + " " + cmp.Or(c.MD5, "newconffile"))
		if c.Removed {
			s.WriteString(" " + removeOnUpgrade)
		}
	}
	return append(out, control.Field{Name: "Conffiles", Value: s.String()})
}

// allInstalled makes sure that nothing is left half done.
func allInstalled(root string, packages []*Package) error {
	b, err := readBase(root)
	if err != nil {
		return err
	}
	var left []string
	for _, p := range packages {
		if state := b.state(p.Control); state != "installed" {
			left = append(left, p.Name()+" ("+state+")")
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("configure packages: dpkg left some of them half done: %s", strings.Join(left, ", "))
	}
	return nil
}
