// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	seed   = flag.Uint64("seed", 1, "of what is drawn at random")
	update = flag.Bool("update", false, "write the tables of docs/reliability.md")
)

// document is where the tables stand.
const document = "../../docs/reliability.md"

// between are the lines of a document between the marks of a table.
func between(text, name string) (before, table, after string, ok bool) {
	begin, end := "<!-- "+name+": written by hack/torture -->\n", "<!-- end of "+name+" -->"
	before, rest, found := strings.Cut(text, begin)
	table, after, closed := strings.Cut(rest, end)
	return before + begin, table, end + after, found && closed
}

// record holds a table of the document to what was seen, or writes it with -update.
func record(t *testing.T, name, table string) {
	t.Helper()
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, old, after, ok := between(string(data), name)
	if !ok {
		t.Fatalf("%s has no place for the table %s", document, name)
	}
	if table = "\n" + table + "\n"; *update {
		if err := os.WriteFile(document, []byte(before+table+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(old, table); diff != "" {
		t.Errorf("%s isn't of this tree; write it with hack/torture --update (-there +seen):\n%s", document, diff)
	}
}

// cell is a text as a cell of a table, on one line.
func cell(text string) string {
	return strings.NewReplacer("\n", " ", "|", `\|`).Replace(text)
}

// line is a line of a table.
func line(cells ...string) string {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return fmt.Sprintf("| %s |\n", strings.Join(cells, " | "))
}
