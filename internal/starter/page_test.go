// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestCharacters writes texts with each character of which YAML may make another one, as
// values and in scripts, and reads them as a YAML reader does.
func TestCharacters(t *testing.T) {
	var all []rune
	for r := rune(1); r < 0x100; r++ {
		all = append(all, r)
	}
	for _, r := range append(all, '\u2028', '\u2029', '\ufeff', '\ufffd', '\ufffe', '\uffff', '😀') {
		text := "a" + string(r) + "b"
		value, err := literal(text)
		must(t, err)
		checkYAML(t, "key: "+value, "key", text)
		value, err = flowList([]string{text})
		must(t, err)
		if r != '$' {
			checkYAML(t, "key: "+value, "key", []any{text})
		}
		for _, more := range [][]string{nil, {"second"}} {
			want := text
			if len(more) > 0 {
				want += "\nsecond"
			}
			value, err = script(2, append([]string{text}, more...)...)
			must(t, err)
			checkYAML(t, "build:"+value, "build", map[string]any{"run": want})
		}
	}
	if _, err := literal("a\xff"); err == nil {
		t.Error("bytes that aren't UTF-8 are written")
	}
	if _, err := script(2, "a\xff"); err == nil {
		t.Error("a script with bytes that aren't UTF-8 is written")
	}
}

func checkYAML(t *testing.T, text, key string, want any) {
	t.Helper()
	var got map[string]any
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Errorf("%q: %v", text, err)
		return
	}
	if diff := cmp.Diff(want, got[key]); diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
