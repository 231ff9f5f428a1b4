// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// FuzzHistory reads the words of histories, and package databases.
func FuzzHistory(f *testing.F) {
	f.Add("strata: name: packages jq", "Package: jq\nVersion: 1\n")
	f.Add("RUN |1 A=b /bin/sh -c make # buildkit", "P:musl\nV:1\n\n")
	f.Fuzz(func(t *testing.T, words, database string) {
		if kind, made := Made(words); len(made) > len(words)+len("RUN ") || len(kind) > len(words)+len("RUN ") {
			t.Errorf("Made(%q) = %q, %q", words, kind, made)
		}
		config := &v1.ConfigFile{History: []v1.History{{CreatedBy: words}, {CreatedBy: words, EmptyLayer: true}}}
		if got := len(histories(config, 3)); got != 3 {
			t.Errorf("3 layers have %d histories", got)
		}
		s := &scan{packages: map[string]string{}}
		if err := s.readDatabase(strings.NewReader(database), databaseOf("var/lib/dpkg/status")); err != nil {
			t.Error(err)
		}
	})
}

// FuzzTree applies layers in which anything may come and go: each file of each
// layer is listed once, and only one at a path is there.
func FuzzTree(f *testing.F) {
	f.Add("f a/b\nd c\n\nw a\nf a/b/c\n\no a\nf a")
	f.Fuzz(func(t *testing.T, text string) {
		tree := &tree{}
		for i, layer := range strings.Split(text, "\n\n") {
			var entries []entry
			for line := range strings.SplitSeq(layer, "\n") {
				kind, path, ok := strings.Cut(line, " ")
				path = strings.Trim(path, "/")
				if !ok || kind == "" || path == "" || strings.Contains(path, "//") {
					continue
				}
				k := kind[0]
				switch k {
				case 'd':
					k = '5'
				case 'f':
					k = '0'
				}
				entries = append(entries, entry{path: path, kind: k, size: 1})
			}
			tree.apply(i, entries)
		}
		there := map[string]bool{}
		for _, file := range tree.files() {
			if !file.Gone && there[file.Path] {
				t.Errorf("%q is there twice", file.Path)
			}
			there[file.Path] = there[file.Path] || !file.Gone
		}
	})
}
