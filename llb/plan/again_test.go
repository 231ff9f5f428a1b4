// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "testing"

// TestAgain counts an attempt at each file of an address, wherever the plan has it.
func TestAgain(t *testing.T) {
	const url, other = "http://a/x", "http://a/y"
	signature := &HTTP{URL: url}
	files := &Files{Entries: []Entry{
		{HTTP: &HTTP{URL: other, Signature: &Signature{HTTP: signature}}},
		{HTTP: &HTTP{URL: url}},
		{},
	}}
	unpack := &Unpack{Archives: []Archive{{URLs: []string{url, other}}, {URLs: []string{other, url}}, {}}}
	store := &Store{Items: []StorePath{{URL: url}, {URL: other}}}
	p := &Plan{Images: []*Image{{Layers: []Layer{{Action: files}, {Action: unpack}, {Action: store}}}}}
	if p.Again(func(u string) bool { return u == "http://a/z" }) {
		t.Error("it finds what isn't there")
	}
	if !p.Again(func(u string) bool { return u == url }) {
		t.Error("it finds nothing")
	}
	got := []int{
		files.Entries[0].HTTP.Attempt, signature.Attempt, files.Entries[1].HTTP.Attempt,
		unpack.Archives[0].Attempt, unpack.Archives[1].Attempt, store.Items[0].Attempt, store.Items[1].Attempt,
	}
	for i, want := range []int{0, 1, 1, 1, 0, 1, 0} {
		if got[i] != want {
			t.Errorf("attempts are %v", got)
			break
		}
	}
}
