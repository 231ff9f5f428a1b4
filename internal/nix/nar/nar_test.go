// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package nar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	oracle "github.com/nix-community/go-nix/pkg/nar"
)

// A part is an entry and its contents.
type part struct {
	Entry
	Content string
}

// write makes an archive of parts.
func write(parts []part) ([]byte, error) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, p := range parts {
		if err := w.Write(p.Entry, strings.NewReader(p.Content)); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// read takes an archive apart.
func read(r io.Reader) ([]part, error) {
	var parts []part
	n := NewReader(r)
	for {
		e, err := n.Next()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		content, err := io.ReadAll(n)
		if err != nil {
			return parts, err
		}
		parts = append(parts, part{e, string(content)})
	}
}

// random makes the parts of a tree.
func random(r *rand.Rand, name string, depth int) []part {
	switch n := r.IntN(8); {
	case n < 2:
		return []part{{Entry{Type: Symlink, Name: name, Target: text(r, 1+r.IntN(40))}, ""}}
	case n < 5 || depth == 0:
		content := text(r, r.IntN(40))
		if r.IntN(10) == 0 {
			content = strings.Repeat(content, 1<<14)
		}
		return []part{{Entry{Type: Regular, Name: name, Executable: r.IntN(2) == 0, Size: int64(len(content))}, content}}
	}
	var names []string
	for range r.IntN(6) {
		names = append(names, text(r, 1+r.IntN(12)))
	}
	slices.Sort(names)
	parts := []part{{Entry{Type: Directory, Name: name}, ""}}
	for _, name := range slices.Compact(names) {
		parts = append(parts, random(r, name, depth-1)...)
	}
	return append(parts, part{Entry{Type: Leave}, ""})
}

// text is made of what names are allowed to have and often have not.
func text(r *rand.Rand, n int) string {
	const runes = "abc-._ \n\t\\\"ü\xff\x01漢"
	var b strings.Builder
	for range n {
		b.WriteByte(runes[r.IntN(len(runes))])
	}
	// go-nix takes a name that starts with two dots for the parent.
	if got := b.String(); !strings.HasPrefix(got, ".") {
		return got
	}
	return "n" + b.String()
}

func TestReadsWhatItWrites(t *testing.T) {
	for seed := range uint64(300) {
		want := random(rand.New(rand.NewPCG(seed, 1)), "", 4)
		data, err := write(want)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for name, r := range map[string]io.Reader{
			"at once":       bytes.NewReader(data),
			"byte for byte": iotest.OneByteReader(bytes.NewReader(data)),
			"with the end":  iotest.DataErrReader(bytes.NewReader(data)),
		} {
			got, err := read(r)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("seed %d read %s: %v (-want +got)\n%s", seed, name, err, diff)
			}
		}
		theirs, err := oracleRead(data)
		if diff := cmp.Diff(flat(want), theirs); err != nil || diff != "" {
			t.Fatalf("seed %d: go-nix reads something else: %v (-ours +theirs)\n%s", seed, err, diff)
		}
		if again, err := oracleWrite(want); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("seed %d: go-nix writes other bytes: %v", seed, err)
		}
	}
}

// flat is the list of parts by path, as go-nix has them.
func flat(parts []part) []part {
	at := "/"
	var out []part
	for _, p := range parts {
		if p.Type == Leave {
			at = path.Dir(at)
			continue
		}
		here := path.Join(at, p.Name)
		if p.Type == Directory {
			at = here
		}
		p.Name = here
		out = append(out, p)
	}
	return out
}

func oracleRead(data []byte) ([]part, error) {
	r, err := oracle.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var parts []part
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		p := part{Entry: Entry{
			Type: Type(h.Type), Name: h.Path, Executable: h.Executable, Size: h.Size, Target: h.LinkTarget,
		}}
		if h.Type == oracle.TypeRegular {
			content, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			p.Content = string(content)
		}
		parts = append(parts, p)
	}
}

func oracleWrite(parts []part) ([]byte, error) {
	var out bytes.Buffer
	w, err := oracle.NewWriter(&out)
	if err != nil {
		return nil, err
	}
	for _, p := range flat(parts) {
		h := &oracle.Header{
			Path: p.Name, Type: oracle.NodeType(p.Type), LinkTarget: p.Target, Size: p.Size, Executable: p.Executable,
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, p.Content); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// tree has one of everything.
func tree() []part {
	return []part{
		{Entry{Type: Directory}, ""},
		{Entry{Type: Directory, Name: "bin"}, ""},
		{Entry{Type: Regular, Name: "run", Executable: true, Size: 10}, "#!/bin/sh\n"},
		{Entry{Type: Leave}, ""},
		{Entry{Type: Directory, Name: "empty"}, ""},
		{Entry{Type: Leave}, ""},
		{Entry{Type: Symlink, Name: "link", Target: "../up"}, ""},
		{Entry{Type: Regular, Name: "none"}, ""},
		{Entry{Type: Regular, Name: "text", Size: 8}, "12345678"},
		{Entry{Type: Leave}, ""},
	}
}

func TestRefusesEveryDamage(t *testing.T) {
	data, err := write(tree())
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := read(bytes.NewReader(data[:n])); !errors.Is(err, ErrFormat) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut to %d of %d bytes: %v", n, len(data), err)
		}
	}
	if _, err := read(bytes.NewReader(append(bytes.Clone(data), 0))); !errors.Is(err, ErrFormat) {
		t.Errorf("with a byte after its end: %v", err)
	}
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 1
		// A changed name, target or content is another archive, and no other one is.
		parts, err := read(bytes.NewReader(changed))
		if err == nil {
			if again, err := write(parts); err != nil || !bytes.Equal(again, changed) {
				t.Errorf("byte %d changed: it reads as %v, which is written differently (%v)", i, parts, err)
			}
		} else if !errors.Is(err, ErrFormat) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

// wire is what the format has for strings.
func wire(all ...string) string {
	var out bytes.Buffer
	w := NewWriter(&out)
	w.texts(all...)
	_ = w.w.Flush()
	return out.String()
}

// withEntries is a directory with entries of these names, each a link.
func withEntries(names ...string) string {
	s := wire(magic, "(", "type", "directory")
	for _, name := range names {
		s += wire("entry", "(", "name", name, "node", "(", "type", "symlink", "target", "x", ")", ")")
	}
	return s + wire(")")
}

func TestRefusesWhatTheWriterWouldNotWrite(t *testing.T) {
	deep := wire(magic) + strings.Repeat(wire("(", "type", "directory", "entry", "(", "name", "d", "node"), MaxDepth+1)
	for want, data := range map[string]string{
		`can't be called ""`:               withEntries(""),
		`can't be called "."`:              withEntries("."),
		`can't be called ".."`:             withEntries(".."),
		`can't be called "a/b"`:            withEntries("a/b"),
		`can't be called "a\x00"`:          withEntries("a\x00"),
		`the name "a" comes after "b"`:     withEntries("b", "a"),
		`the name "b" comes after "b"`:     withEntries("a", "b", "b"),
		`a string has 256 bytes`:           withEntries(strings.Repeat("n", 256)),
		`"nix-archive-2" stands`:           wire("nix-archive-2"),
		`"fifo" is not a type`:             wire(magic, "(", "type", "fifo"),
		`can't point to ""`:                wire(magic, "(", "type", "symlink", "target", "", ")"),
		`can't point to "a\x00"`:           wire(magic, "(", "type", "symlink", "target", "a\x00", ")"),
		`a string has 4096 bytes`:          wire(magic, "(", "type", "symlink", "target", strings.Repeat("t", 4096), ")"),
		`1 bytes, and here can be 0`:       wire(magic, "(", "type", "regular", "executable", "x", "contents", "", ")"),
		`contents should`:                  wire(magic, "(", "type", "regular", "executable", "", "target", "", ")"),
		`a file has 9223372036854775808`:   wire(magic, "(", "type", "regular", "contents") + "\x00\x00\x00\x00\x00\x00\x00\x80",
		`padding isn't zero`:               wire(magic, "(", "type", "regular", "contents") + "\x01\x00\x00\x00\x00\x00\x00\x00x0000000",
		`it is cut short`:                  wire(magic, "(", "type", "regular", "contents") + "\x00\x00\x00\x00\x00\x00\x00\x70",
		`directories are within each`:      deep,
		`bytes follow its end`:             withEntries() + "x",
		`next entry should`:                wire(magic, "(", "type", "directory", "node"),
		`"(" stands where ")" should`:      wire(magic, "(", "type", "symlink", "target", "x", "("),
		`a string has 1152921504606846976`: wire(magic) + "\x00\x00\x00\x00\x00\x00\x00\x10",
	} {
		_, err := read(strings.NewReader(data))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	dir, leave := part{Entry{Type: Directory}, ""}, part{Entry{Type: Leave}, ""}
	link := func(name string) part { return part{Entry{Type: Symlink, Name: name, Target: "x"}, ""} }
	deep := slices.Repeat([]part{{Entry{Type: Directory, Name: "d"}, ""}}, MaxDepth+1)
	deep[0].Name = ""
	for name, parts := range map[string][]part{
		"nothing":                 {},
		"no end":                  {dir},
		"two ends":                {dir, leave, leave},
		"two roots":               {link(""), link("")},
		"a root with a name":      {link("a")},
		"names out of order":      {dir, link("b"), link("a"), leave},
		"a name that escapes":     {dir, link(".."), leave},
		"a name with a slash":     {dir, link("a/b"), leave},
		"a long name":             {dir, link(strings.Repeat("n", 256)), leave},
		"an empty target":         {{Entry{Type: Symlink}, ""}},
		"a long target":           {{Entry{Type: Symlink, Target: strings.Repeat("n", 4096)}, ""}},
		"a type that isn't":       {{Entry{Type: "fifo"}, ""}},
		"a size below zero":       {{Entry{Type: Regular, Size: -1}, ""}},
		"too deep":                deep,
		"contents that end early": {{Entry{Type: Regular, Size: 3}, "ab"}},
	} {
		if _, err := write(parts); !errors.Is(err, ErrFormat) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	w := NewWriter(failing{})
	_ = w.Write(link("").Entry, nil)
	if err := w.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("on a broken pipe: error %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestReaderSkipsAndPassesErrorsOn(t *testing.T) {
	data, err := write(tree())
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(bytes.NewReader(data))
	var names []string
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name)
	}
	if got := fmt.Sprintf("%q", names); got != `["" "bin" "run" "" "empty" "" "link" "none" "text" ""]` {
		t.Errorf("names without their contents: %s", got)
	}
	broken := io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(os.ErrClosed))
	if _, err := read(broken); !errors.Is(err, os.ErrClosed) || errors.Is(err, ErrFormat) {
		t.Errorf("a failing reader: error %v", err)
	}
}

// What the reader takes is exactly what the writer writes, and go-nix reads the same.
func FuzzReader(f *testing.F) {
	for seed := range uint64(20) {
		data, err := write(random(rand.New(rand.NewPCG(seed, 2)), "", 2))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parts, err := read(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if again, err := write(parts); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("written again it is different: %v", err)
		}
		theirs, err := oracleRead(data)
		if diff := cmp.Diff(flat(parts), theirs); err != nil || diff != "" {
			t.Fatalf("go-nix reads something else: %v (-ours +theirs)\n%s", err, diff)
		}
	})
}
