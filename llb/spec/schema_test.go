// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestSchemaGolden(t *testing.T) {
	compare(t, "../../docs/strata.schema.json", string(Schema()))
}

// TestSchemaKeys walks the schema and gives the parser, for every map in it, a
// key that the schema does not have: the parser has to refuse it and to know
// all keys that the schema has.
func TestSchemaKeys(t *testing.T) {
	var top map[string]any
	if err := json.Unmarshal(Schema(), &top); err != nil {
		t.Fatal(err)
	}
	seen := 0
	walkSchema(top, "%s", func(frame string, properties map[string]any) {
		seen++
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if _, err := Parse("f", fmt.Appendf(nil, frame, "{"+name+": &v [[[]]]}")); err != nil && strings.Contains(err.Error(), "unknown key") {
				t.Errorf("the parser does not know %s in %s: %v", name, frame, err)
			}
		}
		_, err := Parse("f", fmt.Appendf(nil, frame, "{no_such_key: x}"))
		if err == nil || !strings.Contains(err.Error(), `unknown key "no_such_key"`) {
			t.Errorf("the parser takes any key in %s: %v", frame, err)
		}
	})
	if least := 20; seen < least {
		t.Errorf("walked over %d maps, want at least %d", seen, least)
	}
}

// walkSchema visits each map with keys of its own. The frame is YAML that leads
// to the map, with a hole for it.
func walkSchema(s map[string]any, frame string, visit func(string, map[string]any)) {
	if of, ok := s["anyOf"].([]any); ok {
		for _, form := range of {
			walkSchema(form.(map[string]any), frame, visit)
		}
	}
	for _, branch := range []string{"then", "else"} {
		if form, ok := s[branch].(map[string]any); ok {
			walkSchema(form, frame, visit)
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		walkSchema(items, fmt.Sprintf(frame, "[%s]"), visit)
	}
	if each, ok := s["additionalProperties"].(map[string]any); ok {
		walkSchema(each, fmt.Sprintf(frame, "{name: %s}"), visit)
	}
	properties, ok := s["properties"].(map[string]any)
	if !ok {
		return
	}
	visit(frame, properties)
	for name, property := range properties {
		walkSchema(property.(map[string]any), fmt.Sprintf(frame, "{"+name+": %s}"), visit)
	}
}
