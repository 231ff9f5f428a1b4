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
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	apk "github.com/strata-build/strata/internal/distro/alpine/control"
	deb "github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/sbom"
)

// ErrNoPackages says that an image has no package database.
var ErrNoPackages = errors.New("it has no package database that Strata knows (dpkg or apk)")

// SBOM reads an image's package databases and writes what they have as an SPDX
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
	var targets []string
	for _, t := range made.Targets {
		targets = append(targets, t.Name)
	}
	return sbom.Write(made, subject, targets...)
}

// dataFiles are the files of an image, by their paths, that say what is installed.
type dataFiles map[string][]byte

// isDatabase tells whether a file is one of them.
func isDatabase(name string) bool {
	switch name {
	case "var/lib/dpkg/status", "lib/apk/db/installed", "usr/lib/apk/db/installed", "etc/os-release", "usr/lib/os-release":
		return true
	}
	return path.Dir(name) == "var/lib/dpkg/status.d" && !strings.HasSuffix(name, ".md5sums")
}

// databases reads them from the layers, of which a later one counts more.
func databases(ctx context.Context, s *image.Source, m *v1.Manifest) (dataFiles, error) {
	scans := make([]*scan, len(m.Layers))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i, l := range m.Layers {
		group.Go(func() (err error) {
			if scans[i], err = scanDatabases(within, s, l); err != nil {
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
		for _, e := range scanned.entries {
			if e.kind == 'w' || e.kind == 'o' {
				all.remove(e)
			}
		}
		maps.Copy(all, scanned.files)
	}
	return all, nil
}

// remove takes out what an entry of a layer deletes.
func (f dataFiles) remove(e entry) {
	for name := range f {
		if e.kind == 'w' && name == e.path || strings.HasPrefix(name, strings.TrimPrefix(e.path+"/", "./")) {
			delete(f, name)
		}
	}
}

func scanDatabases(ctx context.Context, s *image.Source, d v1.Descriptor) (*scan, error) {
	rc, err := s.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	plain, err := image.Decompress(rc)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	out := &scan{files: dataFiles{}}
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
	s.files[name] = data
	return bytes.NewReader(data), nil
}

// lock makes a lock of what the databases have.
func (f dataFiles) lock(platform string) (*lock.File, error) {
	out := &lock.File{}
	distribution := f.distribution()
	for _, kind := range []struct {
		name string
		read func() ([]lock.Package, error)
	}{{"deb", f.debs}, {"apk", f.apks}} {
		packages, err := kind.read()
		if err != nil {
			return nil, err
		}
		if len(packages) == 0 {
			continue
		}
		for i := range packages {
			packages[i].Repository = kind.name
		}
		made := &lock.Packages{Packages: packages}
		made.Sort()
		out.SetRepository(lock.Repository{ID: kind.name, Type: kind.name, Distribution: distribution})
		out.Set(kind.name, lock.Platform{Name: platform, Packages: made})
	}
	if len(out.Targets) == 0 {
		return nil, ErrNoPackages
	}
	return out, nil
}

// debs are what dpkg has installed, or the files of images without dpkg.
func (f dataFiles) debs() ([]lock.Package, error) {
	var out []lock.Package
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !strings.HasPrefix(name, "var/lib/dpkg/") {
			continue
		}
		all, err := deb.ParseParagraphs(string(f[name]))
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", name, err)
		}
		for _, p := range all {
			status := p.Get("Status")
			key := p.Get("Package") + ":" + p.Get("Architecture")
			if status != "" && !strings.HasSuffix(status, " installed") || seen[key] {
				continue
			}
			seen[key] = true
			made := lock.Package{Name: p.Get("Package"), Version: p.Get("Version"), Arch: p.Get("Architecture")}
			if source := strings.Fields(p.Get("Source")); len(source) > 0 && source[0] != made.Name {
				made.Source = source[0]
			}
			out = append(out, made)
		}
	}
	return out, nil
}

// apks are what apk has installed.
func (f dataFiles) apks() ([]lock.Package, error) {
	var out []lock.Package
	for _, name := range []string{"usr/lib/apk/db/installed", "lib/apk/db/installed"} {
		if len(f[name]) == 0 {
			continue
		}
		err := apk.ReadRecords(string(f[name]), func(r *apk.Record) error {
			made := lock.Package{Name: r.Name, Version: r.Version, Arch: r.Arch}
			if r.Origin != r.Name {
				made.Source = r.Origin
			}
			out = append(out, made)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", name, err)
		}
		return out, nil
	}
	return nil, nil
}

// distribution is what a lock calls the distribution of os-release.
func (f dataFiles) distribution() string {
	text := f["etc/os-release"]
	if len(text) == 0 {
		text = f["usr/lib/os-release"]
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `"'`)
	}
	id, version := values["ID"], values["VERSION_ID"]
	switch {
	case id == "wolfi":
		return id // which has no versions
	case id == "alpine":
		if parts := strings.Split(version, "."); len(parts) > 2 {
			version = strings.Join(parts[:2], ".")
		}
	}
	if id == "" || version == "" {
		return id
	}
	return id + "-" + version
}
