// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/maintscript"
)

// checkScripts wants the scripts that dpkg runs before unpacking to do nothing,
// or nothing that would be different after unpacking.
func checkScripts(b *base, groups []*group) string {
	s := newScripts(b, groups)
	for _, g := range groups {
		for _, p := range g.Packages {
			if _, err := s.preinst(p); err != nil {
				return fmt.Sprintf("%s has a script for before unpacking of which it isn't known that it may run after: %v", p.Name(), err)
			}
		}
	}
	return ""
}

// scripts knows what there is before unpacking and what unpacking brings.
type scripts struct {
	*base
	// brought are the paths that packages have, and all folders above them.
	brought map[string]bool
	owners  []Owner
}

func newScripts(b *base, groups []*group) *scripts {
	s := &scripts{base: b, brought: map[string]bool{}}
	for _, g := range groups {
		for _, p := range g.Packages {
			s.owners = append(s.owners, p.Owners...)
			for name, folder := range p.paths() {
				for at := archive.UsrPath(name, folder); at != "/" && !s.brought[at]; at = path.Dir(at) {
					s.brought[at] = true
				}
			}
		}
	}
	return s
}

// preinst tells whether a package's script must be run, or as an error why it
// must not be.
func (s *scripts) preinst(p *Package) (bool, error) {
	if p.Preinst == "" {
		return false, nil
	}
	calls, err := maintscript.Calls(p.Preinst, maintscript.Options{
		Args: []string{"install"},
		Env:  map[string]string{"DPKG_ROOT": "", "DEBIAN_FRONTEND": "noninteractive", "DPKG_MAINTSCRIPT_NAME": "preinst", "DPKG_MAINTSCRIPT_PACKAGE": p.Name()},
		Test: s.test,
	})
	if err != nil {
		return false, err
	}
	needed := false
	for _, c := range calls {
		run, err := s.judge(c)
		if err != nil {
			return false, fmt.Errorf("%s (line %d of the script): %w", c.Text, c.Line, err)
		}
		needed = needed || run
	}
	return needed, nil
}

// test answers test(1) for files that are the same before unpacking and after.
func (s *scripts) test(op, file string) maintscript.Truth {
	at := s.at(file)
	if at == "" || s.brought[at] {
		return maintscript.Unknown
	}
	st, err := statIn(s.root, at, op == "-L" || op == "-h")
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		if link, err := statIn(s.root, at, true); err == nil && link.Mode&unix.S_IFMT == unix.S_IFLNK && op != "-L" && op != "-h" {
			return maintscript.Unknown // a link that may lead to something brought
		}
		return maintscript.False
	case err != nil:
		return maintscript.Unknown
	}
	kind := st.Mode & unix.S_IFMT
	yes := true
	switch op {
	case "-L", "-h":
		yes = kind == unix.S_IFLNK
	case "-f":
		yes = kind == unix.S_IFREG
	case "-d":
		yes = kind == unix.S_IFDIR
	case "-x":
		yes = st.Mode&0o111 != 0
	case "-s":
		yes = st.Size > 0
	}
	if yes {
		return maintscript.True
	}
	return maintscript.False
}

// at is where a path is, or is empty for what is no absolute path.
func (s *scripts) at(file string) string {
	if !strings.HasPrefix(file, "/") {
		return ""
	}
	return archive.UsrPath(path.Clean(file), true)
}

// statIn looks at a path of the image mounted at root, whose links lead within
// the image.
func statIn(root, file string, link bool) (unix.Stat_t, error) {
	var st unix.Stat_t
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return st, fmt.Errorf("open %s: %w", root, err)
	}
	defer func() { _ = unix.Close(dir) }()
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	if link {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat2(dir, file, &how)
	if err != nil {
		return st, fmt.Errorf("open %s: %w", file, err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Fstat(fd, &st); err != nil {
		return st, fmt.Errorf("stat %s: %w", file, err)
	}
	return st, nil
}

var errUnknownCall = errors.New("its effect isn't known")

// judge tells whether a command has an effect that is the same after unpacking.
func (s *scripts) judge(c maintscript.Call) (bool, error) {
	if len(c.Args) == 0 || !c.Known[0] {
		return false, errUnknownCall
	}
	args := c.Args[1:]
	switch c.Args[0] {
	case "command", "which", "type", "getent", "id", "dpkg-query", "readlink", "grep", "cut", "tr", "basename", "dirname", "cat", "stat",
		"uname", "head", "tail", "sort", "wc", "ischroot":
		return false, nil
	case "sed", "dpkg", "dpkg-maintscript-helper", "update-alternatives":
		if !c.AllKnown() || len(args) == 0 || !s.readsOnly(c.Args[0], args) {
			return false, errUnknownCall
		}
		return false, nil
	case "rm", "rmdir":
		return false, s.absent(c)
	case "mkdir", "touch":
		return true, s.apart(c)
	case "adduser", "addgroup", "useradd", "groupadd":
		return true, s.ownersKnown()
	}
	return false, errUnknownCall
}

// readsOnly tells whether a tool that may also write doesn't.
func (s *scripts) readsOnly(tool string, args []string) bool {
	switch tool {
	case "sed":
		return !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-i") || strings.HasPrefix(a, "--in-place") })
	case "dpkg":
		return slices.Contains([]string{"--compare-versions", "--print-architecture", "--validate-version"}, args[0]) ||
			strings.HasPrefix(args[0], "--assert-")
	case "dpkg-maintscript-helper":
		// Without an older version to upgrade they do nothing before unpacking.
		return slices.Contains([]string{"rm_conffile", "mv_conffile", "symlink_to_dir", "dir_to_symlink", "supports"}, args[0])
	}
	if len(args) < 2 || args[0] != "--auto" && args[0] != "--remove" && args[0] != "--remove-all" {
		return false
	}
	_, err := statIn(s.root, filepath.Join(adminDir, "alternatives", path.Base(args[1])), true)
	return errors.Is(err, unix.ENOENT)
}

// paths are the paths among a command's arguments.
func (s *scripts) paths(c maintscript.Call) ([]string, error) {
	var out []string
	for i, a := range c.Args[1:] {
		switch {
		case !c.Known[i+1]:
			return nil, errUnknownCall
		case strings.HasPrefix(a, "-"):
		case s.at(a) == "":
			return nil, errUnknownCall
		default:
			out = append(out, s.at(a))
		}
	}
	return out, nil
}

// absent wants a command to be about files that are nowhere.
func (s *scripts) absent(c maintscript.Call) error {
	paths, err := s.paths(c)
	if err != nil {
		return err
	}
	for _, at := range paths {
		if _, err := statIn(s.root, at, true); err == nil || s.brought[at] {
			return fmt.Errorf("%s is there", at)
		}
	}
	return nil
}

// apart wants a command to be about files that no package has.
func (s *scripts) apart(c maintscript.Call) error {
	paths, err := s.paths(c)
	if err != nil {
		return err
	}
	for _, at := range paths {
		if s.brought[at] {
			return fmt.Errorf("a package has %s", at)
		}
	}
	return nil
}

// ownersKnown wants the accounts that files belong to to be there before a
// script makes more of them.
func (s *scripts) ownersKnown() error {
	for _, o := range s.owners {
		file := "/etc/passwd"
		if o.Group {
			file = "/etc/group"
		}
		if id, err := lookUp(filepath.Join(s.root, file), o.Name); err != nil || id == "" {
			return fmt.Errorf("a package has files of %s, whom it may make", o.Name)
		}
	}
	return nil
}
