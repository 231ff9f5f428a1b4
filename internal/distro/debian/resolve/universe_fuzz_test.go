// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// FuzzIndex reads the same bytes by both parsers of paragraphs.
func FuzzIndex(f *testing.F) {
	for _, s := range []string{
		"Package: a\nVersion: 1\nArchitecture: all\nDepends: b | c (>= 1), d:any\nProvides: e (= 1)\n\nPackage: b\nVersion: 2\n",
		"Package: a\nVersion: 1\nStatus: install ok installed\nConffiles:\n /etc/a 01\n", "Package: a\n \nVersion: 1\n", "Package: a\nVersion: 1\nConflicts: a\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		x, err := index.ReadIndex(bytes.NewReader(content), index.Options{})
		if err != nil {
			return
		}
		for n := range int32(x.Len()) {
			c := x.Entry(n)
			p, err := control.NewReader("f", x.Paragraph(n)).Next()
			if err != nil {
				continue // the strict reader takes less
			}
			if c.Name != p.Get("Package") || c.Version != p.Get("Version") || (c.Status != p.Get("Status") && !strings.Contains(c.Status, "\n")) {
				t.Fatalf("%q: %+v and %+v", x.Paragraph(n), c, p)
			}
		}
		req := Request{Architecture: "amd64", Indexes: []*index.Index{x}}
		for n := range int32(x.Len()) {
			req.Wanted = append(req.Wanted, Wanted{Name: x.Name(n)})
			if n == 3 {
				break
			}
		}
		sol, err := Resolve(req)
		if err != nil {
			return
		}
		for i := range sol.Packages { // what a fuzzer cannot know
			sol.Packages[i].SHA256, sol.Packages[i].Filename, sol.Packages[i].Size = "", "", 0
		}
		if err := Check(req, sol); err != nil && strings.Contains(err.Error(), "nothing fulfils") && !strings.Contains(err.Error(), "no file") {
			t.Fatal(err)
		}
		_, _ = index.ReadStatus(bytes.NewReader(content))
		_, _ = index.ReadRelease(content)
	})
}
