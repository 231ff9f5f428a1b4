// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// statesFile is where apt notes which packages are there only because others need
// them. What it doesn't name was asked for.
const statesFile = "/var/lib/apt/extended_states"

// Mark leaves apt's notes as apt-get does after an installation by names: what was
// asked for is manual, and what else is new is automatic. The image at root has been
// installed in already.
func Mark(root string, opt Options) error {
	if _, err := os.Stat(rootdir.Root(root).At("/var/lib/apt")); errors.Is(err, fs.ErrNotExist) {
		return nil // without apt nothing reads them
	}
	before, err := readBase(opt.Base)
	if err != nil {
		return err
	}
	after, err := readBase(root)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(rootdir.Root(opt.Base).At(statesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read apt's notes: %w", err)
	}
	m := &marks{before: before, after: after, names: opt.Names}
	text, err := m.update(string(old))
	if err != nil {
		return fmt.Errorf("read %s: %w", statesFile, err)
	}
	now, err := os.ReadFile(rootdir.Root(root).At(statesFile))
	if text == string(now) && (err == nil || text == "") {
		return nil
	}
	return rootdir.Root(root).Write(statesFile, text, 0o644)
}

// marks knows what was installed, and what was asked for.
type marks struct {
	before, after *base
	names         []string
}

// update is the text of apt's notes after the installation. Whoever was noted stays
// where it was, and who is new follows by name.
func (m *marks) update(old string) (string, error) {
	paragraphs, err := control.ParseParagraphs(old)
	if err != nil {
		return "", err
	}
	manual := m.manual()
	seen := map[string]bool{}
	var s strings.Builder
	for _, p := range paragraphs {
		key := m.after.key(p)
		if p.Get("Auto-Installed") != "1" || manual[key] || seen[key] || !m.after.has(key) {
			continue
		}
		seen[key] = true
		s.WriteString(p.String() + "\n")
	}
	for _, key := range slices.Sorted(maps.Keys(m.after.status)) {
		if !m.isNew(key) || manual[key] || seen[key] {
			continue
		}
		name := m.after.status[key].Get("Package")
		s.WriteString(automatic(name, strings.TrimPrefix(key, name+":")))
	}
	return s.String(), nil
}

// automatic is apt's note that a package came along.
func automatic(name, arch string) string {
	return "Package: " + name + "\nArchitecture: " + arch + "\nAuto-Installed: 1\n\n"
}

// isNew reports whether a package came with the installation.
func (m *marks) isNew(key string) bool { return m.after.has(key) && !m.before.has(key) }

// has reports whether a package is installed.
func (b *base) has(key string) bool {
	p, ok := b.status[key]
	return ok && strings.HasSuffix(p.Get("Status"), " installed")
}
