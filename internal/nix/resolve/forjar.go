// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// forjarHashLen is the number of digits that are the name of a path in forjar's
// store.
const forjarHashLen = 64

// ErrForjar says that a text is not a description of a path in forjar's store.
var ErrForjar = errors.New("no valid meta.yaml")

// IsForjar reports whether a name is one of forjar's store: 64 hexadecimal digits.
func IsForjar(base string) bool {
	return len(base) == forjarHashLen && strings.Trim(base, "0123456789abcdef") == ""
}

// AddForjar adds what a path's meta.yaml says of its references.
func (i *Info) AddForjar(text []byte) error {
	var meta struct {
		Hash       string   `yaml:"store_hash"`
		References []string `yaml:"references"`
	}
	fault := func(err error) error { return fmt.Errorf("%w of %s: %w", ErrForjar, i.Path, err) }
	if err := yaml.Unmarshal(text, &meta); err != nil {
		return fault(err)
	}
	const prefix = "blake3:"
	if got := strings.TrimPrefix(meta.Hash, prefix); got != path.Base(i.Path) {
		return fault(fmt.Errorf("it is for %q", meta.Hash))
	}
	for _, ref := range meta.References {
		base := strings.TrimPrefix(ref, prefix)
		if !IsForjar(base) {
			return fault(fmt.Errorf("%q is not a reference", ref))
		}
		i.References = append(i.References, path.Join(path.Dir(i.Path), base))
	}
	i.References = sortedSet(i.References)
	return nil
}
