// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Names checks the values of --tag and joins them as exporters take them.
func Names(tags []string) (string, error) {
	for _, tag := range tags {
		named, err := reference.ParseNormalizedNamed(tag)
		if err != nil {
			return "", fmt.Errorf("%q is not a tag: %w", tag, err)
		}
		if _, ok := named.(reference.Digested); ok {
			return "", fmt.Errorf("%q is not a tag: it has a digest", tag)
		}
	}
	return strings.Join(tags, ","), nil
}
