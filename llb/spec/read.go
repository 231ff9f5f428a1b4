// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
)

// faults collects what is wrong with a build file.
type faults struct {
	file string
	list []*Error
}

func (f *faults) add(at Range, hint, format string, args ...any) {
	if !f.full() {
		f.list = append(f.list, &Error{File: f.file, Range: at, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
}

// full reports whether more faults would only be dropped.
func (f *faults) full() bool { return len(f.list) >= 10*maxErrors }

// cursor is a node that is being read, with the way to it from the top of the
// build file.
type cursor struct {
	*node
	path   string
	faults *faults
	// nulls lets null stand for a value of a map.
	nulls bool
}

// fault notes a fault of the node.
func (c cursor) fault(format string, args ...any) { c.faultAt(c.node, "", format, args...) }

// faultAt notes a fault of some node in the one that is being read.
func (c cursor) faultAt(n *node, hint, format string, args ...any) {
	if c.faults.full() {
		return
	}
	message := fmt.Sprintf(format, args...)
	if c.path != "" {
		message = c.path + ": " + message
	}
	c.faults.add(n.span, hint, "%s", message)
}

func (c cursor) want(what string) { c.fault("want %s, found %s", what, c.found()) }

// in is the cursor for the value of a key.
func (c cursor) in(key string, n *node) cursor {
	if c.path != "" {
		key = c.path + "." + key
	}
	return cursor{node: n, path: key, faults: c.faults}
}

// item is the cursor for an item of a list.
func (c cursor) item(i int) cursor {
	return cursor{node: c.items[i], path: fmt.Sprintf("%s[%d]", c.path, i), faults: c.faults}
}

// entries returns the pairs of a map without those whose key was there already,
// which it notes as faults.
func (c cursor) entries(noun string) []pair {
	first := make(map[string]*node, len(c.pairs))
	var unique []pair
	for _, p := range c.pairs {
		if before, ok := first[p.key.text]; ok {
			c.faultAt(p.key, "", "duplicate %s %q; the first is on line %d", noun, p.key.text, before.span.Start.Line)
			continue
		}
		first[p.key.text] = p.key
		unique = append(unique, p)
	}
	return unique
}

// kind is how a type of value is read and described. One value serves both the
// parser and the schema, so that they cannot differ.
type kind[V any] struct {
	// read returns the value, or false after noting why there is none.
	read   func(c cursor) (V, bool)
	schema schema
}

// key is one key of an object.
type key[T any] struct {
	name   string
	doc    string
	needed bool
	read   func(c cursor, into *T)
	schema schema
}

// bind makes the key whose value goes where at points.
func bind[T, V any](name, doc string, k kind[V], at func(*T) *V) key[T] {
	return key[T]{name: name, doc: doc, schema: k.schema, read: func(c cursor, into *T) {
		if v, ok := k.read(c); ok {
			*at(into) = v
		}
	}}
}

// must makes the key one that has to be there.
func (k key[T]) must() key[T] {
	k.needed = true
	return k
}

// object is a map with keys of its own.
type object[T any] struct {
	keys []key[T]
	// extensible allows keys that start with "x-".
	extensible bool
	// instead says what to write for a word that is no key, or begins a line where the
	// map should be; empty for a word that it doesn't know.
	instead func(word string) string
	// want names what may stand there when it is more than a map.
	want string
	// form is what an editor says of anything else, and of a key that there isn't; empty
	// for its own words.
	form string
	// one names keys of which exactly one has to be there.
	one []string
	// needs says which keys mean something only beside one of some others.
	needs []needs
	// span is where the object's lines go, or nil.
	span func(*T) *Range
	// check looks for faults that no table tells.
	check func(c cursor, t *T)
}

// needs says that a key goes only with one of some others.
type needs struct {
	key  string
	with []string
}

// kind is the object as a kind of value.
func (o object[T]) kind() kind[T] {
	s := o.shape()
	return kind[T]{read: func(c cursor) (T, bool) { return o.read(c, s) }, schema: s.describe()}
}

func (o object[T]) read(c cursor, s shape) (T, bool) {
	var t T
	if !s.isMap(c) {
		return t, false
	}
	if o.span != nil {
		*o.span(&t) = c.span
	}
	before := len(c.faults.list)
	s.read(c, func(i int, value cursor) { o.keys[i].read(value, &t) })
	if o.check != nil && len(c.faults.list) == before {
		o.check(c, &t)
	}
	return t, true
}

// shape is the object without the values that it is read into.
func (o object[T]) shape() shape {
	s := shape{extensible: o.extensible, instead: o.instead, want: o.want, form: o.form, one: o.one, needs: o.needs, keys: make([]keyShape, len(o.keys))}
	for i, k := range o.keys {
		s.keys[i] = keyShape{name: k.name, doc: k.doc, needed: k.needed, schema: k.schema}
	}
	return s
}

func (c cursor) has(name string) bool {
	key, _ := c.lookup(name)
	return key != nil
}
