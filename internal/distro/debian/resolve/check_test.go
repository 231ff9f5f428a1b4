// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

func TestCheck(t *testing.T) {
	x := listed(t, "r", "a 1; Depends: b (>= 1)\nb 1; Breaks: c (<< 2)\nc 1\nd 1; Provides: c (= 1)")
	req := Request{Architecture: "amd64", Indexes: []*index.Index{x}, Wanted: wants("a")}
	good, err := Resolve(req)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(req *Request, sol *Solution)
		text   string
	}{
		{"nothing", func(*Request, *Solution) {}, ""},
		{"a requirement", func(_ *Request, sol *Solution) { sol.Packages = sol.Packages[:1] }, "a has Depends: b (>= 1), which nothing fulfils"},
		{"a request", func(req *Request, _ *Solution) { req.Wanted = wants("c") }, "c was wanted and is missing"},
		{"a version", func(req *Request, _ *Solution) { req.Wanted = wants("a=2") }, "a=2 was wanted, not version 1"},
		{"a suite", func(req *Request, _ *Solution) { req.Wanted = wants("a/s") }, "a/s was wanted, but version 1 is not from there"},
		{"a hash", func(_ *Request, sol *Solution) { sol.Packages[0].SHA256 = strings.Repeat("0", 64) }, "is in no index"},
		{"a file", func(_ *Request, sol *Solution) { sol.Packages[0].Filename = "other" }, "is in no index"},
		{"an architecture", func(_ *Request, sol *Solution) { sol.Packages[0].Architecture = "arm64" }, "a is of the architecture arm64, not amd64"},
		{"twice", func(_ *Request, sol *Solution) { sol.Packages = append(sol.Packages, sol.Packages[0]) }, "a is there twice"},
		{"a broken base", func(req *Request, _ *Solution) { req.Installed = status(t, "c 1") }, "b has Breaks: c (<< 2), and c 1 is there"},
		{"a provider that is broken", func(req *Request, _ *Solution) { req.Installed = status(t, "d 1; Provides: c (= 1)") }, "b has Breaks: c (<< 2), and d 1 is there"},
		{"a removal", func(req *Request, sol *Solution) {
			req.Installed = status(t, "e 1; Essential: yes")
			sol.Removed = []string{"e"}
		}, "e is essential or held and must not be removed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, sol := req, *good
			sol.Packages = append([]Package(nil), good.Packages...)
			c.change(&r, &sol)
			err := Check(r, &sol)
			if (err == nil) != (c.text == "") || (err != nil && !strings.Contains(err.Error(), c.text)) {
				t.Errorf("error %v, want %q", err, c.text)
			}
		})
	}
}
