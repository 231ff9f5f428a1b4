// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"strings"
)

// ParseWanted reads a request as apt-get takes it: name[:arch][=version|/suite].
func ParseWanted(s string) (Wanted, error) {
	var w Wanted
	var hasVersion, hasSuite bool
	w.Name, w.Version, hasVersion = strings.Cut(s, "=")
	if !hasVersion {
		w.Name, w.Suite, hasSuite = strings.Cut(s, "/")
	}
	w.Name, w.Arch, _ = strings.Cut(w.Name, ":")
	switch {
	case w.Name == "":
		return w, fmt.Errorf("read the package %q: it has no name", s)
	case hasVersion && w.Version == "":
		return w, fmt.Errorf("read the package %q: there is no version after \"=\"", s)
	case hasSuite && w.Suite == "":
		return w, fmt.Errorf("read the package %q: there is no suite after \"/\"", s)
	}
	return w, nil
}
