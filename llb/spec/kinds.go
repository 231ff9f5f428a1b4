// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// text is a string, or a map by platform of them. Each check is made on every
// text that expansion leaves as it is.
func text(checks ...func(string) error) kind[String] {
	return kind[String]{schema: textSchema(), read: func(c cursor) (String, bool) {
		s, ok := readText(c)
		if !ok {
			return s, false
		}
		for _, choice := range s.choices() {
			if !Literal(choice.Value) {
				continue
			}
			for _, check := range checks {
				if err := check(choice.Value); err != nil {
					c.faults.add(c.spanAt(choice.Pos), "", "%s: %v", c.path, err)
					return s, false
				}
			}
		}
		return s, true
	}}
}

// same is a string that is the same on all platforms. Each check is made on a text that
// expansion leaves as it is.
func same(checks ...func(string) error) kind[String] {
	any := text(checks...)
	return kind[String]{schema: scalarSchema(), read: func(c cursor) (String, bool) {
		if c.kind == mapNode {
			c.want("a string")
			return String{}, false
		}
		return any.read(c)
	}}
}

// choices lists the texts that the string may stand for.
func (s String) choices() []PlatformString {
	if s.Platforms != nil {
		return s.Platforms
	}
	return []PlatformString{{Value: s.Value, Pos: s.Pos}}
}

// spanAt is the lines of the choice that starts at a place.
func (c cursor) spanAt(pos Pos) Range {
	for _, p := range c.pairs {
		if p.value.span.Start == pos {
			return p.value.span
		}
	}
	return c.span
}

func readText(c cursor) (String, bool) {
	switch {
	case c.kind == mapNode:
		return readPlatforms(c)
	case c.kind != scalarNode:
		c.want("a string")
		return String{}, false
	case c.null:
		c.faultAt(c.node, `write "" for an empty string`, "want a string, found nothing")
		return String{}, false
	}
	return String{Value: c.text, Pos: c.span.Start}, true
}

// readPlatforms reads a map by platform. A map without a single key that could
// be a platform was probably never meant to be one.
func readPlatforms(c cursor) (String, bool) {
	s := String{Pos: c.span.Start}
	if !c.byPlatform() {
		c.want("a string")
		return s, false
	}
	for _, p := range c.entries("platform") {
		if err := checkPlatformKey(p.key.text); err != nil {
			c.faultAt(p.key, spell.DidYouMean(p.key.text, architectures()), "%v", err)
			return s, false
		}
		value := c.in(p.key.text, p.value)
		if p.value.kind != scalarNode || p.value.null {
			value.want("a string")
			return s, false
		}
		s.Platforms = append(s.Platforms, PlatformString{p.key.text, p.value.text, p.value.span.Start})
	}
	return s, true
}

// byPlatform reports whether the node is a map with a platform among its keys.
func (n *node) byPlatform() bool {
	for _, p := range n.pairs {
		if checkPlatformKey(p.key.text) == nil {
			return true
		}
	}
	return false
}

// isText reports whether a node can stand for a string.
func (n *node) isText() bool { return n.kind == scalarNode || n.byPlatform() }

func (n *node) isList() bool { return n.kind == listNode }

// word is a string that is taken as it stands: never expanded, the same on all
// platforms.
func word(check func(string) error) kind[string] {
	return kind[string]{schema: scalarSchema(), read: func(c cursor) (string, bool) {
		if c.kind != scalarNode || c.null {
			c.want("a string")
			return "", false
		}
		if err := check(c.text); err != nil {
			c.fault("%v", err)
			return "", false
		}
		return c.text, true
	}}
}

func boolean() kind[bool] {
	return kind[bool]{schema: schema{"type": "boolean", "errorMessage": "want true or false"}, read: func(c cursor) (bool, bool) {
		if c.kind == scalarNode && (c.text == "true" || c.text == "false") {
			return c.text == "true", true
		}
		c.wantValue("true or false")
		return false, false
	}}
}

// number is a whole number in a range.
func number(least, most int) kind[int] {
	s := schema{"type": "integer", "minimum": least, "maximum": most, "errorMessage": fmt.Sprintf("want a number from %d to %d", least, most)}
	return kind[int]{schema: s, read: func(c cursor) (int, bool) {
		if c.kind == scalarNode && isDigits(c.text) {
			if n, err := strconv.Atoi(c.text); err == nil && n >= least && n <= most {
				return n, true
			}
		}
		c.wantValue(fmt.Sprintf("a number from %d to %d", least, most))
		return 0, false
	}}
}

// wantValue is want with the scalar that was found.
func (c cursor) wantValue(what string) {
	if c.kind != scalarNode || c.null {
		c.want(what)
		return
	}
	c.fault("want %s, found %.40q", what, c.text)
}

func list[V any](of kind[V]) kind[[]V] {
	s := schema{"type": "array", "items": of.schema, "errorMessage": "want a list"}
	return kind[[]V]{schema: s, read: func(c cursor) ([]V, bool) {
		if c.kind != listNode {
			c.want("a list")
			return nil, false
		}
		values := make([]V, 0, len(c.items))
		for i := range c.items {
			if v, ok := of.read(c.item(i)); ok {
				values = append(values, v)
			}
		}
		return values, true
	}}
}

// filled is a list with at least one item.
func filled[V any](of kind[V]) kind[[]V] {
	l := list(of)
	l.schema["minItems"] = 1
	return kind[[]V]{schema: l.schema, read: func(c cursor) ([]V, bool) {
		if c.kind == listNode && len(c.items) == 0 {
			c.fault("want at least one item")
			return nil, false
		}
		return l.read(c)
	}}
}

// pointer is a value that tells "left out" from its zero.
func pointer[V any](to kind[V]) kind[*V] {
	return kind[*V]{schema: to.schema, read: func(c cursor) (*V, bool) {
		v, ok := to.read(c)
		return &v, ok
	}}
}

// look is how a node looks, for the parser and for the schema.
type look struct {
	node   func(*node) bool
	schema schema
}

func likeText() look { return look{(*node).isText, schema{"$ref": "#/$defs/isText"}} }

func likeList() look { return look{(*node).isList, schema{"type": "array"}} }

// or is a value with a short form, which is read when the node looks like it.
func or[V, S any](long kind[V], short kind[S], is look, expand func(cursor, S) V) kind[V] {
	s := when(is.schema, short.schema, long.schema)
	if words, ok := short.schema[offered]; ok {
		s[offered] = words
	}
	return kind[V]{schema: s, read: func(c cursor) (V, bool) {
		if !is.node(c.node) {
			return long.read(c)
		}
		v, ok := short.read(c)
		return expand(c, v), ok
	}}
}

// pairs is a map with string values and keys of the user's choice.
func pairs(noun string, check func(string) error) kind[[]Pair] {
	return pairsOf(noun, check, text())
}

// pairsOf is pairs with values of a kind.
func pairsOf(noun string, check func(string) error, of kind[String]) kind[[]Pair] {
	s := schema{"type": "object", "additionalProperties": of.schema}
	return kind[[]Pair]{schema: s, read: func(c cursor) ([]Pair, bool) {
		if c.kind != mapNode {
			c.want("a map")
			return nil, false
		}
		all := make([]Pair, 0, len(c.node.pairs))
		for _, p := range c.entries(noun) {
			if err := check(p.key.text); err != nil {
				c.faultAt(p.key, "", "%v", err)
				continue
			}
			if c.nulls && p.value.isNull() {
				all = append(all, Pair{Key: p.key.text, KeyPos: p.key.span.Start, Removed: true})
				continue
			}
			if value, ok := of.read(c.in(p.key.text, p.value)); ok {
				all = append(all, Pair{Key: p.key.text, KeyPos: p.key.span.Start, Value: value})
			}
		}
		return all, true
	}}
}

// env is a map of environment variables.
func env() kind[[]Pair] { return pairs("variable", checkEnvName) }

func labels(noun string) kind[[]Pair] { return pairs(noun, checkLine) }

func checkEnvName(name string) error {
	if name == "" || strings.ContainsAny(name, "=\x00") {
		return fmt.Errorf("%.40q cannot name an environment variable", name)
	}
	return nil
}
