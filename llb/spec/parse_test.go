// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// compare holds a text against a golden file.
func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", golden, diff)
	}
}

func TestParseGood(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Parse("strata.yaml", data)
			if err != nil {
				t.Fatal(err)
			}
			s.Data = nil
			compare(t, strings.TrimSuffix(file, ".yaml")+".golden", dump(reflect.ValueOf(s), ""))
		})
	}
}

// TestParseFaults runs archives of faulty files: NAME.yaml is the build file,
// NAME.txt what is said about it, line and excerpt for each fault.
func TestParseFaults(t *testing.T) {
	archives, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			given := readArchive(t, file)
			answered := archive{comment: given.comment}
			for _, f := range given.files {
				if name, isCase := strings.CutSuffix(f.name, ".yaml"); isCase {
					said := archived{name + ".txt", explain(t, name, []byte(f.data))}
					answered.files = append(answered.files, f, said)
				}
			}
			compare(t, file, answered.String())
		})
	}
}

// explain parses a faulty file and gives all that is said about it.
func explain(t *testing.T, name string, data []byte) string {
	t.Helper()
	_, err := Parse("strata.yaml", data)
	if err == nil {
		t.Errorf("%s: has no fault", name)
		return ""
	}
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("%s: a %T, not Errors", name, err)
	}
	var b strings.Builder
	for _, e := range all {
		b.WriteString(e.Error() + "\n" + e.Excerpt())
	}
	return b.String()
}

// dump writes a value's set fields, one a line.
func dump(v reflect.Value, indent string) string {
	switch x := v.Interface().(type) {
	case String:
		return dumpString(x)
	case Pos:
		return fmt.Sprintf("%d:%d\n", x.Line, x.Column)
	case Range:
		return fmt.Sprintf("%d:%d-%d:%d\n", x.Start.Line, x.Start.Column, x.End.Line, x.End.Column)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return dump(v.Elem(), indent)
	case reflect.Slice:
		if v.Len() == 0 {
			return "[]\n"
		}
		out := "\n"
		for i := range v.Len() {
			out += indent + "- " + strings.TrimLeft(dump(v.Index(i), indent+"  "), "\n ")
		}
		return out
	case reflect.Struct:
		out := "\n"
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				out += indent + v.Type().Field(i).Name + ": " + dump(f, indent+"  ")
			}
		}
		return out
	}
	return fmt.Sprintf("%v\n", v.Interface())
}

func dumpString(s String) string {
	if s.Platforms == nil {
		return fmt.Sprintf("%q %d:%d\n", s.Value, s.Pos.Line, s.Pos.Column)
	}
	out := ""
	for _, p := range s.Platforms {
		out += fmt.Sprintf("%s=%q %d:%d ", p.Platform, p.Value, p.Pos.Line, p.Pos.Column)
	}
	return strings.TrimSpace(out) + "\n"
}

// TestParseHostile holds what is meant to hurt: each ends in one clear error.
func TestParseHostile(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"50 MB":   {bytes.Repeat([]byte("a: b\n"), 10<<20), "strata.yaml: has 52428800 bytes; a build file has at most 1048576"},
		"NUL":     {[]byte("from: x\nlayers\x00"), "strata.yaml:2:7: has a NUL character: it is not a text file"},
		"binary":  {[]byte("\x7fELF\x02\x01\x01"), "strata.yaml:1:1: has the control character U+007F: it is not a text file"},
		"latin 1": {[]byte("from: caf\xe9"), "strata.yaml:1:10: is not UTF-8 text"},
		"UTF-16":  {[]byte("\xff\xfef\x00r\x00"), "strata.yaml:1:1: is not UTF-8 text"},
		"old Mac": {[]byte("from: x\rlayers: []\r"), "strata.yaml:1:8: has the line separator U+000D; lines end in LF or CR LF"},
		"LS":      {[]byte("from: x\n# \u2028a: b"), "strata.yaml:2:3: has the line separator U+2028; lines end in LF or CR LF"},
		"deep":    {bytes.Repeat([]byte("["), 100_000), "exceeded max depth"},
		"bomb":    {bomb(), "too many values: more than 200000 once the aliases are written out"},
		"merges":  {merges(), "too many values: more than 200000 once the aliases are written out"},
		"itself":  {[]byte("x-a: &a [*a]\n"), "the alias *a stands inside the value that it names"},
		"nested":  {[]byte("x-a: " + strings.Repeat("[", 70) + strings.Repeat("]", 70)), "nested too deeply: more than 64 levels"},
		"chained": {chained(), "nested too deeply: more than 64 levels once the aliases are written out"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("strata.yaml", c.data)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if all := allErrors(t, err); len(all) != 1 {
				t.Errorf("got %d errors, want one", len(all))
			}
		})
	}
}

func bomb() []byte {
	var b bytes.Buffer
	b.WriteString("x-0: &a0 [a, a, a, a, a, a, a, a, a, a]\n")
	for i := range 12 {
		fmt.Fprintf(&b, "x-%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	return b.Bytes()
}

// merges makes maps that each take over all keys of the one before.
func merges() []byte {
	var b bytes.Buffer
	b.WriteString("x-0: &a0 {k: v}\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "x-%d: &a%d {<<: *a%d, k%d: v}\n", i+1, i+1, i, i)
	}
	return b.Bytes()
}

func chained() []byte {
	var b bytes.Buffer
	b.WriteString("x-0: &a0 [a]\n")
	for i := range 80 {
		fmt.Fprintf(&b, "x-%d: &a%d [*a%d]\n", i+1, i+1, i)
	}
	return b.Bytes()
}

func TestParseManyFaults(t *testing.T) {
	var b bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&b, "targets%d: {from: target:x%d}\n", i, i)
	}
	_, err := Parse("f", b.Bytes())
	if all := allErrors(t, err); len(all) != 20 || all[0].Range.Start.Line != 1 || all[19].Range.Start.Line != 20 {
		t.Errorf("got %d faults: %v", len(all), all)
	}
}

// allErrors are the faults in what Parse gives.
func allErrors(t *testing.T, err error) Errors {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("got %v, want Errors", err)
	}
	return all
}
