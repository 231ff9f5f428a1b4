// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/sbom"
)

// ErrNoPackages says that an image has no package database.
var ErrNoPackages = errors.New("it has no package database that Strata can read")

// SBOM lists the packages that the databases in an image have, as an SPDX
// document, by the writer that writes what a lock has. A database doesn't know
// the digests of packages, nor where they came from.
func SBOM(ctx context.Context, s *image.Source, o Options) ([]byte, error) {
	d, r, err := begin(ctx, s, o)
	if err != nil {
		return nil, err
	}
	m, err := readJSON[v1.Manifest](ctx, s, d)
	if err != nil {
		return nil, err
	}
	config, err := readJSON[v1.ConfigFile](ctx, s, m.Config)
	if err != nil {
		return nil, err
	}
	files, err := databases(ctx, s, m)
	if err != nil {
		return nil, err
	}
	made, err := files.lock(r.Platform)
	if err != nil {
		return nil, fmt.Errorf("list the packages of %s: %w", s.Name, err)
	}
	subject := sbom.Subject{Name: s.Name.String(), Platform: r.Platform, Created: config.Created.Time}
	var contents sbom.Contents
	for _, t := range made.Targets {
		contents.AddPackages(made, made.Platform(t.Name, r.Platform))
	}
	return sbom.Write(&contents, subject)
}

// dataFiles are the files of an image, by their paths, that say what is installed.
type dataFiles map[string][]byte

// isDatabase reports whether a file is one of them.
func isDatabase(name string) bool {
	return databaseOf(name) != nil || name == "etc/os-release" || name == "usr/lib/os-release"
}

// databases reads them from the layers, of which a later one counts more.
func databases(ctx context.Context, s *image.Source, m *v1.Manifest) (dataFiles, error) {
	scans := make([]*scan, len(m.Layers))
	var room atomic.Int64
	room.Store(databasesLimit)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i, l := range m.Layers {
		group.Go(func() (err error) {
			if scans[i], err = scanDatabases(within, s, l, &room); err != nil {
				return fmt.Errorf("read layer %d of %s: %w", i+1, s.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := dataFiles{}
	for _, scanned := range scans {
		all.remove(scanned.entries)
		maps.Copy(all, scanned.files)
	}
	return all, nil
}

// remove takes out what the entries of a layer delete.
func (f dataFiles) remove(entries []entry) {
	deleted, emptied := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		switch e.kind {
		case 'w':
			deleted[e.path] = true
		case 'o':
			emptied[e.path] = true
		}
	}
	for name := range f {
		gone := deleted[name]
		for dir := name; !gone && dir != "."; {
			dir = path.Dir(dir)
			gone = deleted[dir] || emptied[dir]
		}
		if gone {
			delete(f, name)
		}
	}
}

// scanDatabases reads those of a layer, as long as there is room for them.
func scanDatabases(ctx context.Context, s *image.Source, d v1.Descriptor, room *atomic.Int64) (*scan, error) {
	rc, err := s.Layer(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	plain, err := image.Decompress(rc)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	out := &scan{files: dataFiles{}, room: room}
	if err := out.read(plain); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, rc) // the digest is checked at the end
	return out, err
}

// keep notes a file if it is asked for.
func (s *scan) keep(name string, r io.Reader) (io.Reader, error) {
	if s.files == nil || !isDatabase(name) {
		return r, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, databaseLimit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > databaseLimit {
		return nil, fmt.Errorf("it has more than %d bytes", databaseLimit)
	}
	if s.room.Add(-int64(len(data))) < 0 {
		return nil, fmt.Errorf("the image's package databases have more than %d bytes", databasesLimit)
	}
	s.files[name] = data
	return bytes.NewReader(data), nil
}

// lock makes a lock of what the databases have.
func (f dataFiles) lock(platform string) (*lock.File, error) {
	out := &lock.File{}
	distribution := f.distribution()
	for _, system := range systems.All() {
		reader, ok := system.(distro.Database)
		if !ok {
			continue
		}
		installed, err := reader.Installed(f)
		if err != nil {
			return nil, err
		}
		if len(installed) == 0 {
			continue
		}
		kind := system.Facts().Type
		made := &lock.Packages{}
		for _, p := range installed {
			made.Packages = append(made.Packages, lock.Package{Name: p.Name, Version: p.Version, Arch: p.Arch, Source: p.Source, Repository: kind})
		}
		made.Sort()
		out.SetRepository(lock.Repository{ID: kind, Type: kind, Distribution: distribution})
		out.Set(kind, lock.Platform{Name: platform, Packages: made})
	}
	if len(out.Targets) == 0 {
		return nil, ErrNoPackages
	}
	return out, nil
}

// distribution is what a lock calls the distribution of os-release.
func (f dataFiles) distribution() string {
	text := f["etc/os-release"]
	if len(text) == 0 {
		text = f["usr/lib/os-release"]
	}
	return distro.ReadRelease(text)
}
