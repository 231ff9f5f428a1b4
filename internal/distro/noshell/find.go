// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A condition of find reports whether it holds of what is found.
type condition func(p string, info fs.FileInfo) (bool, error)

// find looks for files.
func find(c *Call) error {
	args := c.Args[1:]
	var from []string
	f := &finding{Call: c, least: 0, most: 1 << 20}
	if len(args) > 0 && args[0] == "-L" {
		f.follow, args = true, args[1:]
	}
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") && args[0] != "(" && args[0] != "!" {
		from, args = append(from, args[0]), args[1:]
	}
	var err error
	if f.holds, err = f.parse(args); err != nil {
		return err
	}
	if len(from) == 0 {
		return refuse("it names no directory")
	}
	failed := false
	for _, p := range from {
		if _, err := c.Files().Stat(c.Path(p), false); err != nil {
			_, _ = c.Stderr.Write([]byte("find: '" + p + "': No such file or directory\n"))
			failed = true
			continue
		}
		if err := f.visit(p, 0); err != nil {
			return err
		}
	}
	if err := c.Print(strings.Join(f.out, "")); err != nil || !failed {
		return err
	}
	return Status(1)
}

// maxFind is how deep links are followed.
const maxFind = 32

type finding struct {
	*Call
	args        []string // that are still to be read
	holds       condition
	least, most int
	deletes     bool
	printed     bool
	names       bool // only the last part of each path is printed
	follow      bool
	end         string
	out         []string
}

// parse reads the options and the expression. Conditions after one another must all
// hold; -o stands between alternatives.
func (f *finding) parse(args []string) (condition, error) {
	f.end, f.args = "\n", args
	c, err := f.alternatives()
	if err == nil && len(f.args) > 0 {
		err = refuse("its expression isn't followed")
	}
	return c, err
}

func (f *finding) take() string {
	if len(f.args) == 0 {
		return ""
	}
	a := f.args[0]
	f.args = f.args[1:]
	return a
}

func (f *finding) alternatives() (condition, error) {
	c, err := f.all()
	for err == nil && len(f.args) > 0 && f.args[0] == "-o" {
		f.take()
		first := c
		var second condition
		second, err = f.all()
		c = func(p string, info fs.FileInfo) (bool, error) {
			if ok, err := first(p, info); err != nil || ok {
				return ok, err
			}
			return second(p, info)
		}
	}
	return c, err
}

func (f *finding) all() (condition, error) {
	all := []condition{}
	for len(f.args) > 0 && f.args[0] != "-o" && f.args[0] != ")" {
		c, err := f.one()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return func(p string, info fs.FileInfo) (bool, error) {
		for _, holds := range all {
			if ok, err := holds(p, info); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}, nil
}

func always(string, fs.FileInfo) (bool, error) { return true, nil }

func (f *finding) one() (condition, error) {
	if f.deletes || f.printed {
		return nil, refuse("what follows -delete or -print isn't followed")
	}
	var err error
	switch a := f.take(); a {
	case "!", "-not":
		c, err := f.one()
		return func(p string, info fs.FileInfo) (bool, error) {
			ok, err := c(p, info)
			return !ok, err
		}, err
	case "(":
		c, err := f.alternatives()
		if err == nil && f.take() != ")" {
			err = refuse("its expression isn't followed")
		}
		return c, err
	case "-maxdepth":
		f.most, err = strconv.Atoi(f.take())
	case "-mindepth":
		f.least, err = strconv.Atoi(f.take())
	case "-type":
		return f.kind(f.take())
	case "-name":
		return f.name(f.take())
	case "-empty":
		return f.empty, nil
	case "-delete":
		f.deletes = true
	case "-print":
		f.printed = true
	case "-print0":
		f.printed, f.end = true, "\x00"
	case "-printf":
		f.printed = true
		switch f.take() {
		case `%f\n`:
			f.names = true
		case `%p\n`:
		default:
			return nil, refuse("its format isn't followed")
		}
	case "-a":
	case "-exec":
		if !slices.Equal(f.args[:min(4, len(f.args))], []string{"test", "-e", "{}", ";"}) {
			return nil, refuse("what it runs isn't followed")
		}
		f.args = f.args[4:]
		return f.leads, nil
	default:
		return nil, refuse("its condition %s isn't followed", a)
	}
	if err != nil {
		err = refuse("its number isn't followed")
	}
	return always, err
}

func (f *finding) kind(kind string) (condition, error) {
	if len(kind) != 1 || !strings.Contains("fdl", kind) {
		return nil, refuse("its type isn't followed")
	}
	return func(_ string, info fs.FileInfo) (bool, error) {
		switch kind {
		case "f":
			return info.Mode().IsRegular(), nil
		case "d":
			return info.IsDir(), nil
		}
		return info.Mode()&fs.ModeSymlink != 0, nil
	}, nil
}

func (f *finding) name(pattern string) (condition, error) {
	if strings.ContainsAny(pattern, `[\`) {
		return nil, refuse("its pattern isn't followed")
	}
	return func(p string, _ fs.FileInfo) (bool, error) { return path.Match(pattern, path.Base(p)) }, nil
}

func (f *finding) empty(p string, info fs.FileInfo) (bool, error) {
	if !info.IsDir() {
		return info.Mode().IsRegular() && info.Size() == 0, nil
	}
	entries, err := f.Files().ReadDir(f.Path(p))
	return len(entries) == 0, err
}

// leads reports whether a path leads to something.
func (f *finding) leads(p string, _ fs.FileInfo) (bool, error) {
	_, err := f.Files().Stat(f.Path(p), true)
	return err == nil, nil
}

// visit looks at a path and all below it; with -delete at what is below first.
func (f *finding) visit(p string, depth int) error {
	info, err := f.Files().Stat(f.Path(p), false)
	if err != nil {
		return err
	}
	if to, err := f.Files().Stat(f.Path(p), true); err == nil && f.follow && depth < maxFind {
		info = to
	}
	if !f.deletes {
		if err := f.found(p, info, depth); err != nil {
			return err
		}
	}
	if info.IsDir() && depth < f.most {
		entries, err := f.Files().ReadDir(f.Path(p))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := f.visit(strings.TrimSuffix(p, "/")+"/"+e.Name(), depth+1); err != nil {
				return err
			}
		}
	}
	if f.deletes {
		return f.found(p, info, depth)
	}
	return nil
}

func (f *finding) found(p string, info fs.FileInfo, depth int) error {
	if depth < f.least {
		return nil
	}
	if ok, err := f.holds(p, info); err != nil || !ok {
		return err
	}
	if !f.deletes {
		if f.names {
			p = path.Base(p)
		}
		f.out = append(f.out, p+f.end)
		return nil
	}
	if err := f.Files().Touched(f.Path(p)); err != nil {
		return err
	}
	return f.Files().named(os.Remove(f.Files().At(f.Path(p))), p)
}
