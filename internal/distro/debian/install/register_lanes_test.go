// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// packageOf reads "name: depends".
func packageOf(line string) *Package {
	name, depends, _ := strings.Cut(line, ":")
	return &Package{Info: name, Control: control.Paragraph{{Name: "Package", Value: name}, {Name: "Depends", Value: depends}, {Name: "Provides", Value: "virtual-" + name + " (= 1)"}}}
}

func TestLanes(t *testing.T) {
	// Those whose names begin with py are taken aside.
	tests := map[string]struct {
		packages []string
		want     string
	}{
		"python between others": {
			[]string{"a", "lib", "pyfull:pymin,lib2", "lib2", "pymin:lib", "user:virtual-pyfull (>= 1)", "user2:x|user"},
			"[lib lib2] [pymin pyfull] [a] [user user2]",
		},
		"none":            {[]string{"a", "b:a"}, "[] [] [a b] []"},
		"nothing after":   {[]string{"a", "py:a"}, "[] [] [a py] []"},
		"a circle":        {[]string{"a:py", "py:a", "b:py"}, "[] [] [a py b] []"},
		"a longer circle": {[]string{"a:b", "b:py:any (>= 2)", "py:a"}, "[] [] [a b py] []"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var packages []*Package
			for _, line := range test.packages {
				packages = append(packages, packageOf(line))
			}
			l := newOrder(packages, nil).split(func(p *Package) bool { return strings.HasPrefix(p.Name(), "py") })
			var got []string
			for _, lane := range [][]*Package{l.before, l.aside, l.beside, l.after} {
				in := []string{}
				for _, p := range lane {
					in = append(in, p.Name())
				}
				got = append(got, fmt.Sprint(in))
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("got %s, want %s", s, test.want)
			}
		})
	}
}
