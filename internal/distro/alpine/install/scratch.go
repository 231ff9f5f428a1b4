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

	"github.com/strata-build/strata/internal/distro/accounts"
	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// follow runs a script where nothing can be run: by a shell of its own. What it can't do
// is noted. Before a package is unpacked, what it and later ones bring isn't there.
func (in *installer) follow(p *Package, which string, body []byte, args []string) {
	sh := &noshell.Shell{
		Files: &noshell.Files{Root: rootdir.Root(in.Root)}, Path: []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}, Busybox: true,
		Commands: in.commands(), Packages: missing(), Present: []string{"busybox", "adduser", "addgroup"},
	}
	if strings.HasPrefix(which, "pre-") {
		sh.Files.Hidden = in.notYet(p)
	}
	err := sh.Run(in.ctx, noshell.Script{
		Name: "/lib/apk/exec/" + p.Info.Name + "." + which, Text: string(body), Args: args,
		Env: []string{"APK_PACKAGE=" + p.Info.Name + "-" + p.Info.Version, "APK_SCRIPT=" + which},
	})
	if err != nil {
		in.problems = append(in.problems, p.Info.Name+": "+which+": "+err.Error())
	}
}

// notYet reports whether a package, or one that is installed after it, brings a path
// that no earlier one has.
func (in *installer) notYet(p *Package) func(string) bool {
	if in.brought == nil {
		in.brought = map[string]int{}
		for i, q := range in.packages {
			for _, f := range q.Files {
				for at := "/" + f.Path; at != "/" && in.brought[at] == 0; at = path.Dir(at) {
					in.brought[at] = i + 1
				}
			}
		}
	}
	now := slices.Index(in.packages, p) + 1
	return func(at string) bool { return in.brought[at] >= now }
}

// missing says which package of Alpine has what scripts need.
func missing() map[string]string {
	return map[string]string{
		rootdir.Users: "alpine-baselayout-data", rootdir.Groups: "alpine-baselayout-data", "update-ca-certificates": "ca-certificates-bundle",
		"useradd": "shadow", "groupadd": "shadow", "usermod": "shadow",
	}
}

// commands are what scripts of Alpine can run beside what every system has.
func (in *installer) commands() map[string]noshell.Command {
	all := accounts.Busybox()
	nothing := func(*noshell.Call) error { return nil }
	all["rc-update"], all["rc-service"] = nothing, nothing // no service is started or entered
	all["busybox"] = in.busybox
	all["update-ca-certificates"] = func(c *noshell.Call) error {
		// The bundle is a file of ca-certificates-bundle.
		if _, err := c.Files().Stat("/etc/ssl/certs/ca-certificates.crt", true); err != nil {
			return noshell.Refuse("it is a program, which can't be run here%s", c.Shell.Bringer("update-ca-certificates"))
		}
		return nil
	}
	if slices.ContainsFunc(in.packages, func(p *Package) bool { return p.Info.Name == "shadow" }) {
		for _, name := range []string{"useradd", "groupadd", "usermod"} {
			all[name] = accounts.Debian()[name]
		}
	}
	return all
}

// busybox does what one of its parts does. Its links are made in the end.
func (in *installer) busybox(c *noshell.Call) error {
	if len(c.Args) > 1 && c.Args[1] == "--install" {
		for _, p := range in.packages {
			if slices.ContainsFunc(p.Files, func(f File) bool { return dirOf(f.Path) == busyboxPaths }) {
				return nil
			}
		}
		return noshell.Refuse("it isn't known which links it makes")
	}
	if len(c.Args) < 2 {
		return noshell.Refuse("it isn't followed")
	}
	return c.Other(c.Args[1:])
}

// refused is an error if scripts couldn't be run.
func (in *installer) refused() error {
	if len(in.problems) == 0 {
		return nil
	}
	return fmt.Errorf("these packages have scripts of which it isn't known what to do where there is no system to run them on; "+
		"use a base of Alpine, or leave scripts out by \"scripts: skip\" and see to it yourself:\n  %s", strings.Join(in.problems, "\n  "))
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
