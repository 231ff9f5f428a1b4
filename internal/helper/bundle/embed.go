// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build release

package bundle

import (
	"embed"
	"io/fs"
)

// bin is filled by hack/compile before it builds the command line.
//
//go:embed bin/strata-step-*
var bin embed.FS

// embedded gives the helpers that this binary carries.
func embedded() (map[string]*helper, bool, error) {
	names, err := fs.Glob(bin, "bin/*")
	if err != nil {
		return nil, false, err
	}
	files := map[string]*helper{}
	for _, path := range names {
		name := path[len("bin/"):]
		files[name] = newHelper(bin, path, name)
	}
	return files, true, nil
}
