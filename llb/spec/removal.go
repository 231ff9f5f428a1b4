// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

// isNull reports whether the node is YAML's null.
func (n *node) isNull() bool { return n.kind == scalarNode && n.null }

// orNull is a schema that takes null besides.
func orNull(s schema) schema { return when(schema{"type": "null"}, nil, s) }

// removable is a string that may be null, which makes it set and empty.
func removable(k kind[String]) kind[String] {
	return kind[String]{schema: orNull(k.schema), read: func(c cursor) (String, bool) {
		if c.isNull() {
			return String{Pos: c.span.Start}, true
		}
		return k.read(c)
	}}
}

// removing is a map in which null removes a name that is below.
func removing(k kind[[]Pair]) kind[[]Pair] {
	s := schema{"type": "object", "additionalProperties": orNull(textSchema())}
	return kind[[]Pair]{schema: s, read: func(c cursor) ([]Pair, bool) {
		if c.isNull() {
			c.faultAt(c.node, "write {NAME: null} to remove one of the base's", "want a map, found nothing")
			return nil, false
		}
		c.nulls = true
		return k.read(c)
	}}
}

// additions is a list that adds to the base's, or a map from entries to {}, which
// adds one, or null, which removes one. An empty list, or null, clears the base's.
func additions(noun string, k kind[String]) kind[Additions] {
	long := list(k)
	s := orNull(when(
		schema{"type": "object"},
		schema{"propertyNames": k.schema, "additionalProperties": orNull(schema{"type": "object", "maxProperties": 0})},
		long.schema,
	))
	return kind[Additions]{schema: s, read: func(c cursor) (Additions, bool) {
		if c.isNull() {
			return Additions{Clear: true}, true
		}
		if c.kind == mapNode {
			return readAdditions(c, noun, k)
		}
		all, ok := long.read(c)
		return Additions{Add: all, Clear: ok && len(c.items) == 0}, ok
	}}
}

func readAdditions(c cursor, noun string, k kind[String]) (Additions, bool) {
	var a Additions
	for _, p := range c.entries(noun) {
		name, ok := k.read(c.in(p.key.text, p.key))
		switch {
		case !ok:
		case p.value.isNull():
			a.Remove = append(a.Remove, name)
		case p.value.kind == mapNode && len(p.value.pairs) == 0:
			a.Add = append(a.Add, name)
		default:
			c.in(p.key.text, p.value).want("null, which removes the " + noun + ", or {}, which adds it")
		}
	}
	return a, true
}
