// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"testing"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// TestFieldsOfADatabase reads an index with fields that only apk's database is to have:
// apk 2.14 and 3.0.6 pass over them, and install the package.
func TestFieldsOfADatabase(t *testing.T) {
	x, err := ParseIndex("C:"+control.Q1(nil)+"\nP:a\nV:1-r0\nr:b\nq:5\ns:edge\nf:f\nF:usr\nR:x\n", Options{Repository: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if r := x.Records()[0]; r.Newer || r.Replaces != "" || r.ReplacesPriority != 0 || r.Tag != "" || r.Broken != "" {
		t.Errorf("%+v", r)
	}
}
