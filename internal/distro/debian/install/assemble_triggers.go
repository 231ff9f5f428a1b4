// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// trigger is dpkg-trigger: who watches the name hears of it at the end, if it is
// configured already.
func (a *assembler) trigger(c *noshell.Call) error {
	opt, rest, err := c.Options("no-await await by-package: check-supported")
	if err != nil {
		return err
	}
	if opt.Has("check-supported") {
		return nil
	}
	if len(rest) != 1 {
		return noshell.Refuse("it isn't followed")
	}
	a.activate(rest[0])
	return nil
}

// activate tells the packages that watch a name and are configured.
func (a *assembler) activate(name string) {
	for _, p := range a.packages {
		if a.position[p] < a.position[a.now] && slices.Contains(watched(p), name) && !slices.Contains(a.pending[p], name) {
			a.pending[p] = append(a.pending[p], name)
		}
	}
}

// watched are the names, or paths, that a package wants to hear of.
func watched(p *Package) []string {
	return triggerLines(p, "interest", "interest-await", "interest-noawait")
}

// triggerLines are the names after some words of a package's triggers.
func triggerLines(p *Package, words ...string) []string {
	var names []string
	for line := range strings.Lines(p.Triggers) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) == 2 && slices.Contains(words, f[0]) {
			names = append(names, f[1])
		}
	}
	return names
}

// maxTriggered limits how often packages tell each other something.
const maxTriggered = 8

// triggered lets packages hear of what happened after they were configured. What was
// unpacked is no news: it was there before.
func (a *assembler) triggered() error {
	for range maxTriggered {
		waiting := a.pending
		a.pending = map[*Package][]string{}
		if len(waiting) == 0 {
			return nil
		}
		for _, p := range a.packages {
			if len(waiting[p]) == 0 {
				continue
			}
			text, err := a.script(p, "postinst")
			if err != nil {
				return err
			}
			if a.now = p; text != "" {
				a.follow(a.shell(false), text, "postinst", "triggered", strings.Join(waiting[p], " "))
			}
		}
	}
	a.problem("its triggers go on without an end")
	return nil
}
