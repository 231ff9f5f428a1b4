// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// The table stands between these lines of a document.
const (
	begin = "<!-- table: written by hack/bench -->"
	end   = "<!-- end of table -->"
)

// errNoTable says that a document has no place for the table.
var errNoTable = errors.New("the table's marks are missing")

// Record puts a row into the table of a document, in the place of the measure's
// row if there is one.
func Record(file string, m Measure, f Figures) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("record figures: %w", err)
	}
	text, err := withRow(string(data), m, row(m, f))
	if err != nil {
		return fmt.Errorf("record figures in %s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("record figures: %w", err)
	}
	return nil
}

// withRow returns a document with a measure's row in its table.
func withRow(text string, m Measure, line string) (string, error) {
	before, rest, ok := strings.Cut(text, begin+"\n")
	table, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", errNoTable
	}
	lines := strings.Split(strings.TrimSpace(table), "\n")
	rows := header()
	if len(lines) > len(rows) {
		rows = append(rows, lines[len(rows):]...)
	}
	i := slices.IndexFunc(rows, func(r string) bool { return strings.HasPrefix(r, "| "+m.Name+" |") })
	if i < 0 {
		rows = append(rows, line)
	} else {
		rows[i] = line
	}
	return before + begin + "\n\n" + strings.Join(rows, "\n") + "\n\n" + end + after, nil
}
