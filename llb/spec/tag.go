// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"

	names "github.com/distribution/reference"
)

// CheckTag accepts the name of an image, with a tag or without.
func CheckTag(text string) error {
	named, err := names.ParseNormalizedNamed(text)
	if err != nil {
		return fmt.Errorf("%.80q is not a tag: %w", text, err)
	}
	if _, ok := named.(names.Digested); ok {
		return fmt.Errorf("%.80q is not a tag: it has a digest", text)
	}
	return nil
}
