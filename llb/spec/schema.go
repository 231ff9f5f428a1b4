// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"encoding/json"
	"maps"
)

// SchemaID is the address of the JSON schema, for editors.
const SchemaID = "https://raw.githubusercontent.com/strata-build/strata/main/docs/strata.schema.json"

// schema is a JSON schema, or a part of one.
type schema map[string]any

// Schema returns the JSON schema of the build file, for editors. It comes from
// the tables that [Parse] reads with.
func Schema() []byte {
	top := documentObject().describe()
	top["$id"] = SchemaID
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["title"] = "Strata build file"
	top["$defs"] = schema{
		"scalar": schema{"type": []any{"string", "number", "boolean"}},
		"text": schema{"anyOf": []any{
			scalarSchema(),
			schema{
				"type":                 "object",
				"minProperties":        1,
				"propertyNames":        schema{"anyOf": []any{schema{"enum": anys(architectures())}, schema{"pattern": "^[a-z0-9]+/[a-z0-9]+(/[^/]+)?$"}}},
				"additionalProperties": scalarSchema(),
			},
		}},
	}
	data, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		return nil // cannot be: a schema holds nothing but plain values
	}
	return append(data, '\n')
}

func textSchema() schema { return schema{"$ref": "#/$defs/text"} }

func scalarSchema() schema { return schema{"$ref": "#/$defs/scalar"} }

// describe is the object's table as a schema.
func (o object[T]) describe() schema {
	properties := make(schema, len(o.keys))
	var required []any
	for _, k := range o.keys {
		property := maps.Clone(k.schema)
		property["description"] = k.doc
		properties[k.name] = property
		if k.needed {
			required = append(required, k.name)
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if o.extensible {
		s["patternProperties"] = schema{"^x-": true}
	}
	if required != nil {
		s["required"] = required
	}
	if o.one != nil {
		s["oneOf"] = requireEach(o.one)
	}
	dependent := make(schema)
	for _, n := range o.needs {
		dependent[n.key] = schema{"anyOf": requireEach(n.with)}
	}
	if len(dependent) > 0 {
		s["dependentSchemas"] = dependent
	}
	return s
}

func requireEach(names []string) []any {
	var all []any
	for _, name := range names {
		all = append(all, schema{"required": []any{name}})
	}
	return all
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}
