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
func checkScripts(b *base, groups []*group) (why string, err error) {
	s := newScripts(b, groups)
	for _, g := range groups {
		for _, p := range g.Packages {
			_, why, err := s.preinst(p)
			if err != nil {
				return "", err
			}
			if why != "" {
				return fmt.Sprintf("%s has a script for before unpacking of which it isn't known that it may run after: %s", p.Name(), why), nil
			}
		}
	}
	return "", nil
}

// scripts knows what there is before unpacking and what unpacking brings.
type scripts struct {
	*base
	// brought are the paths that packages have, and all directories above them.
	brought map[string]bool
	owners  []Owner
}

func newScripts(b *base, groups []*group) *scripts {
	s := &scripts{base: b, brought: map[string]bool{}}
	for _, g := range groups {
		for _, p := range g.Packages {
			s.owners = append(s.owners, p.Owners...)
			for name, dir := range p.paths() {
				for at := archive.UsrPath(name, dir); at != "/" && !s.brought[at]; at = path.Dir(at) {
					s.brought[at] = true
				}
			}
		}
	}
	return s
}

// preinst reports whether a package's script must be run, or why it must not be.
func (s *scripts) preinst(p *Package) (run bool, why string, err error) {
	if p.Preinst == "" {
		return false, "", nil
	}
	f := &preinst{scripts: s}
	course, err := maintscript.Follow(p.Preinst, maintscript.Options{
		Args: []string{"install"},
		Env:  map[string]string{"DPKG_ROOT": "", "DEBIAN_FRONTEND": "noninteractive", "DPKG_MAINTSCRIPT_NAME": "preinst", "DPKG_MAINTSCRIPT_PACKAGE": p.Name()},
		Test: f.test,
		Do:   f.do,
	})
	if err != nil {
		return false, err.Error(), nil // the script can't be followed
	}
	for _, c := range course.Calls {
		needed, why, err := s.judge(c)
		if err != nil {
			return false, "", fmt.Errorf("follow the script of %s for before unpacking: %w", p.Name(), err)
		}
		if why != "" {
			return false, fmt.Sprintf("%s (line %d of the script): %s", c.Text, c.Line, why), nil
		}
		run = run || needed
	}
	if course.Succeeds == maintscript.True {
		return run, "", nil
	}
	// Whether it succeeds must then be the same after unpacking, when it is run.
	return true, f.mayChange(course), nil
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
	case "-e", "-r", "-w":
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
	default:
		return maintscript.Unknown
	}
	if yes {
		return maintscript.True
	}
	return maintscript.False
}

// at is where a path is, or is empty for what isn't an absolute path.
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

// unknownCall is why a command must not be run that isn't known.
const unknownCall = "its effect isn't known"

// judge reports whether a command has an effect, which is then the same after
// unpacking; why says that it may not be, or may.
func (s *scripts) judge(c maintscript.Call) (run bool, why string, err error) {
	if len(c.Args) == 0 || !c.Known[0] {
		return false, unknownCall, nil
	}
	args := c.Args[1:]
	switch c.Args[0] {
	case "which", "type", "getent", "id", "dpkg-query", "readlink", "grep", "cut", "tr", "basename", "dirname", "cat", "stat",
		"uname", "head", "tail", "wc", "ischroot":
		return false, "", nil
	case "command", "sort":
		if !onlyLooks(c) {
			why = unknownCall
		}
		return false, why, nil
	case "sed", "dpkg", "dpkg-maintscript-helper", "update-alternatives":
		if !c.AllKnown() || len(args) == 0 {
			return false, unknownCall, nil
		}
		reads, err := s.readsOnly(c.Args[0], args)
		if !reads {
			why = unknownCall
		}
		return false, why, err
	case "rm", "rmdir":
		why, err = s.absent(c)
		return false, why, err
	case "mkdir", "touch":
		return true, s.apart(c), nil
	case "adduser", "addgroup", "useradd", "groupadd":
		why, err = s.ownersKnown()
		return true, why, err
	}
	return false, unknownCall, nil
}

// readsOnly reports whether a tool that may also write doesn't.
func (s *scripts) readsOnly(tool string, args []string) (bool, error) {
	switch tool {
	case "sed":
		return onlyPrints(args), nil
	case "dpkg":
		return slices.Contains([]string{"--compare-versions", "--print-architecture", "--validate-version"}, args[0]) ||
			strings.HasPrefix(args[0], "--assert-"), nil
	case "dpkg-maintscript-helper":
		// Without an older version to upgrade they do nothing before unpacking.
		return slices.Contains([]string{"rm_conffile", "mv_conffile", "symlink_to_dir", "dir_to_symlink", "supports"}, args[0]), nil
	}
	if len(args) < 2 || args[0] != "--auto" && args[0] != "--remove" && args[0] != "--remove-all" {
		return false, nil
	}
	there, err := s.has(filepath.Join(adminDir, "alternatives", path.Base(args[1])))
	return !there, err
}

// has reports whether the image has something at a path.
func (s *scripts) has(at string) (bool, error) {
	_, err := statIn(s.root, at, true)
	if leadsNowhere(err) {
		return false, nil
	}
	return err == nil, err
}

// paths are the paths among a command's arguments; ok is false where they aren't
// known.
func (s *scripts) paths(c maintscript.Call) (paths []string, ok bool) {
	for i, a := range c.Args[1:] {
		switch {
		case !c.Known[i+1]:
			return nil, false
		case strings.HasPrefix(a, "-"):
		case s.at(a) == "":
			return nil, false
		default:
			paths = append(paths, s.at(a))
		}
	}
	return paths, true
}

// absent wants a command to be about files that are nowhere.
func (s *scripts) absent(c maintscript.Call) (why string, err error) {
	paths, ok := s.paths(c)
	if !ok {
		return unknownCall, nil
	}
	for _, at := range paths {
		there, err := s.has(at)
		if err != nil {
			return "", err
		}
		if there || s.brought[at] {
			return at + " is there", nil
		}
	}
	return "", nil
}

// apart wants a command to be about files that no package has.
func (s *scripts) apart(c maintscript.Call) (why string) {
	paths, ok := s.paths(c)
	if !ok {
		return unknownCall
	}
	for _, at := range paths {
		if s.brought[at] {
			return fmt.Sprintf("a package has %s", at)
		}
	}
	return ""
}

// ownersKnown wants the accounts that files belong to to be there before a
// script makes more of them.
func (s *scripts) ownersKnown() (why string, err error) {
	for _, o := range s.owners {
		id, err := s.number(o)
		if err != nil {
			return "", err
		}
		if id == "" {
			return fmt.Sprintf("a package has files of %s, whom it may make", o.Name), nil
		}
	}
	return "", nil
}
