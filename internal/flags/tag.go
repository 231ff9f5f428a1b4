// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Names checks the words of --tag and joins them as exporters want them.
func Names(tags []string) (string, error) {
	for _, tag := range tags {
		named, err := reference.ParseNormalizedNamed(tag)
		if err != nil {
			return "", fmt.Errorf("%q is no tag: %w", tag, err)
		}
		if _, ok := named.(reference.Digested); ok {
			return "", fmt.Errorf("%q is no tag: it has a digest", tag)
		}
	}
	return strings.Join(tags, ","), nil
}
