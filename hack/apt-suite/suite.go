// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// A suite runs scripts with a stand-in for apt-get.
type suite struct {
	source string // apt's checkout
	work   string // directory for all that the scripts make
}

// newSuite makes the directory in which scripts find apt's programs.
func newSuite(dir string) (*suite, error) {
	source, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(source, "test/integration/framework")); err != nil {
		return nil, fmt.Errorf("%s is no checkout of apt: %w", dir, err)
	}
	s := &suite{source: source}
	if s.work, err = os.MkdirTemp("", "apt-suite"); err != nil {
		return nil, err
	}
	if err := s.link(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// link puts the stand-in beside apt's other programs.
func (s *suite) link() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bin := filepath.Join(s.work, "bin")
	if err := errors.Join(os.Chmod(s.work, 0o755), os.Mkdir(bin, 0o755), os.Mkdir(filepath.Join(s.work, "tmp"), 0o755)); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(s.work, "tmp"), 0o777|fs.ModeSticky); err != nil {
		return err
	}
	programs, err := filepath.Glob("/usr/bin/apt*")
	if err != nil {
		return err
	}
	for _, program := range programs {
		name, target := filepath.Base(program), program
		if name == "apt-get" || name == "apt" {
			target = self
		}
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) close() { _ = os.RemoveAll(s.work) }

var installs = regexp.MustCompile(`apt(get)? .*(install|upgrade)`)

// scripts are the tests that install something, sorted.
func (s *suite) scripts(pattern *regexp.Regexp) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(s.source, "test/integration/test-*"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if pattern.MatchString(filepath.Base(file)) && installs.Match(text) {
			out = append(out, file)
		}
	}
	return out, nil
}

// longest is how long a script may take; some wait for servers that aren't there.
const longest = 5 * time.Minute

// run runs a script to wherever it gets, and returns its scenarios.
func (s *suite) run(script string) ([]*scenario, error) {
	log := filepath.Join(s.work, "log")
	if err := os.WriteFile(log, nil, 0o666); err != nil {
		return nil, err
	}
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", //nolint:gosec // the script that the user names
		"timeout", "-k", "5", fmt.Sprint(int(longest.Seconds())), script, "-q")
	cmd.Dir = filepath.Dir(script)
	cmd.Env = s.environment(log)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("run %s: %w", script, err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	var scenarios []*scenario
	seen := map[string]bool{}
	for line := range bytes.Lines(text) {
		sc := &scenario{Script: filepath.Base(script)}
		if err := json.Unmarshal(line, sc); err != nil {
			return nil, fmt.Errorf("read what was seen of %s: %w", script, err)
		}
		if key := fmt.Sprint(sc.Words, sc.Apt, sc.Ours, sc.State); !seen[key] {
			seen[key] = true
			scenarios = append(scenarios, sc)
		}
	}
	return scenarios, nil
}

// environment is all that a script gets to know: that it is to use the machine's apt.
func (s *suite) environment(log string) []string {
	const set = "APT_INTEGRATION_TESTS_"
	return []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + s.work, "TMPDIR=" + filepath.Join(s.work, "tmp"), "LC_ALL=C.UTF-8", logVariable + "=" + log,
		set + "SOURCE_DIR=" + s.source, set + "BUILD_DIR=" + s.work, set + "CMDLINE_BIN_DIR=" + filepath.Join(s.work, "bin"),
		set + "METHODS_DIR=/usr/lib/apt/methods", set + "LIBEXEC_DIR=/usr/lib/apt", set + "FTPARCHIVE_BIN_DIR=/usr/bin",
		set + "INTERNAL_SOLVER=/usr/lib/apt/solvers/apt", set + "DUMP_SOLVER=/usr/lib/apt/solvers/dump",
		set + "INTERNAL_PLANNER=/usr/lib/apt/planners/apt", set + "LIBRARY_PATH=/nowhere", set + "ARTIFACTS_DIR=" + s.work,
	}
}
