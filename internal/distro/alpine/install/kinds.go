// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// A kind is a path that a package has as a directory, or as something else.
type kind struct {
	by        *Package
	directory bool
}

// checkKinds looks for paths that one package has as a directory, and another one, or the
// image, as something else. Of the two, apk fails to put the second there; unpacked side by
// side or merged, either would be lost, with all that is in it.
func (in *installer) checkKinds() error {
	kinds := map[string]kind{}
	for _, p := range in.packages {
		for _, f := range p.Files {
			for at, directory := f.At, f.Directory; at != "/"; at, directory = path.Dir(at), true {
				k, seen := kinds[at]
				if !seen {
					kinds[at] = kind{p, directory}
					continue
				}
				if k.directory != directory {
					return fmt.Errorf("%w; put the one that comes first into a packages layer of its own", kindError(p, directory, k.by.Info.Name, at))
				}
				if directory && !f.Directory {
					break // its directories are known
				}
			}
		}
	}
	return in.checkBaseKinds(kinds)
}

func kindError(p *Package, directory bool, other, at string) error {
	has, hasNot := p.Info.Name, other
	if !directory {
		has, hasNot = other, has
	}
	return fmt.Errorf("%s is a directory of %s, and a file or a link of %s", at, has, hasNot)
}

// checkBaseKinds does it for the image's paths. A package may make a link of a directory
// that it had itself, and that no other has.
func (in *installer) checkBaseKinds(kinds map[string]kind) error {
	image, own := skeleton(in.Root), map[string]bool{}
	for _, r := range in.db.installed {
		files, err := r.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			k, ok := kinds["/"+f.Path]
			if !ok || k.directory == f.Directory {
				continue
			}
			if at, err := image.directory("/" + path.Dir(f.Path)); err != nil || path.Join(at, path.Base(f.Path)) != "/"+f.Path {
				continue // it is elsewhere
			}
			if k.by.Info.Name != r.Name {
				return kindError(k.by, k.directory, r.Name+" of the base", "/"+f.Path)
			}
			own["/"+f.Path] = true
		}
	}
	if in.Base == "" {
		return nil
	}
	for _, at := range slices.Sorted(maps.Keys(kinds)) {
		info, err := os.Lstat(filepath.Join(in.Base, at))
		if k := kinds[at]; err == nil && info.IsDir() != k.directory && !own[at] {
			return kindError(k.by, k.directory, "the base", at)
		}
	}
	return nil
}
