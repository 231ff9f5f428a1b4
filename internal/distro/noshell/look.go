// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"crypto/md5"  //nolint:gosec // it is what the program prints
	"crypto/sha1" //nolint:gosec // it is what the program prints
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/strata-build/strata/internal/tree"
)

func basename(c *Call) error {
	if len(c.Args) < 2 || len(c.Args) > 3 || strings.HasPrefix(c.Args[1], "-") {
		return refuse("it isn't followed")
	}
	base := path.Base(c.Args[1])
	if c.Args[1] == "" {
		base = ""
	}
	if len(c.Args) == 3 && base != c.Args[2] {
		base = strings.TrimSuffix(base, c.Args[2])
	}
	return c.Print(base + "\n")
}

func dirname(c *Call) error {
	if len(c.Args) != 2 || strings.HasPrefix(c.Args[1], "-") {
		return refuse("it isn't followed")
	}
	name := strings.TrimRight(c.Args[1], "/")
	last := strings.LastIndex(name, "/")
	dir := strings.TrimRight(name[:max(last, 0)], "/")
	switch {
	case last < 0 && (name != "" || c.Args[1] == ""):
		dir = "."
	case dir == "":
		dir = "/"
	}
	return c.Print(dir + "\n")
}

func readlink(c *Call) error {
	opt, rest, err := c.Options("f canonicalize=f e canonicalize-existing=e m canonicalize-missing=m n no-newline=n q quiet=q s silent=q")
	if err != nil {
		return err
	}
	if err := operands(rest, 1); err != nil {
		return err
	}
	if len(rest) != 1 {
		return refuse("it isn't followed")
	}
	to := ""
	if opt.Has("f", "e", "m") {
		to, err = c.resolve(c.Path(rest[0]), opt)
	} else {
		to, err = c.Files().Readlink(c.Path(rest[0]))
	}
	if err != nil {
		return Status(1)
	}
	if !opt.Has("n") {
		to += "\n"
	}
	return c.Print(to)
}

// Realpath is the program realpath.
func Realpath(c *Call) error {
	opt, rest, err := c.Options("e canonicalize-existing=e m canonicalize-missing=m s strip=s no-symlinks=s q quiet=q")
	if err != nil {
		return err
	}
	if err := operands(rest, 1); err != nil {
		return err
	}
	if len(rest) != 1 {
		return refuse("it isn't followed")
	}
	to := path.Clean(c.Path(rest[0]))
	if !opt.Has("s") {
		if to, err = c.resolve(to, opt); err != nil {
			return err
		}
	} else if _, err := c.Files().Stat(to, false); err != nil && !opt.Has("m") {
		return err
	}
	return c.Print(to + "\n")
}

// resolve follows links. The last part of a path need not be there.
func (c *Call) resolve(p string, opt Options) (string, error) {
	at, rest := "/", strings.Split(strings.Trim(path.Clean(p), "/"), "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		next := path.Join(at, name)
		info, err := c.Files().Stat(next, false)
		switch {
		case err != nil && (opt.Has("e") || len(rest) > 0 && !opt.Has("m")):
			return "", err
		case err == nil && info.Mode()&fs.ModeSymlink != 0:
			if links++; links > 40 {
				return "", &fs.PathError{Op: "readlink", Path: p, Err: syscall.ELOOP}
			}
			to, err := c.Files().Readlink(next)
			if err != nil {
				return "", err
			}
			if path.IsAbs(to) {
				at = "/"
			}
			rest = append(slices.DeleteFunc(strings.Split(to, "/"), func(s string) bool { return s == "" || s == "." }), rest...)
			continue
		}
		at = next
	}
	return at, nil
}

func stat(c *Call) error {
	opt, rest, err := c.Options("c: format=c: L dereference=L printf=c:")
	if err != nil {
		return err
	}
	if err := operands(rest, 1); err != nil {
		return err
	}
	if !opt.Has("c") {
		return refuse("it isn't followed without -c")
	}
	for _, p := range rest {
		info, err := c.Files().Stat(c.Path(p), opt.Has("L"))
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return refuse("it isn't followed")
		}
		text := opt.Value("c")
		for verb, value := range map[string]string{
			"%a": strconv.FormatUint(uint64(tree.UnixMode(info.Mode())), 8), "%u": fmt.Sprint(st.Uid), "%g": fmt.Sprint(st.Gid), "%s": fmt.Sprint(info.Size()), "%n": p,
		} {
			text = strings.ReplaceAll(text, verb, value)
		}
		if strings.Contains(text, "%") {
			return refuse("its format isn't followed")
		}
		if err := c.Print(text + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func ls(c *Call) error {
	opt, rest, err := c.Options("1 d directory=d A almost-all=A L dereference=L")
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		rest = []string{c.Dir}
	}
	failed := false
	var out []string
	for _, p := range rest {
		info, err := c.Files().Stat(c.Path(p), opt.Has("L") || !opt.Has("d"))
		if err != nil {
			failed = true
			_, _ = c.Stderr.Write([]byte("ls: cannot access '" + p + "': No such file or directory\n"))
			continue
		}
		if !info.IsDir() || opt.Has("d") {
			out = append(out, p)
			continue
		}
		if len(rest) > 1 {
			return refuse("it isn't followed with more than one directory")
		}
		entries, err := c.Files().ReadDir(c.Path(p))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") || opt.Has("A") {
				out = append(out, e.Name())
			}
		}
	}
	if err := c.Print(joined(out)); err != nil || !failed {
		return err
	}
	return Status(2)
}

func cmp(c *Call) error {
	opt, rest, err := c.Options("s quiet=s silent=s")
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return refuse("it isn't followed")
	}
	texts, err := c.inputs(rest)
	switch {
	case err != nil:
		return Status(2)
	case texts[0] == texts[1]:
		return nil
	case !opt.Has("s"):
		return refuse("what it prints isn't followed")
	}
	return Status(1)
}

func sum(c *Call) error {
	opt, rest, err := c.Options("b binary=b t text=t")
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		rest = []string{"-"}
	}
	for _, f := range rest {
		texts, err := c.inputs([]string{f})
		if err != nil {
			return err
		}
		h := map[string]func() hash.Hash{"md5sum": md5.New, "sha1sum": sha1.New, "sha256sum": sha256.New}[path.Base(c.Args[0])]()
		_, _ = h.Write([]byte(texts[0]))
		mark := " "
		if opt.Has("b") {
			mark = "*"
		}
		if err := c.Print(fmt.Sprintf("%x %s%s\n", h.Sum(nil), mark, f)); err != nil {
			return err
		}
	}
	return nil
}

// mountpoint knows those that every container has.
func mountpoint(c *Call) error {
	_, rest, err := c.Options("q quiet=q")
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return refuse("it isn't followed")
	}
	if slices.Contains([]string{"/", "/proc", "/sys", "/dev"}, path.Clean(c.Path(rest[0]))) {
		return nil
	}
	return Status(32)
}
