// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// runSets asks apt and ours about states that are made up, and returns how many answers
// are others without a reason.
func runSets(w io.Writer, seed, sets uint64, verbose bool) (wrong int, err error) {
	work, err := os.MkdirTemp("", "apt-suite")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	var t tally
	for n := range sets {
		s := makeState(seed, n)
		dir := filepath.Join(work, fmt.Sprint(n))
		scenarios, err := s.ask(dir)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", s.name, err)
		}
		for _, sc := range scenarios {
			sc.judge()
			t.add(sc)
			if verbose || sc.Kind == differs {
				fmt.Fprintln(w, sc)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return 0, err
		}
	}
	t.report(w, fmt.Sprintf("%d states of seed %d", sets, seed))
	return t.kinds[differs], nil
}

// ask puts the state into a directory, and all of its commands to both.
func (m *made) ask(dir string) ([]*scenario, error) {
	config := filepath.Join(dir, "apt.conf")
	if err := errors.Join(m.write(dir), os.Setenv("APT_CONFIG", config)); err != nil {
		return nil, err
	}
	if err := m.install(dir); err != nil {
		return nil, err
	}
	var scenarios []*scenario
	for _, words := range m.commands {
		sc := readWords("apt-get", words)
		sc.Script = m.name
		if err := sc.ask(); err != nil {
			return nil, err
		}
		scenarios = append(scenarios, sc)
	}
	return scenarios, nil
}

const madeConfig = `Dir::State "%[1]s/state";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Dir::Etc "%[1]s/etc";
Dir::Etc::parts "none";
Dir::Etc::main "none";
APT::Sandbox::User "root";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
Acquire::Languages "none";
`

// write makes what apt reads. Nothing is fetched: the lists are as apt keeps them.
func (m *made) write(dir string) error {
	files := map[string]string{
		"apt.conf": fmt.Sprintf(madeConfig, dir), "status": m.status, "etc/preferences": m.pins,
		"etc/sources.list":       "deb [trusted=yes] http://one.test/ s0 main\ndeb [trusted=yes] http://one.test/ s1 main\n",
		"state/lists/partial/.x": "", "cache/archives/partial/.x": "", "etc/preferences.d/.x": "", "etc/sources.list.d/.x": "",
	}
	for i := range m.suites {
		list := fmt.Sprintf("state/lists/one.test_dists_s%d_", i)
		files[list+"Release"], files[list+"main_binary-amd64_Packages"] = m.release[i], m.suites[i]
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// install has what apt brings for some names installed, so that a base fits together.
func (m *made) install(dir string) error {
	if len(m.first) == 0 {
		return nil
	}
	sc := readWords("apt-get", append([]string{"--no-install-recommends", "install"}, m.first...))
	a, err := sc.simulate()
	if err != nil {
		return err
	}
	records := strings.SplitAfter(m.suites[0]+m.suites[1], "\n\n")
	var status strings.Builder
	for i, s := range a.Steps {
		name, version, _ := strings.Cut(strings.TrimPrefix(s, "+"), " ")
		state := "install ok installed"
		if m.holds[i%len(m.holds)] {
			state = "hold ok installed"
		}
		for _, r := range records {
			if rest, ok := strings.CutPrefix(r, fmt.Sprintf("Package: %s\nVersion: %s\n", name, version)); ok {
				fmt.Fprintf(&status, "Package: %s\nStatus: %s\nVersion: %s\n%s", name, state, version, rest)
				break
			}
		}
	}
	m.status += status.String()
	return os.WriteFile(filepath.Join(dir, "status"), []byte(m.status), 0o644)
}
