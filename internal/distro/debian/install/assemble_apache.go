// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// apacheDir is where Apache's configuration is.
const apacheDir = "/etc/apache2"

// apacheParts are the parts of Apache's configuration that can be enabled, by the programs
// that do it; see a2enmod(8).
func apacheParts() map[string]apachePart {
	return map[string]apachePart{
		"a2enmod":  {"module", "mods", ".load"},
		"a2enconf": {"conf", "conf", ".conf"},
		"a2ensite": {"site", "sites", ".conf"},
	}
}

// apachePart is a kind of what can be enabled: its word, its directories, and the
// extension of its files.
type apachePart struct{ word, dir, ext string }

// enableApache makes links to parts of the configuration, and notes who wanted them.
func (a *assembler) enableApache(c *noshell.Call) error {
	opt, names, err := c.Options("q quiet=q m maintmode=m f force=f")
	if err != nil {
		return err
	}
	if _, err := c.Files().Stat("/usr/sbin/a2enmod", true); err != nil {
		return noshell.Refuse("it isn't there%s", c.Shell.Bringer("a2enmod"))
	}
	by := "admin"
	if opt.Has("m") {
		by = "maint"
	}
	e := enabling{a: a, files: c.Files(), part: apacheParts()[c.Args[0]], by: by}
	for _, name := range names {
		name = strings.TrimSuffix(name, e.part.ext)
		if strings.ContainsAny(name, "*?[{~/ ") {
			return noshell.Refuse("it isn't followed with patterns")
		}
		if err := e.enable(name); err != nil {
			return err
		}
		if err := c.Print(e.said.String()); err != nil {
			return err
		}
		e.said.Reset()
	}
	return nil
}

// enabling is one run of a program that enables.
type enabling struct {
	a     *assembler
	files *noshell.Files
	part  apachePart
	by    string
	said  strings.Builder
}

// enable enables a part after what it depends on.
func (e *enabling) enable(name string) error {
	available, enabled := apacheDir+"/"+e.part.dir+"-available/", apacheDir+"/"+e.part.dir+"-enabled/"
	if e.part.word == "module" && name == "cgi" && (e.is(enabled+"mpm_event.load") || e.is(enabled+"mpm_worker.load")) {
		e.said.WriteString("Your MPM seems to be threaded. Selecting cgid instead of cgi.\n")
		name = "cgid"
	}
	text, err := e.files.Read(available + name + e.part.ext)
	if err != nil {
		return err
	}
	if err := e.related(string(text), enabled); err != nil {
		return err
	}
	if e.is(enabled + name + e.part.ext) {
		return nil
	}
	files := []string{name + e.part.ext}
	if e.part.word == "module" && e.is(available+name+".conf") {
		files = []string{name + ".conf", name + e.part.ext}
	}
	for _, file := range files {
		if err := e.a.root.Link(enabled+file, "../"+path.Base(available)+"/"+file); err != nil {
			return err
		}
	}
	e.said.WriteString("Enabling " + e.part.word + " " + name + ".\n")
	return e.mark(name)
}

// related enables what a module depends on, and wants that of other parts to be enabled,
// and what a module excludes not to be.
func (e *enabling) related(text, enabled string) error {
	module := e.part.word == "module"
	for _, name := range apacheNames(text, "Depends") {
		switch {
		case module:
			if err := e.enable(name); err != nil {
				return err
			}
		case !e.is(apacheDir + "/mods-enabled/" + name + ".load"):
			return noshell.Status(1)
		}
	}
	for _, name := range apacheNames(text, "Conflicts") {
		if module && e.is(enabled+name+e.part.ext) {
			return noshell.Status(1)
		}
	}
	return nil
}

// mark notes who enabled a part, in the place of who did so before.
func (e *enabling) mark(name string) error {
	state := "/var/lib/apache2/" + e.part.word
	for _, by := range []string{"enabled_by_admin", "enabled_by_maint", "disabled_by_admin", "disabled_by_maint"} {
		if err := os.Remove(e.a.root.At(path.Join(state, by, name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return e.a.root.Write(path.Join(state, "enabled_by_"+e.by, name), "", 0o644)
}

func (e *enabling) is(p string) bool {
	_, err := e.files.Stat(p, true)
	return err == nil
}

// apacheNames are the names that the head of a file, its comments, has after a word.
func apacheNames(text, word string) []string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# "+word+":"); ok {
			return strings.Fields(rest)
		}
		if line != "" && line[0] != '#' {
			break
		}
	}
	return nil
}
