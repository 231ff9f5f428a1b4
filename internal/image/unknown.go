// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// KeepUnknown encodes a struct as JSON, with those members of an original object that
// the struct has no field for behind its own. The original may be empty.
func KeepUnknown(v any, original []byte) (json.RawMessage, error) {
	encoded, err := json.Marshal(v)
	if err != nil || len(original) == 0 {
		return encoded, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(original, &members); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	known := fieldNames(reflect.TypeOf(v))
	out := bytes.NewBuffer(bytes.TrimSuffix(encoded, []byte("}")))
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, key) }) {
			continue
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(members[key])
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// fieldNames are the names of a struct's fields in JSON.
func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
