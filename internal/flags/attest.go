// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Attests reads --attest, --sbom and --provenance. The result has the
// attributes of the frontend, "attest:TYPE"; nothing is attested by default.
func Attests(words []string, sbom, provenance string) (map[string]string, error) {
	attrs := map[string]string{}
	seen := map[string]bool{}
	if provenance != "" {
		words = append(words[:len(words):len(words)], shorthandAttest("provenance", provenance))
	}
	if sbom != "" {
		words = append(words[:len(words):len(words)], shorthandAttest("sbom", sbom))
	}
	for _, word := range words {
		kind, params, disabled, err := parseAttest(word)
		if err != nil {
			return nil, fmt.Errorf("--attest %s: %w", shown(word), err)
		}
		if seen[kind] { // the first one holds, as in buildx
			continue
		}
		seen[kind] = true
		if !disabled {
			attrs["attest:"+kind] = join("type="+kind, params)
		}
	}
	return attrs, nil
}

// shorthandAttest is --sbom=VALUE as a value of --attest.
func shorthandAttest(kind, value string) string {
	if on, err := strconv.ParseBool(value); err == nil {
		return fmt.Sprintf("type=%s,disabled=%t", kind, !on)
	}
	return "type=" + kind + "," + value
}

func parseAttest(word string) (kind string, params map[string]string, disabled bool, err error) {
	fs, err := fields(word)
	if err != nil {
		return "", nil, false, err
	}
	params = map[string]string{}
	for _, f := range fs {
		switch f.key {
		case "type":
			kind = strings.ToLower(f.value)
		case "disabled":
			if disabled, err = strconv.ParseBool(f.value); err != nil {
				return "", nil, false, fmt.Errorf("disabled is true or false, not %q", f.value)
			}
		default:
			params[f.key] = f.value
		}
	}
	switch kind {
	case "sbom", "provenance":
		return kind, params, disabled, nil
	case "":
		return "", nil, false, errors.New("it needs a type (sbom or provenance)")
	}
	return "", nil, false, fmt.Errorf("unknown type %q (sbom or provenance)", kind)
}
