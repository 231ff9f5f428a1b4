// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/good/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{
		"", "from: x\n---\n", "a: &a [*a]", "x-a: &a {b: c}\nconfig: {<<: [*a, *a]}", "from: {amd64: a, arm64: }",
		"layers: [{files: [{dest: /a, content: |-\n\n", "\xef\xbb\xbffrom: x", "from: !!str\nargs: {A: ~}", "? [a]\n: b", "from: 'a\n  b'''",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("f", data)
		if err == nil {
			again, err := Parse("f", data)
			if err != nil || !reflect.DeepEqual(s, again) {
				t.Error("the second reading differs from the first")
			}
			return
		}
		var all Errors
		if !errors.As(err, &all) || len(all) == 0 || len(all) > maxErrors {
			t.Fatalf("a %T of %d", err, len(all))
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, e := range all {
			if e.Message == "" || strings.Contains(e.Error(), "\n") || e.Range.Start.Line > lines || comparePos(e.Range.End, e.Range.Start) < 0 {
				t.Errorf("odd fault %q at %v", e.Error(), e.Range)
			}
			_ = e.Excerpt()
		}
	})
}

func FuzzExpand(f *testing.F) {
	for _, text := range []string{
		"$A", "${A:-${B:+$C}}", "$$", "${", "${A", "${A:-", "${A?b}", "}{$", "${A:-$$}", "${É}", "$A$A$A", "${A:+}}",
	} {
		f.Add(text, "a")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		v := Vars{}.With(map[string]string{"A": value, "B": ""})
		got, err := v.Expand(String{Value: text, Pos: Pos{1, 1}})
		if Literal(text) && (err != nil || got != text) {
			t.Errorf("%q is literal, but gives %q, %v", text, got, err)
		}
		var fault *Error
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("a %T", err)
		}
		quoted, err := v.Expand(String{Value: strings.ReplaceAll(text, "$", "$$")})
		if err != nil || quoted != text {
			t.Errorf("%q does not survive quoting: %q, %v", text, quoted, err)
		}
		for _, name := range Mentioned(text) {
			if scanName(name) != len(name) || name == "" {
				t.Errorf("%q mentions %q", text, name)
			}
		}
	})
}

func FuzzParseDockerfile(f *testing.F) {
	for _, text := range []string{"Dockerfile", "./a/Dockerfile#builder", "../x", "#", "a#", "a#b#c", "/", ".#0", "a\x00#b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, stage, err := ParseDockerfile(text)
		if err != nil {
			return
		}
		whole := file
		if stage != "" {
			whole += "#" + stage
		}
		again, same, err := ParseDockerfile(whole)
		if err != nil || again != file || same != stage || strings.ContainsAny(whole[:1], "/#") || strings.HasPrefix(file+"/", "../") {
			t.Errorf("%q is %q and %q, then %q and %q, %v", text, file, stage, again, same, err)
		}
	})
}

func FuzzCleanDest(f *testing.F) {
	for _, p := range []string{"/", "/a/", "/a/../b", "/..", "a", "", "/a\x00", "/./..//", "/é/\u202e", "\\", "/a/b/../../.."} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if dest, err := CleanDest(p); err == nil {
			again, err := CleanDest(dest)
			if err != nil || again != dest || !strings.HasPrefix(dest, "/") || strings.Contains(dest+"/", "/../") || strings.Contains(dest, "//") {
				t.Errorf("CleanDest(%q) = %q, then %q, %v", p, dest, again, err)
			}
		}
		if source, err := CleanSource(p); err == nil {
			again, err := CleanSource(source)
			if err != nil || again != source || strings.HasPrefix(source, "/") || strings.HasPrefix(source+"/", "../") {
				t.Errorf("CleanSource(%q) = %q, then %q, %v", p, source, again, err)
			}
		}
	})
}
