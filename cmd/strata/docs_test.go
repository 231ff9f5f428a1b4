// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// TestDocs looks for every verb and every flag in docs/command-line.md.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	none := func(string) (string, bool) { return "", false }
	flags := 0
	all := verbs(cli.Terminal{Env: none})
	for _, verb := range all {
		all = append(all, verb.Commands()...)
	}
	for _, verb := range all {
		if verb.Hidden {
			continue
		}
		if name := strings.TrimPrefix(verb.CommandPath(), "strata "); !strings.Contains(text, "| `"+name+"` |") {
			t.Errorf("docs/command-line.md has no row for the verb %s", name)
		}
		verb.Flags().VisitAll(func(f *pflag.Flag) {
			flags++
			if !strings.Contains(text, "`--"+f.Name+"`") && !strings.Contains(text, "`--"+f.Name+" ") {
				t.Errorf("docs/command-line.md does not mention --%s of %s", f.Name, verb.Name())
			}
		})
	}
	if flags < 40 {
		t.Errorf("the verbs have %d flags", flags)
	}
}
