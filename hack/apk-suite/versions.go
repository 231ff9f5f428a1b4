// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// runVersions holds our order of versions to apk's cases.
func (s *suite) runVersions(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "test/unit/version.data"))
	if err != nil {
		return err
	}
	cases, wrong := 0, 0
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		cases++
		ok, err := versionCase(words)
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		if !ok {
			wrong++
			fmt.Fprintf(s.out, "version DIFFERS: %s\n", strings.TrimSpace(line))
		}
	}
	fmt.Fprintf(s.out, "versions: %d cases, %d agree\n", cases, cases-wrong)
	s.wrong += wrong
	return nil
}

// versionCase reports whether "version", "!version", "a < b" or "a !< b" is so.
func versionCase(words []string) (bool, error) {
	switch len(words) {
	case 1:
		v, not := strings.CutPrefix(words[0], "!")
		return control.ValidVersion(v) != not, nil
	case 3:
		signs, not := strings.CutPrefix(words[1], "!")
		op, err := operator(signs)
		return op.Holds(words[0], words[2]) != not, err
	}
	return false, errors.New("want one version, or two and a sign between them")
}

// operator is what signs stand for.
func operator(signs string) (control.Op, error) {
	var op control.Op
	for _, sign := range signs {
		switch sign {
		case '<':
			op |= control.Less
		case '=':
			op |= control.Equal
		case '>':
			op |= control.Greater
		case '~':
			op |= control.Fuzzy | control.Equal
		default:
			return 0, fmt.Errorf("%q is not a sign between versions", sign)
		}
	}
	return op, nil
}
