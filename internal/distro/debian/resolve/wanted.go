// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"strings"
)

// FullName is the name with the architecture that is asked for, if there is one.
func (w Wanted) FullName() string {
	if w.Arch == "" {
		return w.Name
	}
	return w.Name + ":" + w.Arch
}

// ParseWanted reads a request as apt-get takes it, name[:arch][=version|/suite], or
// !name for what must not come in.
func ParseWanted(s string) (Wanted, error) {
	var w Wanted
	var hasVersion, hasSuite bool
	rest, not := strings.CutPrefix(s, "!")
	w.Not = not
	w.Name, w.Version, hasVersion = strings.Cut(rest, "=")
	if !hasVersion {
		w.Name, w.Suite, hasSuite = strings.Cut(rest, "/")
	}
	w.Name, w.Arch, _ = strings.Cut(w.Name, ":")
	switch {
	case w.Name == "":
		return w, fmt.Errorf("read the package %q: it has no name", s)
	case hasVersion && w.Version == "":
		return w, fmt.Errorf("read the package %q: there is no version after \"=\"", s)
	case hasSuite && w.Suite == "":
		return w, fmt.Errorf("read the package %q: there is no suite after \"/\"", s)
	case not && (hasVersion || hasSuite):
		return w, fmt.Errorf("read the package %q: what must not come in has no version and no suite; write %q", s, "!"+w.Name)
	}
	return w, nil
}
