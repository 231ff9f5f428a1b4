// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/strata-build/strata/internal/distro/unpack"
)

// infoDir is where dpkg keeps what it keeps of each package.
const infoDir = "/var/lib/dpkg/info"

// writeInfo writes the package's files of dpkg's database. Their times are the
// package's own, as dpkg's are, but for the list, and the sums of a package that
// has none, which dpkg writes itself.
func (u *unpacker) writeInfo() error {
	if err := u.infoFile("list", []byte(u.list.String()), 0o644, time.Unix(0, 0)); err != nil {
		return err
	}
	if u.needSums {
		if err := u.infoFile("md5sums", []byte(u.sums.String()), 0o644, time.Unix(0, 0)); err != nil {
			return err
		}
	}
	for _, f := range u.control.Files {
		if err := u.infoFile(f.Name, f.Data, f.Mode, f.ModTime); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) infoFile(name string, data []byte, mode uint32, mtime time.Time) error {
	n := &unpack.Node{By: u.by, Package: u.name(), Mode: mode}
	h := &tar.Header{Typeflag: tar.TypeReg, ModTime: mtime}
	err := u.tree.Put(infoDir+"/"+u.p.Info+"."+name, n, h, unpack.Content{Copy: func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}})
	if err != nil && !errors.Is(err, unpack.ErrElsewhere) {
		return fmt.Errorf("write %s of dpkg's database: %w", name, err)
	}
	return nil
}
