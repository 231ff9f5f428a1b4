// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// manual are the packages that were asked for: those that have the name or, where
// none has it, the ones of another architecture, and at last those that provide it.
func (m *marks) manual() map[string]bool {
	out := map[string]bool{}
	for _, name := range m.names {
		if m.after.has(name) { // with its architecture
			out[name] = true
			continue
		}
		name, _, _ = strings.Cut(name, ":") // :any
		if key := name + ":" + m.after.arch; m.after.has(key) {
			out[key] = true
			continue
		}
		if key := m.foreign(name); key != "" {
			out[key] = true
			continue
		}
		for key, p := range m.after.status {
			if m.after.has(key) && slices.Contains(control.Names(p.Get("Provides")), name) {
				out[key] = true
			}
		}
	}
	return out
}

// foreign is the installed package of that name and of another architecture than the
// image's; empty when there is none.
func (m *marks) foreign(name string) string {
	for _, key := range slices.Sorted(maps.Keys(m.after.status)) {
		if strings.HasPrefix(key, name+":") && m.after.has(key) {
			return key
		}
	}
	return ""
}
