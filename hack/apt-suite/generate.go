// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A made state is archives, a status, preferences and commands that are made up.
type made struct {
	name string
	// suites are the lists of two suites, the second one of which isn't always automatic.
	suites   [2]string
	release  [2]string
	status   string // of what is installed to begin with; what comes of first is added
	first    []string
	holds    []bool // of what first brings, in turn
	pins     string
	commands [][]string
}

// A maker makes states up, the same for the same seed.
type maker struct {
	r        *rand.Rand
	packages int
	names    []string // of the packages that there are
	records  map[string]string
}

const madeCommands = 6

// makeState makes the n-th state of a seed.
func makeState(seed, n uint64) *made {
	m := &maker{r: rand.New(rand.NewPCG(seed, n)), records: map[string]string{}}
	m.packages = 3 + m.r.IntN(10)
	s := &made{name: fmt.Sprintf("state %d of seed %d", n, seed)}
	for i := range s.suites {
		// apt takes p=1* for a release's version as well, if that is like it.
		s.release[i] = fmt.Sprintf("Suite: s%d\nCodename: c%d\nOrigin: o%d\nLabel: l\nVersion: %d\nComponents: main\nArchitectures: amd64\n", i, i, i, 7+i)
	}
	if m.chance(3) {
		s.release[1] += m.one("NotAutomatic: yes\n", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n")
	}
	for p := range m.packages {
		for i := range s.suites {
			for range []int{0, 1, 1, 1, 2}[m.r.IntN(5)] {
				s.suites[i] += m.record(p)
			}
		}
	}
	if m.chance(3) {
		s.pins = m.pin() + m.pin()
	}
	if !m.chance(3) {
		for range 1 + m.r.IntN(3) {
			s.first = append(s.first, m.some())
		}
	}
	for range m.packages {
		s.holds = append(s.holds, m.chance(4))
	}
	for range madeCommands {
		s.commands = append(s.commands, m.command())
	}
	return s
}

func (m *maker) chance(of int) bool { return m.r.IntN(of) == 0 }

func (m *maker) one(of ...string) string { return of[m.r.IntN(len(of))] }

func (m *maker) name() string { return fmt.Sprintf("p%d", m.r.IntN(m.packages)) }

// some is the name of a package that there is.
func (m *maker) some() string {
	if len(m.names) == 0 {
		return m.name()
	}
	return m.one(m.names...)
}

func (m *maker) virtual() string { return fmt.Sprintf("v%d", m.r.IntN(3)) }

func (m *maker) version() string { return m.one("1", "1", "2", "2", "2-1", "3~a", "1:1") }

// relation is something that a package needs, or must not be there.
func (m *maker) relation() string {
	of := m.name()
	if m.chance(3) {
		of = m.virtual()
	}
	if m.chance(12) {
		of += ":any"
	}
	if m.chance(4) {
		of += fmt.Sprintf(" (%s %s)", m.one(">=", "=", "<<", "<=", ">>", ">="), m.version())
	}
	return of
}

func (m *maker) alternatives() string {
	text := m.relation()
	for range []int{0, 0, 0, 1, 2}[m.r.IntN(5)] {
		text += " | " + m.relation()
	}
	return text
}

// list is a field of up to so many relations.
func (m *maker) list(field string, most int, one func() string) string {
	var words []string
	for range m.r.IntN(most + 1) {
		words = append(words, one())
	}
	if len(words) == 0 {
		return ""
	}
	return field + ": " + strings.Join(words, ", ") + "\n"
}

// record is a package that is made up, the same one for a name and a version: of two
// that are called the same apt tells which is installed by what they need.
func (m *maker) record(i int) string {
	name, version := fmt.Sprintf("p%d", i), m.version()
	m.names = append(m.names, name)
	key := name + " " + version
	if m.records[key] == "" {
		m.records[key] = m.makeRecord(name, version)
	}
	return m.records[key]
}

func (m *maker) makeRecord(name, version string) string {
	text := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\n", name, version, m.one("all", "amd64"))
	if !m.chance(3) {
		text += m.list("Depends", 2, m.alternatives)
	}
	if m.chance(3) {
		text += m.list("Recommends", 2, m.alternatives)
	}
	if m.chance(6) {
		text += m.list("Pre-Depends", 1, m.alternatives)
	}
	if m.chance(4) {
		text += m.list(m.one("Conflicts", "Breaks"), 2, m.relation)
	}
	if m.chance(8) {
		text += "Replaces: " + m.relation() + "\n"
	}
	if m.chance(3) {
		text += m.list("Provides", 2, func() string {
			of := m.virtual()
			if m.chance(6) {
				of = m.name()
			}
			if m.chance(2) {
				of += " (= " + m.version() + ")"
			}
			return of
		})
	}
	if m.chance(8) {
		text += "Multi-Arch: " + m.one("foreign", "allowed", "same") + "\n"
	}
	if m.chance(20) {
		text += "Essential: yes\n"
	}
	if m.chance(6) {
		text += "Priority: " + m.one("required", "important", "standard", "extra") + "\n"
	}
	return text + fmt.Sprintf("Filename: pool/%s_%s_%d.deb\nSize: 1\nSHA256: %064d\n\n", name, strings.ReplaceAll(version, ":", "%3a"), m.r.IntN(1e9), m.r.IntN(1e9))
}

// pin is a stanza of preferences.
func (m *maker) pin() string {
	of := m.one("*", m.name(), m.name(), m.name()+" "+m.name(), "p*", "/p[13]/")
	what := m.one("release n=c1", "release a=s0", "release o=o1, l=l", "release *", "version "+m.version(), "version 2*", "origin one.test", `origin ""`)
	return fmt.Sprintf("Package: %s\nPin: %s\nPin-Priority: %s\n\n", of, what, m.one("-1", "1", "100", "400", "500", "600", "990", "1001"))
}

// command is one that a build file can ask for.
func (m *maker) command() []string {
	options := []string{"--no-install-recommends"}
	if m.chance(3) {
		options = []string{"--install-recommends"}
	}
	if m.chance(6) {
		options = append(options, "--allow-change-held-packages")
	}
	if m.chance(5) {
		return append(options, "upgrade")
	}
	words, seen := append(options, "install"), map[string]bool{}
	for range []int{1, 1, 2, 3}[m.r.IntN(4)] {
		if name := m.some(); !seen[name] {
			seen[name] = true
			words = append(words, m.request(name))
		}
	}
	return words
}

func (m *maker) request(name string) string {
	switch m.r.IntN(12) {
	case 0:
		return m.virtual()
	case 1:
		return m.virtual() + m.one("="+m.version(), "/s1", "/c0")
	case 2, 3:
		return name + "=" + m.version()
	case 4:
		return name + m.one("/s0", "/c1")
	case 5:
		return name + "-"
	case 6:
		return name + "=" + m.one("1*", "2*", "*")
	}
	return name
}
