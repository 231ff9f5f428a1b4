// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tonistiigi/go-csvvalue"
)

// field is one key=value of a comma-separated value.
type field struct{ key, value string }

// fields splits a value at its commas; a key is in lower case.
func fields(word string) ([]field, error) {
	parts, err := csvvalue.Fields(word, nil)
	if err != nil {
		return nil, err
	}
	out := make([]field, 0, len(parts))
	for i, part := range parts {
		key, value, ok := strings.Cut(part, "=")
		if !ok && i > 0 && secretKey.MatchString(out[i-1].key+"=") {
			return nil, fmt.Errorf("what follows %s is not key=value; a value that has a comma stands in quotes, with its key", out[i-1].key)
		}
		if !ok {
			return nil, fmt.Errorf("%q is not key=value", part)
		}
		out = append(out, field{strings.ToLower(strings.TrimSpace(key)), value})
	}
	return out, nil
}

// join is the reverse of fields, with the keys of attrs in order after head.
func join(head string, attrs map[string]string) string {
	out := []string{quote(head)}
	for _, key := range slices.Sorted(maps.Keys(attrs)) {
		out = append(out, quote(key+"="+attrs[key]))
	}
	return strings.Join(out, ",")
}

// quote protects a field that has a comma or a quote in it.
func quote(s string) string {
	if !strings.ContainsAny(s, ",\"\n") {
		return s
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{s}) // a strings.Builder takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// splitMethod reads "METHOD,key=value…"; METHOD may also be "method=METHOD".
func splitMethod(word string) (string, []field, error) {
	head, rest, more := strings.Cut(word, ",")
	head = strings.TrimPrefix(head, "method=")
	if !more {
		return head, nil, nil
	}
	fs, err := fields(rest)
	return head, fs, err
}
