// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// checkFields refuses the fields that dpkg doesn't read. It refuses such a package, and
// would read nothing of a database that has one of them.
func checkFields(p control.Paragraph) error {
	for _, f := range p {
		if err := checkField(f); err != nil {
			return fmt.Errorf("%w: its field %s is %.80q, which dpkg doesn't read: %w", ErrFormat, f.Name, f.Value, err)
		}
	}
	if strings.EqualFold(p.Get("Multi-Arch"), "same") && p.Get("Architecture") == "all" {
		return fmt.Errorf("%w: its field Multi-Arch is \"same\", which is for packages of one architecture", ErrFormat)
	}
	return nil
}

func checkField(f control.Field) error {
	switch name := strings.ToLower(f.Name); name {
	case "version":
		return control.CheckVersion(f.Value)
	case "multi-arch":
		return checkWord(f.Value, "no", "same", "foreign", "allowed")
	case "essential", "protected":
		return checkWord(f.Value, "yes", "no")
	case "depends", "pre-depends", "recommends", "suggests", "enhances":
		return checkRelations(f.Value, true)
	case "conflicts", "breaks", "replaces", "provides":
		return checkRelations(f.Value, false)
	default:
		if len(name) < 2 {
			return errors.New("a name of one letter")
		}
	}
	return nil
}

func checkWord(value string, words ...string) error {
	if value == "" || slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, value) }) {
		return nil
	}
	return fmt.Errorf("want %s or %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}

// checkRelations is for relations of a package that is built, in which nothing depends on
// architectures or profiles any more.
func checkRelations(value string, alternatives bool) error {
	all, err := control.ParseRelations(value)
	if err != nil {
		return err
	}
	if value != "" && slices.ContainsFunc(strings.Split(value, ","), func(s string) bool { return strings.TrimSpace(s) == "" }) {
		return errors.New("a name is missing beside a comma")
	}
	for _, group := range all {
		if len(group) > 1 && !alternatives {
			return errors.New("alternatives have no place in it")
		}
		for _, r := range group {
			if len(r.Architectures)+len(r.Profiles) > 0 {
				return fmt.Errorf("%s depends on the build", r)
			}
			if !startsWell(r.Name, "-+._") || r.Qualifier != "" && !startsWell(r.Qualifier, "-") {
				return fmt.Errorf("%s names no package", r)
			}
			if r.Op == control.Any {
				continue
			}
			if err := control.CheckVersion(r.Version); err != nil {
				return fmt.Errorf("%s: %w", r, err)
			}
		}
	}
	return nil
}

// startsWell reports whether a name has letters and digits, and other characters only
// behind the first of them.
func startsWell(name, others string) bool {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return made(name, plain+others) && !strings.Contains(others, name[:1])
}
