// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-build/strata/internal/distro/debian/quirks"
)

// Native lets the tool of the image at / install package files, in one go and
// without a network: apt-get, or dpkg where there is none.
func Native(ctx context.Context, files []string, opt Options) error {
	for _, file := range files {
		if _, err := expectedControl(file, opt.Expected); err != nil {
			return fmt.Errorf("install %s: %w", filepath.Base(file), err)
		}
	}
	return inImage(ctx, "/", opt, func(c *commands) error {
		b, err := readBase(c.root)
		if err != nil {
			return err
		}
		if !opt.AllowHeld {
			if err := b.checkHeld(files); err != nil {
				return err
			}
		}
		if _, err := os.Stat(filepath.Join(c.root, "/usr/bin/apt-get")); err != nil {
			return errors.Join(c.installAll(files), c.hold(b))
		}
		for _, dir := range []string{"lists/partial", "cache/archives/partial", "log"} {
			if err := os.MkdirAll(filepath.Join(aptDir, dir), 0o755); err != nil {
				return fmt.Errorf("prepare apt-get: %w", err)
			}
		}
		if err := c.run(append(c.aptGet(), files...), environment()); err != nil {
			return err
		}
		after, err := readBase(c.root)
		if err != nil {
			return err
		}
		for key := range b.status {
			if _, ok := after.status[key]; !ok {
				return fmt.Errorf("install packages: apt-get removed %s", key)
			}
		}
		return c.hold(b)
	})
}

// installAll lets dpkg install package files in apt's order.
func (c *commands) installAll(files []string) error {
	packages, of, err := described(files)
	if err != nil {
		return err
	}
	err = newOrder(packages, nil).unpack(func(some ...*Package) error {
		args := []string{"--no-triggers", "--unpack"}
		for _, p := range some {
			args = append(args, of[p])
		}
		return c.dpkg(args...)
	}, c.early)
	if err != nil {
		return err
	}
	return c.dpkg("--configure", "--pending")
}

// aptDir is where apt keeps what it needs while it runs. /tmp is in memory in a
// step.
const aptDir = "/tmp/strata-apt"

// aptGet installs packages from files, and nothing that isn't among them: there
// are no lists.
func (c *commands) aptGet() []string {
	args := []string{"apt-get", "install", "--yes", "--no-install-recommends", "--allow-downgrades", "--no-remove", "--allow-change-held-packages"}
	for _, option := range []string{
		"Dir::State::lists=" + aptDir + "/lists",
		"Dir::Cache=" + aptDir + "/cache",
		"Dir::Log=" + aptDir + "/log",
		"Dir::Etc::sourcelist=/dev/null",
		"Dir::Etc::sourceparts=/dev/null",
		"APT::Sandbox::User=root",
		"APT::Keep-Downloaded-Packages=false",
		"Dpkg::Use-Pty=0",
		"DPkg::Path=" + quirks.ShimDir + ":/usr/sbin:/usr/bin:/sbin:/bin",
		"Dpkg::Options::=--force-unsafe-io",
		"Dpkg::Options::=--log=/dev/null",
	} {
		args = append(args, "-o", option)
	}
	if c.keep {
		args = append(args, "-o", "Dpkg::Options::="+keepOld)
	}
	return args
}
