// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// shape is what an object is, whatever value it is read into. There is one compiled body
// for all of them.
type shape struct {
	keys       []keyShape
	extensible bool
	instead    func(word string) string
	want, form string
	one        []string
	needs      []needs
}

// keyShape is a key of a shape.
type keyShape struct {
	name, doc string
	needed    bool
	schema    schema
}

func (o shape) names() []string {
	names := make([]string, len(o.keys))
	for i, k := range o.keys {
		names[i] = k.name
	}
	return names
}

// isMap reports whether a map is there, and notes what should be if not.
func (o shape) isMap(c cursor) bool {
	if c.kind == mapNode {
		return true
	}
	want := o.want
	if want == "" {
		want = "a map"
	}
	hint := ""
	if o.instead != nil && c.kind == scalarNode {
		hint = o.instead(c.text)
	}
	c.faultAt(c.node, hint, "want %s, found %s", want, c.found())
	return false
}

// read reads the values of the keys that are there, each by its number, and looks for
// keys that are missing or do not go together.
func (o shape) read(c cursor, value func(i int, c cursor)) {
	if unknown := o.readKeys(c, value); !unknown {
		o.checkKeys(c)
	}
}

// readKeys reads what is there, and reports whether a key was unknown.
func (o shape) readKeys(c cursor, value func(i int, c cursor)) (unknown bool) {
	for _, p := range c.entries("key") {
		name := p.key.text
		i := slices.IndexFunc(o.keys, func(k keyShape) bool { return k.name == name })
		switch {
		case i >= 0:
			value(i, c.in(name, p.value))
		case o.extensible && strings.HasPrefix(name, "x-"):
		default:
			unknown = true
			if c.faults.full() {
				return unknown
			}
			where := c.path
			if where == "" {
				where = "the build file"
			}
			c.faults.add(p.key.span, o.hint(name), "unknown key %.80q in %s", name, where)
		}
	}
	return unknown
}

// hint says what is meant by a key that there isn't.
func (o shape) hint(name string) string {
	if o.instead != nil {
		if here := o.instead(name); here != "" {
			return here
		}
	}
	return spell.DidYouMean(name, o.names())
}

// checkKeys looks for keys that are missing or do not go together.
func (o shape) checkKeys(c cursor) {
	for _, k := range o.keys {
		if has, _ := c.lookup(k.name); k.needed && has == nil {
			c.fault("missing key %q", k.name)
		}
	}
	if !o.checkOne(c) {
		return
	}
	for _, n := range o.needs {
		has, _ := c.lookup(n.key)
		if has != nil && !slices.ContainsFunc(n.with, c.has) {
			c.faultAt(has, "", "%s goes only with %s", n.key, strings.Join(n.with, " or "))
		}
	}
}

// checkOne reports whether the object has exactly one of the keys that exclude
// each other.
func (o shape) checkOne(c cursor) bool {
	if len(o.one) == 0 {
		return true
	}
	var present []string
	var last *node
	for _, p := range c.pairs {
		if slices.Contains(o.one, p.key.text) && !slices.Contains(present, p.key.text) {
			present = append(present, p.key.text)
			last = p.key
		}
	}
	list := strings.Join(o.one, ", ")
	switch len(present) {
	case 0:
		c.fault("has none of %s; exactly one is needed", list)
	case 1:
		return true
	case 2:
		c.faultAt(last, "", "has both %s and %s; exactly one of %s is allowed", present[0], present[1], list)
	default:
		c.faultAt(last, "", "has %s; exactly one of %s is allowed", strings.Join(present, ", "), list)
	}
	return false
}
