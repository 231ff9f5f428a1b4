// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// The files of dpkg's database.
const (
	adminDir   = "/var/lib/dpkg"
	statusFile = adminDir + "/status"
)

// A base is an image with a database of dpkg, mounted somewhere.
type base struct {
	root string
	// status are the paragraphs of all packages that dpkg knows, by name and
	// architecture: jq:amd64. Packages for all architectures count as the native
	// one's.
	status map[string]control.Paragraph
	arch   string
}

// ErrNoDatabase says that an image has no database of dpkg.
var ErrNoDatabase = errors.New("the image has no package database of dpkg; packages of Debian need a base of Debian or Ubuntu, or scratch")

// readBase reads the database of the image mounted at root.
func readBase(root string) (*base, error) {
	text, err := os.ReadFile(filepath.Join(root, statusFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoDatabase
	}
	if err != nil {
		return nil, fmt.Errorf("read the package database: %w", err)
	}
	all, err := control.ParseParagraphs(string(text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", statusFile, err)
	}
	b := &base{root: root, status: map[string]control.Paragraph{}}
	for _, p := range all {
		if p.Get("Package") == "dpkg" {
			b.arch = p.Get("Architecture")
		}
	}
	if b.arch == "" {
		return nil, fmt.Errorf("read %s: it has no package dpkg; the base can't install packages", statusFile)
	}
	for _, p := range all {
		b.status[b.key(p)] = p
	}
	return b, nil
}

// key is a package's name and architecture.
func (b *base) key(p control.Paragraph) string {
	arch := p.Get("Architecture")
	if arch == "all" || arch == "" {
		arch = b.arch
	}
	return p.Get("Package") + ":" + arch
}

// state is the last word of a package's status: installed, unpacked and so on.
// It is not-installed for one that dpkg doesn't know.
func (b *base) state(p control.Paragraph) string {
	words := strings.Fields(b.status[b.key(p)].Get("Status"))
	if len(words) != 3 {
		return "not-installed"
	}
	return words[2]
}

// number is that of an owner's name in the base; it is empty if it isn't there.
func (b *base) number(o Owner) (string, error) {
	if o.Group {
		return rootdir.Root(b.root).Number(rootdir.Groups, o.Name)
	}
	return rootdir.Root(b.root).Number(rootdir.Users, o.Name)
}

// mode is the type and permission bits of what the base has at a path; 0 for
// nothing.
func (b *base) mode(at string) (uint32, error) {
	var st unix.Stat_t
	err := unix.Lstat(filepath.Join(b.root, at), &st)
	switch {
	case leadsNowhere(err):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("look at %s: %w", at, err)
	}
	return st.Mode, nil
}

// leadsNowhere reports whether an error says that nothing is at a path, whatever
// is on the way.
func leadsNowhere(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// lines reads a file of the database; there is none if it doesn't exist.
func (b *base) lines(name string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(b.root, adminDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the package database: %w", err)
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), nil
}
