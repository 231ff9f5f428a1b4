// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/frontend"
)

// TestBakeFile names the build file as bake finds it: from the context.
func TestBakeFile(t *testing.T) {
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	above, name := filepath.Dir(here), filepath.Base(here)
	for _, c := range []struct{ context, file, want string }{
		{".", "", "strata.yaml"},
		{".", "app.yaml", "app.yaml"},
		{"app", "app/b.yaml", "b.yaml"},
		{"app", "b.yaml", "../b.yaml"},
		{"..", "b.yaml", name + "/b.yaml"},
		{"../other", "b.yaml", "../" + name + "/b.yaml"},
		{here, "b.yaml", "b.yaml"},
		{above, "app/b.yaml", name + "/app/b.yaml"},
		{".", "/srv/b.yaml", "/srv/b.yaml"},
		{"https://example.org/a.git", "b.yaml", "b.yaml"},
	} {
		o := Options{Input: Input{Context: c.context, File: c.file}}
		b, err := o.bakeBase(func(string) (string, bool) { return "", false }, frontend.TargetList{})
		if err != nil || b.Dockerfile != c.want {
			t.Errorf("%s of %s is %q, %v, want %q", c.file, c.context, b.Dockerfile, err, c.want)
		}
	}
}
