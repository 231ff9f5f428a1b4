// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/maintscript"
)

// checkScripts looks on scratch, where nothing can be run, whether each script
// would do something of use.
func (in *installer) checkScripts() error {
	if in.Scripts != Follow {
		return nil
	}
	var problems []string
	for _, p := range in.packages {
		for _, s := range p.Scripts {
			why := ""
			switch s.Name {
			case "pre-install", "post-install":
				why = in.does(p, s.Name, s.Body, p.Info.Version)
			case "trigger":
				why = in.does(p, s.Name, s.Body, "")
			}
			if why != "" {
				problems = append(problems, p.Info.Name+": "+s.Name+": "+why)
			}
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("these packages have scripts that need a system to run on, and of which it isn't known what to do instead; "+
			"use a base of Alpine, or leave them out by \"scripts: skip\" and see to it yourself:\n  %s", strings.Join(problems, "\n  "))
	}
	return nil
}

// does says what a script does that matters; it is empty for one that does
// nothing of the kind, or whose work is done here.
func (in *installer) does(p *Package, which string, body []byte, arg string) string {
	if in.known(p, which) {
		return ""
	}
	course, err := maintscript.Follow(string(body), maintscript.Options{
		Do: leftOut, Args: []string{arg}, Env: map[string]string{"APK_PACKAGE": p.Info.Name + "-" + p.Info.Version, "APK_SCRIPT": which},
	})
	if err != nil {
		return err.Error()
	}
	for _, c := range course.Calls {
		if !isIdle(c) {
			return fmt.Sprintf("%s (line %d)", c.Text, c.Line)
		}
	}
	switch {
	case course.Succeeds == maintscript.True:
		return ""
	case course.Succeeds == maintscript.False && course.Code != 0:
		return fmt.Sprintf("it fails with status %d (line %d)", course.Code, course.Line)
	case course.Succeeds == maintscript.False:
		return fmt.Sprintf("it fails (line %d)", course.Line)
	}
	return fmt.Sprintf("it isn't known whether it fails (line %d)", course.Line)
}

// known are the scripts whose work is done here, or is done already.
func (in *installer) known(p *Package, which string) bool {
	switch p.Info.Name {
	case "busybox":
		// links does it, if the package says which links it wants.
		return slices.ContainsFunc(p.Files, func(f File) bool { return dirOf(f.Path) == busyboxPaths })
	case "ca-certificates":
		// The bundle is a file of ca-certificates-bundle.
		return which != "pre-install" && slices.ContainsFunc(in.packages, func(p *Package) bool { return p.Info.Name == "ca-certificates-bundle" })
	}
	return false
}

// isIdle reports whether a command has no effect on an image that nothing runs in
// while it is made.
func isIdle(c maintscript.Call) bool {
	if len(c.Args) == 0 || !c.Known[0] {
		return false
	}
	switch c.Args[0] {
	case "which", "type", "getent", "id", "readlink", "grep", "cut", "tr", "basename", "dirname", "cat", "stat", "uname", "head", "tail",
		"wc", "rc-update", "rc-service":
		return true
	case "command":
		return len(c.Args) > 1 && c.Known[1] && (c.Args[1] == "-v" || c.Args[1] == "-V")
	}
	return false
}

// leftOut says that services, which nothing starts while an image is made, count as
// entered.
func leftOut(c maintscript.Call) maintscript.Truth {
	if c.Args[0] == "rc-update" || c.Args[0] == "rc-service" {
		return maintscript.True
	}
	return maintscript.Unknown
}

// busyboxPaths is where busybox lists what it can be called by.
const busyboxPaths = "etc/busybox-paths.d"

// links makes busybox's links on scratch, as its own script does elsewhere.
func (in *installer) links() error {
	if in.Scripts != Follow {
		return nil
	}
	for _, p := range in.packages {
		for _, f := range p.Files {
			if f.Directory || dirOf(f.Path) != busyboxPaths {
				continue
			}
			text, err := os.ReadFile(filepath.Join(in.Root, f.At))
			if err != nil {
				return err
			}
			for _, name := range strings.Fields(string(text)) {
				if err := in.link(name); err != nil {
					return fmt.Errorf("make the link %s to busybox: %w", name, err)
				}
			}
		}
	}
	return nil
}

// link makes a link to busybox unless there is something already.
func (in *installer) link(name string) error {
	if !path.IsAbs(name) {
		name = "/" + name
	}
	at, err := skeleton(in.Root).place(path.Clean(name), false)
	if err != nil {
		return err
	}
	at = filepath.Join(in.Root, at)
	if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.Symlink("/bin/busybox", at))
}
