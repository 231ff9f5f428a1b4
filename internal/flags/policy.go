// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	spb "github.com/moby/buildkit/sourcepolicy/pb"

	"github.com/strata-build/strata/internal/plainfile"
)

// PolicyVariable names a file with a source policy, as for buildx.
const PolicyVariable = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"

// policyLimit is the most bytes that a source policy may have.
const policyLimit = 8 << 20

// SourcePolicy reads the source policy that [PolicyVariable] or --policy names:
// [filename=]PATH[,reset=BOOL][,disabled=BOOL]. It is nil without one. As a rule of
// one file could allow what another one denies, there is one file at most.
func SourcePolicy(words []string, lookup Lookup) (*spb.Policy, error) {
	var path string
	if name, ok := lookup(PolicyVariable); ok {
		path = name
	}
	for _, word := range words {
		p, err := parsePolicy(word)
		if err != nil {
			return nil, fmt.Errorf("--policy %q: %w", word, err)
		}
		if p.reset || p.disabled {
			path = ""
		}
		if p.path == "" || p.disabled {
			continue
		}
		if path != "" {
			return nil, fmt.Errorf("--policy %q: there is one already, %s; put the rules into one file, or say reset=true", word, path)
		}
		path = p.path
	}
	if path == "" {
		return nil, nil //nolint:nilnil // no policy is not a fault
	}
	policy, err := readPolicy(path)
	if err != nil {
		return nil, fmt.Errorf("read source policy: %w", err)
	}
	return policy, nil
}

type policyWord struct {
	path            string
	reset, disabled bool
}

func parsePolicy(word string) (p policyWord, err error) {
	fs, err := fields(word)
	if err != nil {
		return p, err
	}
	for _, f := range fs {
		switch f.key {
		case "reset":
			p.reset, err = strconv.ParseBool(f.value)
		case "disabled":
			p.disabled, err = strconv.ParseBool(f.value)
		case "filename":
			if p.path != "" {
				err = errors.New("it has two files")
			}
			p.path = f.value
		case "strict", "log-level":
			err = errors.New("it is for policies in Rego, which only buildx evaluates")
		default:
			err = fmt.Errorf("unknown key %q (filename, reset or disabled)", f.key)
		}
		if err != nil {
			return p, fmt.Errorf("%s: %w", f.key, err)
		}
	}
	return p, nil
}

// isRego reports whether a policy is in Rego, by its name or by what it begins with:
// JSON begins with neither.
func isRego(path string, data []byte) bool {
	if strings.HasSuffix(path, ".rego") {
		return true
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			return strings.HasPrefix(line, "package ")
		}
	}
	return false
}

// readPolicy reads a policy. A rule that can't be understood must not be left out.
func readPolicy(path string) (*spb.Policy, error) {
	data, err := plainfile.Read(path, policyLimit)
	if err != nil {
		return nil, err
	}
	if isRego(path, data) {
		return nil, fmt.Errorf("%s is a policy in Rego, which only buildx evaluates: write it in JSON, as {\"rules\": […]}, or build with docker buildx build --policy", path)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	policy := &spb.Policy{}
	if err := d.Decode(policy); err != nil {
		return nil, fmt.Errorf("%s is not a source policy in JSON: %w", path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s has more than one value", path)
	}
	for i, r := range policy.Rules {
		if r == nil || r.Selector == nil || r.Selector.Identifier == "" {
			return nil, fmt.Errorf("%s: rule %d has no selector with an identifier", path, i+1)
		}
	}
	return policy, nil
}
