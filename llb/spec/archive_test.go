// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// archive is a text file of files, in the txtar format.
type archive struct {
	comment string
	files   []archived
}

type archived struct{ name, data string }

func readArchive(t *testing.T, file string) archive {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var a archive
	into := &a.comment
	for line := range strings.Lines(string(data)) {
		name, isName := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		if name, whole := strings.CutSuffix(name, " --"); isName && whole {
			a.files = append(a.files, archived{name: name})
			into = &a.files[len(a.files)-1].data
			continue
		}
		*into += line
	}
	return a
}

func (a archive) String() string {
	out := a.comment
	for _, f := range a.files {
		out += fmt.Sprintf("-- %s --\n%s", f.name, f.data)
	}
	return out
}
