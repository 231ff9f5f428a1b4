// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
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

// Asked returns the name of the request that an error of Resolve is about; empty
// when it is about none.
func Asked(err error) string {
	var unknown *UnknownPackageError
	var virtual *VirtualPackageError
	var version *NoSuchVersionError
	var foreign *ForeignArchitectureError
	var name *BadNameError
	var conflict *ConflictError
	var unsatisfiable *UnsatisfiableError
	switch {
	case errors.As(err, &unknown):
		return unknown.Name
	case errors.As(err, &virtual):
		return virtual.Name
	case errors.As(err, &version):
		return version.Name
	case errors.As(err, &foreign):
		return foreign.Name
	case errors.As(err, &name):
		return name.Name
	case errors.As(err, &conflict):
		return conflict.Wanted
	case errors.As(err, &unsatisfiable):
		return unsatisfiable.Wanted
	}
	return ""
}
