// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/strata-build/strata/internal/distro/accounts"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/fhs"
)

// shell is one for a script of the package that is configured now. Before unpacking,
// what this package and later ones bring isn't there yet.
func (a *assembler) shell(before bool) *noshell.Shell {
	files := &noshell.Files{Root: a.root}
	if before {
		at := a.position[a.now]
		files.Hidden = func(p string) bool {
			if fhs.TopMerged(p) == p {
				return false // links are there before all packages
			}
			first, brought := a.brought[archive.UsrPath(p, true)]
			return brought && first >= at
		}
	}
	sh := &noshell.Shell{
		Files: files, Path: programDirs(), Commands: a.commands(), Packages: missing(),
		Present: []string{
			"dpkg", "dpkg-query", "dpkg-trigger", "dpkg-divert", "dpkg-statoverride", "dpkg-maintscript-helper", "update-alternatives",
			"deb-systemd-helper", "deb-systemd-invoke", "update-rc.d", "invoke-rc.d", "ldconfig",
		},
	}
	if _, err := files.Stat(confmodule, true); err == nil {
		sh.Sources = map[string]string{confmodule: debconfFunctions()}
	}
	return sh
}

// missing says which package of Debian has a command or a file that scripts need, where
// that isn't among what the package depends on: essential packages are nowhere.
func missing() map[string]string {
	return map[string]string{
		rootdir.Users: "base-passwd", rootdir.Groups: "base-passwd", confmodule: "debconf", "update-passwd": "base-passwd",
		"adduser": "adduser", "addgroup": "adduser", "useradd": "passwd", "groupadd": "passwd", "usermod": "passwd",
		"ucf": "ucf", "ucfr": "ucf", "update-ca-certificates": "ca-certificates",
		"/usr/share/dpkg/sh/dpkg-error.sh": "dpkg",
	}
}

// commands are what scripts of Debian can run beside what every system has.
func (a *assembler) commands() map[string]noshell.Command {
	all := map[string]noshell.Command{
		"dpkg": a.dpkg, "dpkg-realpath": a.realpath, "dpkg-query": a.dpkg, "dpkg-divert": a.divert, "dpkg-statoverride": a.override, "dpkg-trigger": a.trigger,
		"dpkg-maintscript-helper": helper, "update-alternatives": a.updateAlternatives, debconfCommand: a.debconf,
		"ucf": a.ucf, "ucfr": a.ucfr, "openssl": openssl, "run-parts": runParts, "java": javaStore, "keytool": keytool,
		"dbus-uuidgen": dbusUUID, "systemd-machine-id-setup": a.machineID, "pam-auth-update": a.pamAuthUpdate, "getcap": getcap, "setcap": setcap,
		"journalctl": journalctl, "systemd-tmpfiles": tmpfiles, "lighty-enable-mod": a.enableLighttpd, "git": a.git, "update-locale": a.updateLocale,
	}
	for _, name := range []string{
		"deb-systemd-helper", "deb-systemd-invoke", "invoke-rc.d", "update-rc.d", "systemctl", "ldconfig", "py3compile", "pycompile",
		"update-menus", "telinit", "ischroot", "fc-cache", "iconvconfig",
	} {
		all[name] = leftOut
	}
	for _, name := range []string{"pgrep", "pidof", "pkill", "killall", "aa-enabled"} {
		all[name] = findsNothing
	}
	for name := range apacheParts() {
		all[name] = a.enableApache
	}
	for _, p := range a.packages {
		for _, name := range p.Files {
			if do := byPath(name); do != nil {
				all[name] = do
			}
		}
	}
	maps.Copy(all, onlyWith(accounts.Debian(), a.root))
	return all
}

// leftOut is a command that starts or enters a service, or makes what programs do
// without: a cache, or bytecode; or it asks whether no system is running.
func leftOut(*noshell.Call) error { return nil }

// findsNothing looks for programs that run, or for what a running kernel has.
func findsNothing(*noshell.Call) error { return noshell.Status(1) }

// onlyWith are the commands of those whose programs are in the root: scripts that run
// them need them.
func onlyWith(all map[string]noshell.Command, root rootdir.Root) map[string]noshell.Command {
	out := map[string]noshell.Command{}
	for name, do := range all {
		for _, dir := range programDirs() {
			if _, err := os.Stat(root.At(path.Join(dir, name))); err == nil {
				out[name] = do
			}
		}
	}
	return out
}

// follow runs a script of the package, in the shell, and notes what speaks against it.
func (a *assembler) follow(sh *noshell.Shell, text, name string, args ...string) {
	err := sh.Run(context.Background(), noshell.Script{
		Name: filepath.Join(infoDir, a.now.Info+"."+name), Text: text, Args: args,
		Env: []string{
			"DPKG_ROOT=", "DEBIAN_FRONTEND=noninteractive", "DPKG_MAINTSCRIPT_NAME=" + name, "DPKG_MAINTSCRIPT_PACKAGE=" + a.now.Name(),
			"DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1", "DPKG_MAINTSCRIPT_DEBUG=0",
			"DPKG_MAINTSCRIPT_ARCH=" + a.now.Control.Get("Architecture"), "DPKG_ADMINDIR=" + adminDir, "DPKG_RUNNING_VERSION=" + a.version("dpkg"),
		},
	})
	if err != nil {
		a.problem("its script %s: %v", name, err)
	}
}

// version is that of a package; empty for none.
func (a *assembler) version(name string) string {
	for _, p := range a.packages {
		if p.Name() == name {
			return p.Control.Get("Version")
		}
	}
	return ""
}

// script is one of a package's; empty for none.
func (a *assembler) script(p *Package, name string) (string, error) {
	text, err := os.ReadFile(a.root.At(filepath.Join(infoDir, p.Info+"."+name)))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return strings.TrimPrefix(string(text), "\ufeff"), err
}
