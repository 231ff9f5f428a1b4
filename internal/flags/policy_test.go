// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSourcePolicy(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := write("one.json", `{"version":1,"rules":[{"action":"DENY","selector":{"identifier":"one"}}]}`)
	two := write("two.json", `{"rules":[{"action":"CONVERT","selector":{"identifier":"two"},"updates":{"identifier":"x"}}]}`)
	for _, tc := range []struct {
		env   string
		words []string
		want  string // the identifier of the rule, or a part of the error
	}{
		{"", nil, ""},
		{one, nil, "one"},
		{"", []string{"filename=" + two}, "two"},
		{one, []string{"filename=" + two}, "there is one already"},
		{one, []string{"reset=true,filename=" + two}, "two"},
		{one, []string{"disabled=true"}, ""},
		{"", []string{"filename=" + one, "filename=" + two}, "there is one already"},
		{"", []string{"filename=" + write("p.rego", "package docker")}, "Rego"},
		{"", []string{"filename=" + write("policy", "# mine\n\npackage docker\n")}, "write it in JSON"},
		{"", []string{"strict=true"}, "Rego"},
		{"", []string{"file=x"}, "unknown key"},
		{dir + "/none", nil, "no such file"},
		{write("typo.json", `{"rules":[{"acton":"DENY","selector":{"identifier":"x"}}]}`), nil, "acton"},
		{write("empty.json", `{"rules":[{"action":"DENY"}]}`), nil, "no selector"},
		{write("null.json", `{"rules":[null]}`), nil, "no selector"},
		{write("two-values.json", `{} {}`), nil, "more than one"},
		{write("brace.json", `{}}`), nil, "more than one"},
	} {
		policy, err := SourcePolicy(tc.words, func(string) (string, bool) { return tc.env, tc.env != "" })
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case policy != nil:
			got = policy.Rules[0].Selector.Identifier
		}
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%q %q: %q, want %q", tc.env, tc.words, got, tc.want)
		}
	}
}
