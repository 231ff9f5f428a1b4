// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
)

// TestIgnoredByNamed has ignore files of named contexts that BuildKit can't read or send.
func TestIgnoredByNamed(t *testing.T) {
	d := &Daemon{Client: capable{}}
	for pattern, want := range map[string]string{
		"*.log":                    "",
		"a[":                       `load context extra: read .dockerignore: the pattern "a[": syntax error in pattern`,
		"a\tb":                     `load context extra: read .dockerignore: the pattern "a\tb": it has a character that can't be printed`,
		strings.Repeat("a", 1<<20): "load context extra: read .dockerignore: it has more patterns than BuildKit takes",
	} {
		for _, name := range []string{"extra", "_extra"} {
			st := bk.Scratch().File(bk.Copy(bk.Local(name, bk.ExcludePatterns([]string{pattern})), "/", "/"))
			_, err := d.Marshal(t.Context(), st)
			if (err == nil) != (want == "") || err != nil && err.Error() != want {
				t.Errorf("%.10s: %v, want %s", pattern, err, want)
			}
		}
	}
}

// TestIgnoredByOwn names the file that a pattern of the build context is from.
func TestIgnoredByOwn(t *testing.T) {
	d := &Daemon{}
	for want, file := range map[string]func() string{
		"read .dockerignore: ": nil, "read app.yaml.dockerignore: ": func() string { return "app.yaml.dockerignore" },
	} {
		d.IgnoreFile = file
		if err := checkIgnored([]string{"a["}, d.ignoreFile()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
