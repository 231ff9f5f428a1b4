// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"strings"
)

// sourceDateEpoch is the argument that sets the time an image says it was made.
const sourceDateEpoch = "SOURCE_DATE_EPOCH"

// BuildArgs reads the values of --build-arg. A name alone takes its value from
// the environment, and is left out when it is not set there. SOURCE_DATE_EPOCH
// is taken from the environment in any case.
func BuildArgs(words []string, env Lookup) (map[string]string, error) {
	args := map[string]string{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if name == "" {
			return nil, fmt.Errorf("--build-arg %q has no name", word)
		}
		if !ok {
			if value, ok = env(name); !ok {
				continue
			}
		}
		args[name] = value
	}
	if _, ok := args[sourceDateEpoch]; !ok {
		if v, _ := env(sourceDateEpoch); v != "" {
			args[sourceDateEpoch] = v
		}
	}
	return args, nil
}

// Labels reads the values of --label.
func Labels(words []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		if name == "" {
			return nil, fmt.Errorf("--label %q has no name", word)
		}
		labels[name] = value
	}
	return labels, nil
}
