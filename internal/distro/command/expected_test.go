// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/call"
)

func TestExpected(t *testing.T) {
	want := []Expected{{File: "a.deb", Name: "jq", Version: "1:1.6~rc1-2+b1", Arch: "amd64", Size: 12}, {File: "b.deb"}, {File: "c.deb", Name: "local", SHA256: strings.Repeat("0", 64)}}
	set := call.Flags("test")
	var got []Expected
	set.Var((*Packages)(&got), ExpectFlag, "")
	if err := call.Parse(set, call.Each(ExpectFlag, Words(want)), 0, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read another way than written (-want +got):\n%s", diff)
	}
	jq := Of(got, "/d/a.deb")
	for what, err := range map[string]error{
		"size":         jq.CheckFile(nil, 11),
		"name":         jq.Check("curl", "1:1.6~rc1-2+b1", "amd64"),
		"version":      jq.Check("jq", "1.6~rc1-2+b1", "amd64"),
		"architecture": jq.Check("jq", "1:1.6~rc1-2+b1", "all"),
	} {
		if !errors.Is(err, ErrNotIndexed) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	if err := errors.Join(jq.CheckFile(nil, 12), jq.Check("jq", "1:1.6~rc1-2+b1", "amd64"), Of(got, "b.deb").CheckFile(nil, 5), Of(got, "d.deb").Check("x", "y", "z")); err != nil {
		t.Error(err)
	}
	if err := Of(got, "c.deb").CheckFile(strings.NewReader("other"), 5); !errors.Is(err, ErrChanged) {
		t.Errorf("another file: %v", err)
	}
	for _, word := range []string{"", "a/b/c/d", "a/b/c/d/e", "a/b/c/d/1/2/3"} {
		if _, err := ParseExpected(word); err == nil {
			t.Errorf("%q was read", word)
		}
	}
}
