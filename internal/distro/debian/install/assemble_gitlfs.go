// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// gitConfig is git's configuration of the whole system.
const gitConfig = "/etc/gitconfig"

// lfsFilter is what git-lfs enters there; its program puts the lines in another order each time.
const lfsFilter = `[filter "lfs"]
	clean = git-lfs clean -- %f
	smudge = git-lfs smudge -- %f
	process = git-lfs filter-process
	required = true
`

// git is followed as far as git-lfs enters itself in the configuration of the whole system.
func (a *assembler) git(c *noshell.Call) error {
	if !slices.Equal(c.Args[1:], []string{"lfs", "install", "--skip-repo", "--system"}) {
		return noshell.Refuse("it is a program, which can't be run here")
	}
	for _, name := range []string{"git", "git-lfs"} {
		if _, err := c.Files().Stat("/usr/bin/"+name, true); err != nil {
			return noshell.Refuse("%s isn't there", name)
		}
	}
	text, err := c.Files().Read(gitConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if strings.Contains(strings.ToLower(string(text)), "[filter ") {
		return noshell.Refuse("%s has filters already", gitConfig)
	}
	if len(text) > 0 && !strings.HasSuffix(string(text), "\n") {
		text = append(text, '\n')
	}
	if err := a.root.Write(gitConfig, string(text)+lfsFilter, 0o644); err != nil {
		return err
	}
	return c.Print("Git LFS initialized.\n")
}
