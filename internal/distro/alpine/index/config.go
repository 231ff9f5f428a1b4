// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// A Repository is a line of /etc/apk/repositories.
type Repository struct {
	URL string // without a slash at the end
	Tag string // only packages that are asked for with @tag may come from it
}

// IndexURL is the address of the index for an architecture.
func (r Repository) IndexURL(arch string) string { return r.URL + "/" + arch + "/APKINDEX.tar.gz" }

// ParseWorld reads /etc/apk/world. It never returns nil.
func ParseWorld(text string) ([]control.Relation, error) {
	world, err := control.ParseRelations(text)
	if err != nil {
		return nil, fmt.Errorf("read what was asked for in the base: %w", err)
	}
	return world, nil
}
