// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	debfile "github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// packageFiles are the packages of a request that are files.
type packageFiles struct {
	distro.ReadFiles
	// index lists them; nil without any.
	index *index.Index
}

// filesID is what the index of package files is called, which no archive can be.
const filesID = "the package files"

// readPackageFiles reads what the package files of a request say of themselves. Each
// is listed by its number.
func readPackageFiles(r *distro.Request, arch string) (*packageFiles, error) {
	out := &packageFiles{}
	if len(r.Files) == 0 {
		return out, nil
	}
	var text strings.Builder
	for i, f := range r.Files {
		made, paragraph, err := readPackageFile(f, strconv.Itoa(i))
		if err != nil {
			return nil, &distro.Error{Name: f.Name, Err: fmt.Errorf("read the package %s: %w", f.ID, err)}
		}
		added, err := out.Add(made, arch, "all")
		if err != nil {
			return nil, err
		}
		if added {
			text.WriteString(paragraph + "\n")
		}
	}
	var err error
	out.index, err = index.ReadIndex(strings.NewReader(text.String()), index.Options{Repository: filesID, Architecture: arch})
	return out, err
}

// readPackageFile reads one package file, and returns its paragraph in an index that
// calls the file so.
func readPackageFile(f distro.File, called string) (made distro.ReadFile, paragraph string, err error) {
	a, err := debfile.Open(bytes.NewReader(f.Data), int64(len(f.Data)))
	if err != nil {
		return made, "", err
	}
	c, err := a.Control()
	if err != nil {
		return made, "", err
	}
	fields := c.Fields.Without("Status", "Filename", "Size", "SHA256").
		Set("Filename", called).Set("Size", strconv.Itoa(len(f.Data))).Set("SHA256", f.SHA256())
	made = distro.ReadFile{File: f, Package: fields.Get("Package"), Version: fields.Get("Version"), Arch: fields.Get("Architecture")}
	return made, fields.String(), nil
}

// wanted are requests for all of them.
func (p *packageFiles) wanted() []resolve.Wanted {
	out := make([]resolve.Wanted, 0, len(p.ReadFiles))
	for _, f := range p.ReadFiles {
		out = append(out, resolve.Wanted{Name: f.Package, Version: f.Version, File: f.ID})
	}
	return out
}
