// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// isHeld reports whether dpkg holds a package.
func isHeld(p control.Paragraph) bool { return strings.HasPrefix(p.Get("Status"), "hold ") }

// checkHeld refuses package files that would change what the base holds.
func (b *base) checkHeld(files []string) error {
	packages, _, err := described(files)
	if err != nil {
		return err
	}
	for _, p := range packages {
		has := b.status[b.key(p.Control)]
		if isHeld(has) && has.Get("Version") != p.Control.Get("Version") {
			return fmt.Errorf("install packages: the base holds %s; write `allow_held: true` to change it all the same", p.Name())
		}
	}
	return nil
}

// hold holds again what a base held: dpkg forgets that when it installs a package.
func (c *commands) hold(before *base) error {
	after, err := readBase(c.root)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, key := range slices.Sorted(maps.Keys(before.status)) {
		p, ok := after.status[key]
		if ok && isHeld(before.status[key]) && !isHeld(p) {
			fmt.Fprintf(&lines, "%s:%s hold\n", p.Get("Package"), p.Get("Architecture"))
		}
	}
	if lines.Len() == 0 {
		return nil
	}
	last, err := rootdir.Run(&c.starter, func() *exec.Cmd {
		cmd := c.command("dpkg", "--set-selections")
		cmd.Env, cmd.Dir, cmd.Stdin = environment(), "/", strings.NewReader(lines.String())
		return cmd
	}, c.log)
	if err != nil {
		return fmt.Errorf("hold packages again: %w\n%s", err, last)
	}
	return nil
}
