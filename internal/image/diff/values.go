// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Value is a value of a JSON document that differs. What a side lacks is nil.
type Value struct {
	// Path is such as config.Env[2].
	Path string `json:"path"`
	A    any    `json:"a"`
	B    any    `json:"b"`
}

// compareValues compares two documents; skip tells which paths do not count.
func compareValues(a, b []byte, skip func(path string) bool) ([]Value, error) {
	var docs [2]any
	for i, data := range [][]byte{a, b} {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&docs[i]); err != nil {
			return nil, err
		}
	}
	c := &values{skip: skip}
	c.compare("", docs[0], docs[1])
	return c.found, nil
}

type values struct {
	skip  func(string) bool
	found []Value
}

func (c *values) compare(path string, a, b any) {
	if c.skip(path) || reflect.DeepEqual(a, b) {
		return
	}
	ma, aIsMap := a.(map[string]any)
	mb, bIsMap := b.(map[string]any)
	la, aIsList := a.([]any)
	lb, bIsList := b.([]any)
	switch {
	case (aIsMap || a == nil) && (bIsMap || b == nil) && (aIsMap || bIsMap):
		keys := map[string]bool{}
		for _, m := range []map[string]any{ma, mb} {
			for key := range m {
				keys[key] = true
			}
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			c.compare(join(path, key), ma[key], mb[key])
		}
	case aIsList && bIsList:
		for i := range max(len(la), len(lb)) {
			c.compare(fmt.Sprintf("%s[%d]", path, i), at(la, i), at(lb, i))
		}
	default:
		c.found = append(c.found, Value{Path: path, A: a, B: b})
	}
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
