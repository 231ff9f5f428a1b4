// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/distro/alpine/resolve"
)

// packageFiles are the packages of a request that are files.
type packageFiles struct {
	distro.ReadFiles
	// checksums are those of their control segments, in the same order.
	checksums []string
	// index lists them; nil without any.
	index *index.Index
}

// filesID is what the index of package files is called, which no repository can be.
const filesID = "the package files"

// readPackageFiles reads what the package files of a request say of themselves. No
// signature of theirs is looked at: as with apk's --allow-untrusted, they are
// trusted as any other file that the build file names.
func readPackageFiles(r *distro.Request, arch string) (*packageFiles, error) {
	out := &packageFiles{}
	if len(r.Files) == 0 {
		return out, nil
	}
	var text strings.Builder
	for _, f := range r.Files {
		a, err := archive.Open(bytes.NewReader(f.Data), int64(len(f.Data)))
		if err != nil {
			return nil, &distro.Error{Name: f.Name, Err: fmt.Errorf("read the package %s: %w", f.ID, err)}
		}
		added, err := out.Add(distro.ReadFile{File: f, Package: a.Info.Name, Version: a.Info.Version, Arch: a.Info.Arch}, arch, "noarch")
		if err != nil {
			return nil, err
		}
		if added {
			out.checksums = append(out.checksums, a.Checksum)
			text.WriteString(a.Info.Record(a.Checksum, a.Size) + "\n")
		}
	}
	var err error
	out.index, err = index.ParseIndex(text.String(), index.Options{Repository: filesID, Architecture: arch})
	return out, err
}

// wanted are requests for all of them: as "apk add" notes it, for those very files.
func (p *packageFiles) wanted() []resolve.Wanted {
	out := make([]resolve.Wanted, 0, len(p.ReadFiles))
	for i, f := range p.ReadFiles {
		out = append(out, resolve.Wanted{Relation: control.Relation{Name: f.Package, Op: control.Checksum, Version: p.checksums[i]}})
	}
	return out
}

// compare refuses a request for another version of a package than its file has.
func (p *packageFiles) compare(asked string, w resolve.Wanted) error {
	f := p.Named(w.Name)
	if f == nil || w.Conflict || w.Op.Holds(f.Version, w.Version) {
		return nil
	}
	return &distro.Error{Name: asked, Err: fmt.Errorf("resolve the packages: %s and %s cannot be installed together: the file is version %s; name one of them", asked, f.ID, f.Version)}
}

// verify holds the files of packages that come in to what these say of themselves.
func (p *packageFiles) verify(s *resolve.Solution, v *verified) error {
	for i := range s.Packages {
		f := p.Named(s.Packages[i].Name)
		if f == nil {
			continue
		}
		sum, err := resolve.Verify(&s.Packages[i], f.Data)
		if err == nil {
			err = v.add(f.Package, sum, f.Data)
		}
		if err != nil {
			return &distro.Error{Name: f.Name, Err: err}
		}
	}
	return nil
}
