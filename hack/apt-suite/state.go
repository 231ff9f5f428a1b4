// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// A state is all that apt decides by.
type state struct {
	config  map[string]string // apt's configuration, by names in lower case
	status  []byte
	indexes []*index.Index
	pins    []index.Pin
	others  []string // foreign architectures
	unread  int      // indexes that have no file
	text    string   // all of it, to tell states apart
	problem error    // that ours has with the state
}

// readState reads the state by apt's own programs.
func readState(options []string) (*state, error) {
	st := &state{config: map[string]string{}}
	dump, err := exec.Command("/usr/bin/apt-config", append(plain(options), "dump")...).Output() //nolint:gosec // apt's own options
	if err != nil {
		return nil, fmt.Errorf("read apt's configuration: %w", err)
	}
	for line := range strings.Lines(string(dump)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			name, value = strings.TrimPrefix(strings.ToLower(name), "binary::apt-get::"), strings.Trim(value, `";`)
			st.config[name] = value
			if name == "apt::architectures::" {
				st.others = append(st.others, value)
			}
		}
	}
	for _, o := range options {
		switch o {
		case "--no-install-recommends":
			st.config["apt::install-recommends"] = "false"
		case "--install-recommends":
			st.config["apt::install-recommends"] = "true"
		}
	}
	if st.status, err = os.ReadFile(st.path("dir::state", "dir::state::status")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := st.readIndexes(options); err != nil {
		return nil, err
	}
	if err := st.readPins(); err != nil {
		st.problem = err
	}
	st.text += string(dump) + string(st.status)
	return st, nil
}

// plain leaves the words out that only apt-get knows.
func plain(options []string) []string {
	var out []string
	for _, o := range options {
		if !strings.HasPrefix(o, "--no-install") && !strings.HasPrefix(o, "--install") {
			out = append(out, o)
		}
	}
	return out
}

// path joins the values of directories, the outer ones first, as apt does.
func (st *state) path(names ...string) string {
	dir := st.config["dir"]
	for _, name := range names {
		value := st.config[name]
		if filepath.IsAbs(value) {
			dir = value
		} else {
			dir = filepath.Join(dir, value)
		}
	}
	return dir
}

// readIndexes reads what apt has fetched.
func (st *state) readIndexes(options []string) error {
	out, err := exec.Command("/usr/bin/apt-get", append(plain(options), "indextargets", "Created-By: Packages")...).Output() //nolint:gosec // apt's own options
	if err != nil {
		return fmt.Errorf("list apt's indexes: %w", err)
	}
	targets, err := control.ParseParagraphs(string(out))
	if err != nil {
		return err
	}
	for i, target := range targets {
		text, ok := content(target.Get("Filename"))
		if !ok {
			st.unread++ // not fetched, or read by apt where it is
			continue
		}
		st.text += string(text)
		opts := index.Options{
			Repository: fmt.Sprint("target ", i), Suite: target.Get("Suite"), Codename: target.Get("Codename"), Component: target.Get("Component"),
			Origin: target.Get("Origin"), Label: target.Get("Label"), Version: target.Get("Version"), Architecture: target.Get("Architecture"),
			Site: host(target.Get("Site")), Priority: priority(target.Get("Filename")),
		}
		x, err := index.ReadIndex(bytes.NewReader(text), opts)
		if err != nil {
			st.problem = err
			continue
		}
		st.indexes = append(st.indexes, x)
	}
	return nil
}

// content is an index as apt has it, in whichever compression.
func content(file string) ([]byte, bool) {
	for _, end := range []string{"", ".gz", ".xz", ".bz2", ".lzma", ".lz4", ".zst"} {
		if _, err := os.Stat(file + end); err != nil {
			continue
		}
		text, err := exec.Command("/usr/lib/apt/apt-helper", "cat-file", file+end).Output() //nolint:gosec // apt's own file
		return text, err == nil
	}
	return nil, false
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// priority is that of the Release that belongs to an index: the one whose name goes
// on longest as the index's does.
func priority(file string) int {
	dir, name := filepath.Split(file)
	best, text := -1, ""
	for _, end := range []string{"_InRelease", "_Release"} {
		all, err := filepath.Glob(dir + "*" + end)
		if err != nil {
			return 0
		}
		for _, release := range all {
			start := strings.TrimSuffix(filepath.Base(release), end)
			if len(start) <= best || !strings.HasPrefix(name, start) {
				continue
			}
			data, err := os.ReadFile(release)
			if err == nil {
				best, text = len(start), "\n"+string(data)
			}
		}
	}
	switch {
	case !strings.Contains(text, "\nNotAutomatic: yes"):
		return 500
	case strings.Contains(text, "\nButAutomaticUpgrades: yes"):
		return 100
	}
	return 1
}

// readPins reads the preferences that apt reads.
func (st *state) readPins() error {
	files := []string{st.path("dir::etc", "dir::etc::preferences")}
	dir := st.path("dir::etc", "dir::etc::preferencesparts")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); !strings.Contains(name, ".") || strings.HasSuffix(name, ".pref") {
			files = append(files, filepath.Join(dir, name))
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		st.text += string(text)
		pins, err := index.ReadPreferences(file, text)
		if err != nil {
			return err
		}
		st.pins = append(st.pins, pins...)
	}
	return nil
}

// request is the state as ours sees it.
func (st *state) request() (resolve.Request, error) {
	if st.problem != nil {
		return resolve.Request{}, st.problem
	}
	status, err := index.ReadStatus(bytes.NewReader(st.status))
	if err != nil {
		return resolve.Request{}, err
	}
	return resolve.Request{
		Architecture: st.config["apt::architecture"], Indexes: st.indexes, Installed: status, Pins: st.pins, Recommends: st.on("apt::install-recommends"),
	}, nil
}

// on reports whether a setting is, in one of apt's words for that.
func (st *state) on(name string) bool {
	return slices.Contains([]string{"1", "true", "yes", "with", "on", "enable"}, strings.ToLower(st.config[name]))
}

// apart says what of the configuration a build file can't ask for; "" if there is
// nothing.
func (st *state) apart(s *scenario) string {
	switch {
	case st.foreign(s):
		return "foreign architectures"
	case st.config["apt::default-release"] != "":
		return "a default release"
	case st.config["apt::solver"] != "" && st.config["apt::solver"] != "internal":
		return "another solver"
	case st.on("apt::install-suggests"):
		return "suggested packages"
	case st.on("apt::get::reinstall"):
		return "installing once more"
	case st.config["apt::get::upgrade-by-source-package"] == "0":
		return "the option APT::Get::Upgrade-By-Source-Package"
	}
	return ""
}

// foreign reports whether packages of another architecture play a part: they are asked
// for, installed, or told of by apt.
func (st *state) foreign(s *scenario) bool {
	native := st.config["apt::architecture"]
	for _, arch := range st.others {
		if arch != native && (strings.Contains(s.output, ":"+arch) || slices.ContainsFunc(s.packages, func(name string) bool {
			return strings.HasSuffix(name, ":"+arch) || strings.Contains(name, ":"+arch+"=")
		})) {
			return true
		}
	}
	for line := range strings.Lines(string(st.status)) {
		arch, ok := strings.CutPrefix(line, "Architecture: ")
		if arch = strings.TrimSpace(arch); ok && arch != native && arch != "all" {
			return true
		}
	}
	return false
}
