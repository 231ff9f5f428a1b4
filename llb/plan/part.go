// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"path"
	"slices"
	"strings"
)

// Part is what is used of a context. Its zero value is all of it.
type Part struct {
	// Paths are patterns of path.Match, followed through links, and Include are
	// .dockerignore patterns. All that either of them names is used; where there is
	// neither, all of the context is.
	Paths   []string
	Include []string
	// Exclude are .dockerignore patterns of what nothing uses.
	Exclude []string
}

func (p Part) isWhole() bool { return len(p.Paths)+len(p.Include)+len(p.Exclude) == 0 }

// partOf is the part of a context that is copied.
func partOf(copies []Copy) Part {
	var out Part
	whole := false
	for i, c := range copies {
		paths, include := c.selects()
		whole = whole || len(paths)+len(include) == 0
		out.Paths, out.Include = append(out.Paths, paths...), append(out.Include, include...)
		for _, pattern := range c.excludes() {
			others := slices.Concat(copies[:i], copies[i+1:])
			if !slices.ContainsFunc(others, func(o Copy) bool { return o.mayUse(pattern) }) {
				out.Exclude = append(out.Exclude, pattern)
			}
		}
	}
	if whole {
		out.Paths, out.Include = nil, nil
	}
	for _, list := range []*[]string{&out.Paths, &out.Include, &out.Exclude} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return out
}

// root is the path of a copy without the slash that it begins with.
func (c Copy) root() string { return strings.Trim(c.Path, "/") }

// selects are the patterns of what a copy takes; none for all of a context.
func (c Copy) selects() (paths, include []string) {
	root := c.root()
	narrow := len(c.Include) > 0 && !slices.ContainsFunc(c.Include, isException) && !IsPattern(root)
	switch {
	case narrow && root == "":
		for _, pattern := range c.Include {
			include = append(include, strings.Trim(path.Clean("/"+pattern), "/"))
		}
		return nil, slices.DeleteFunc(include, func(p string) bool { return p == "" })
	case narrow:
		// The path may have links, which aren't followed for patterns that go deeper.
		for _, pattern := range c.Include {
			paths = append(paths, path.Join(root, shallow(pattern)))
		}
		return paths, nil
	case root == "":
		return nil, nil
	}
	return Sent(root), nil
}

// shallow is the part of a .dockerignore pattern that path.Match understands: up to
// what may be several directories.
func shallow(pattern string) string {
	var names []string
	for name := range strings.SplitSeq(strings.Trim(path.Clean("/"+pattern), "/"), "/") {
		if strings.Contains(name, "**") {
			break
		}
		names = append(names, name)
	}
	return strings.Join(names, "/")
}

func isException(pattern string) bool { return strings.HasPrefix(pattern, "!") }

// excludes are the patterns of what a copy leaves out, in the context. Where there are
// exceptions, it is nothing for certain.
func (c Copy) excludes() []string {
	if IsPattern(c.root()) || slices.ContainsFunc(c.Exclude, isException) {
		return nil
	}
	var out []string
	for _, pattern := range c.Exclude {
		if p := strings.Trim(path.Join("/", c.root(), pattern), "/"); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// mayUse reports whether a copy may take something that a pattern names.
func (c Copy) mayUse(pattern string) bool {
	if slices.Contains(c.excludes(), pattern) {
		return false
	}
	// Up to where names are known, one must be above the other.
	a, b := known(c.root()), known(pattern)
	return a == "" || b == "" || a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// known is the part of a pattern before the first name that isn't known.
func known(pattern string) string {
	var names []string
	for name := range strings.SplitSeq(pattern, "/") {
		if IsPattern(name) {
			break
		}
		names = append(names, name)
	}
	return strings.Join(names, "/")
}
