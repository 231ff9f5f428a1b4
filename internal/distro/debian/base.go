// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/tree"
)

// base is what is installed in a base, and the image that says where more comes from:
// the same, or another one that it is to be like.
type base struct {
	distro.Configured
	status *index.Status
	// foreign are the architectures that dpkg --add-architecture has added, in that order.
	foreign []string
	// automatic are packages that apt has noted as nothing but the need of others.
	automatic map[string]bool
	pins      []index.Pin
}

// readBase reads the base's package database, and the preferences that count.
func readBase(ctx context.Context, r *distro.Request, native string) (*base, error) {
	b, files := &base{Configured: r.Configured()}, distro.Configured{Tree: r.Base, Name: "the base"}
	text, err := files.ReadFile(ctx, "/var/lib/dpkg/status")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Images without dpkg have a file for each package.
	single, err := readAll(ctx, files, "/var/lib/dpkg/status.d", func(name string) bool { return !strings.HasSuffix(name, ".md5sums") })
	if err != nil {
		return nil, err
	}
	for _, data := range single {
		text = append(append(text, "\n\n"...), data...)
	}
	if b.foreign, err = readForeign(ctx, files, native); err != nil {
		return nil, err
	}
	if b.status, err = index.ReadStatusWith(bytes.NewReader(text), b.foreign); err != nil {
		return nil, err
	}
	return b, errors.Join(b.readPins(ctx), b.readStates(ctx, files))
}

// readForeign reads which architectures a base takes packages of besides its own.
func readForeign(ctx context.Context, files distro.Configured, native string) ([]string, error) {
	text, err := files.ReadFile(ctx, "/var/lib/dpkg/arch")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read /var/lib/dpkg/arch of the base: %w", err)
	}
	var foreign []string
	for _, arch := range strings.Fields(string(text)) {
		if arch != native && arch != "all" && !slices.Contains(foreign, arch) && plainArchitecture(arch) {
			foreign = append(foreign, arch)
		}
	}
	return foreign, nil
}

// plainArchitecture reports whether a word can be an architecture's name: it becomes
// part of addresses.
func plainArchitecture(arch string) bool {
	return !strings.ContainsFunc(arch, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func (b *base) readPins(ctx context.Context) error {
	files, err := readFiles(ctx, b.Configured, "/etc/apt/preferences.d", func(name string) bool {
		return !strings.Contains(name, ".") || strings.HasSuffix(name, ".pref")
	})
	if err != nil {
		return err
	}
	const first = "/etc/apt/preferences"
	switch text, err := b.ReadFile(ctx, first); {
	case err == nil:
		files = append([]file{{first, text}}, files...)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s of %s: %w", first, b.Name, err)
	}
	for _, f := range files {
		pins, err := index.ReadPreferences(f.name, f.data)
		if err != nil {
			return fmt.Errorf("read the preferences of %s: %w", b.Name, err)
		}
		b.pins = append(b.pins, pins...)
	}
	return nil
}

// ignoredPins tells of pins that have no effect.
func (b *base) ignoredPins() []distro.Warning {
	var out []distro.Warning
	for _, p := range b.pins {
		if p.Ignored != "" {
			out = append(out, distro.Warning{Text: fmt.Sprintf("%s:%d of %s has no effect: %s", p.File, p.Line, b.Name, p.Ignored)})
		}
	}
	return out
}

// readStates reads apt's notes on why packages are there.
func (b *base) readStates(ctx context.Context, files tree.Tree) error {
	const file = "/var/lib/apt/extended_states"
	text, err := files.ReadFile(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s of the base: %w", file, err)
	}
	paragraphs, err := control.ParseParagraphs(string(text))
	if err != nil {
		return fmt.Errorf("read %s of the base: %w", file, err)
	}
	b.automatic = map[string]bool{}
	for _, p := range paragraphs {
		if p.Get("Auto-Installed") == "1" {
			name := p.Get("Package")
			if arch := p.Get("Architecture"); slices.Contains(b.foreign, arch) {
				name = index.Qualified(name, arch)
			}
			b.automatic[name] = true
		}
	}
	return nil
}

// readAll reads the files of a directory that are wanted, in order.
func readAll(ctx context.Context, in distro.Configured, dir string, want func(name string) bool) ([][]byte, error) {
	files, err := readFiles(ctx, in, dir, want)
	out := make([][]byte, 0, len(files))
	for _, f := range files {
		out = append(out, f.data)
	}
	return out, err
}

// file is a file of an image by its whole name.
type file struct {
	name string
	data []byte
}

// readFiles reads the files of a directory that are wanted, in order. A link that leads
// nowhere is no file.
func readFiles(ctx context.Context, in distro.Configured, dir string, want func(name string) bool) ([]file, error) {
	names, err := in.ReadDir(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("read directory %s of %s: %w", dir, in.Name, err)
	}
	var out []file
	for _, name := range names {
		if !want(name) {
			continue
		}
		data, err := in.ReadFile(ctx, dir+"/"+name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s/%s of %s: %w", dir, name, in.Name, err)
		}
		out = append(out, file{dir + "/" + name, data})
	}
	return out, nil
}

// sources are those that the base is configured for, each with the architectures it is
// for.
func (b *base) sources(ctx context.Context, architectures []string) ([]index.Source, error) {
	files := []string{"/etc/apt/sources.list"}
	names, err := b.ReadDir(ctx, "/etc/apt/sources.list.d")
	if err != nil {
		return nil, fmt.Errorf("read the package sources of %s: %w", b.Name, err)
	}
	for _, name := range names {
		if ext := path.Ext(name); ext == ".list" || ext == ".sources" {
			files = append(files, "/etc/apt/sources.list.d/"+name)
		}
	}
	var out []index.Source
	for _, file := range files {
		data, err := b.ReadFile(ctx, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", file, b.Name, err)
		}
		sources, err := index.ReadSources(file, data)
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", file, b.Name, err)
		}
		for i := range sources {
			out = append(out, sources[i].ForAll(architectures)...)
		}
	}
	return out, nil
}
