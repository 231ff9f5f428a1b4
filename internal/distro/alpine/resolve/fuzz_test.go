// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
)

// FuzzResolve resolves the packages of whatever index. What comes out has been
// through Check; the fuzzer looks for what doesn't come out at all, and for an
// answer that Check refuses.
func FuzzResolve(f *testing.F) {
	f.Add("a 1 D:b\nb 1 p:c=2\nb 2 D:!a\n", "a b>1 c@x")
	f.Add("a 1 D:a\nb 1 i:a D:a\nc 1 p:a\n", "a")
	f.Add("a 1 D:v\nb 1 p:v k:3\nc 1 p:v k:3\nd 1 i:!a\n", "a d")
	f.Fuzz(func(t *testing.T, lines, requests string) {
		var b strings.Builder
		for line := range strings.Lines(lines) {
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			fmt.Fprintf(&b, "C:%s\nP:%s\nV:%s\nA:x86_64\nS:1\nI:%d\n", control.Q1([]byte(line)), words[0], words[1], len(words))
			for _, field := range words[2:] {
				b.WriteString(strings.ReplaceAll(field, ",", " ") + "\n")
			}
			b.WriteString("\n")
		}
		x, err := index.ParseIndex(b.String(), index.Options{Repository: "r", Architecture: "x86_64"})
		if err != nil {
			return
		}
		req := Request{Architecture: "x86_64", Indexes: []*index.Index{x}}
		for text := range strings.FieldsSeq(requests) {
			if w, err := ParseWanted(text); err == nil {
				req.Wanted = append(req.Wanted, w)
			}
		}
		sol, err := Resolve(req)
		if err != nil && strings.Contains(err.Error(), "check the resolved packages") {
			t.Errorf("%s\nrequests %s: %v", b.String(), requests, err)
		}
		if err == nil && len(sol.Packages) != len(sol.Order) {
			t.Errorf("%d packages, %d in order", len(sol.Packages), len(sol.Order))
		}
	})
}

// FuzzIndex reads the text of an index, and resolves all of it.
func FuzzIndex(f *testing.F) {
	sum := control.Q1(nil)
	f.Add("C:" + sum + "\nP:a\nV:1-r0\nA:x86_64\nS:1\nI:2\nD:b\np:c=1\ni:d\n\nC:" + control.Q1([]byte("b")) + "\nP:b\nV:1\nA:noarch\n")
	f.Fuzz(func(_ *testing.T, text string) {
		x, err := index.ParseIndex(text, index.Options{Repository: "r", Architecture: "x86_64"})
		if err != nil {
			return
		}
		req := Request{Architecture: "x86_64", Indexes: []*index.Index{x}}
		for _, r := range x.Records() {
			if w, err := ParseWanted(r.Name); err == nil && len(req.Wanted) < 20 {
				req.Wanted = append(req.Wanted, w)
			}
		}
		_, _ = Resolve(req)
		if in, err := index.ReadInstalled(text); err == nil {
			_, _ = Resolve(Request{Architecture: "x86_64", Indexes: []*index.Index{x}, Installed: in})
		}
		_, _ = index.ParseRepositories("x86_64", index.File{Text: text})
		_, _ = index.ParseWorld(text)
	})
}
