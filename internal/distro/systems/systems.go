// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package systems is the table of the package systems that Strata knows.
package systems

import (
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine"
	"github.com/strata-build/strata/internal/distro/debian"
	"github.com/strata-build/strata/internal/distro/redhat"
)

// All are the systems, in the order in which a base is asked for them.
func All() []distro.System {
	return []distro.System{debian.System{}, alpine.System{}, redhat.System{}}
}
