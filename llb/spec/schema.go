// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"encoding/json"
	"maps"
	"strings"
)

// SchemaID is the address of the JSON schema, for editors.
const SchemaID = "https://raw.githubusercontent.com/strata-build/strata/main/docs/strata.schema.json"

// schema is a JSON schema, or a part of one.
type schema map[string]any

// Schema returns the JSON schema of the build file, for editors. It comes from
// the tables that [Parse] reads with.
func Schema() []byte {
	top := documentObject().kind().schema
	top["$id"] = SchemaID
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["title"] = "Strata build file"
	top["$defs"] = schema{
		"scalar": schema{"type": []any{"string", "number", "boolean"}, "errorMessage": "want a string"},
		"text":   formed(kind[String]{}, scalarSchema()).schema,
		"isText": schema{"anyOf": []any{
			scalarSchema(),
			hasPlatform(),
		}},
		"platform": schema{
			"pattern":      platformPattern(),
			"errorMessage": "want a platform such as arm64 or linux/arm64",
		},
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
func (o shape) describe() schema {
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
	s := schema{"properties": properties, "additionalProperties": false}
	s["allOf"] = []any{schema{"type": "object", "errorMessage": "want a map"}}
	if o.form != "" {
		s = schema{"type": "object", "properties": properties, "additionalProperties": false, "errorMessage": "want " + o.form}
	}
	if o.extensible {
		s["patternProperties"] = schema{"^x-": true}
	}
	if required != nil {
		s["required"] = required
	}
	if rest := o.together(); rest != nil {
		maps.Copy(s, when(schema{"type": "object", "propertyNames": schema{"enum": anys(o.names())}}, rest, nil))
	}
	return s
}

// together says which keys go together, for maps without a key that is none; nil if all do.
func (o shape) together() schema {
	dependent := make(schema)
	for _, n := range o.needs {
		dependent[n.key] = when(schema{"anyOf": requireEach(n.with)}, nil, never(n.key+" goes only with "+strings.Join(n.with, " or ")))
	}
	var rest schema
	if len(dependent) > 0 {
		rest = schema{"dependentSchemas": dependent}
	}
	if o.one == nil {
		return rest
	}
	return when(schema{"oneOf": requireEach(o.one)}, rest, never("want exactly one of "+strings.Join(o.one, ", ")))
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
