// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	oracle "github.com/nix-community/go-nix/pkg/narinfo"
	"github.com/nix-community/go-nix/pkg/nixbase32"
	"github.com/nix-community/go-nix/pkg/storepath"
)

func TestBase32AgreesWithGoNix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for size := range 70 {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		text := encodeBase32(data)
		if want := nixbase32.EncodeToString(data); text != want {
			t.Fatalf("%x is %q, want %q", data, text, want)
		}
		if back, err := decodeBase32(text, size); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%q is %x (%v), want %x", text, back, err, data)
		}
	}
	for _, bad := range []string{"", "0", "z0", "000", "e0", "0U", "0 "} {
		if got, err := decodeBase32(bad, 1); err == nil {
			t.Errorf("%q is %x, want an error", bad, got)
		}
	}
}

func TestHashesInEveryBase(t *testing.T) {
	sum := strings.Repeat("0f1e", 16)
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = []byte{0x0f, 0x1e}[i%2]
	}
	b64 := base64.StdEncoding.EncodeToString(raw)
	for _, text := range []string{"sha256:" + sum, "sha256:" + encodeBase32(raw), "sha256:" + b64, "sha256-" + b64} {
		if d, err := parseHash(text); err != nil || d.Encoded() != sum {
			t.Errorf("%q is %q, %v", text, d, err)
		} else if again := formatHash(d); again != "sha256:"+encodeBase32(raw) {
			t.Errorf("%q is written %q", text, again)
		}
	}
	for _, bad := range []string{"", sum, "sha1:" + sum, "sha256:", "sha256-" + sum, "sha256:" + strings.Repeat("zz", 32), "sha256:" + b64 + "="} {
		if d, err := parseHash(bad); err == nil {
			t.Errorf("%q is %q, want an error", bad, d)
		}
	}
}

const hash = "0123456789abcdfghijklmnpqrsvwxyz"

func TestCheckPath(t *testing.T) {
	for _, good := range []string{
		"/nix/store/" + hash + "-a", "/gnu/store/" + hash + "-glibc-2.38", "/home/u/.local/share/nix/root/nix/store/" + hash + "-x+y_z?=.drv",
		"/nix/store/" + hash + "-.hidden", "/s/" + hash + "-" + strings.Repeat("n", 211),
	} {
		if err := CheckPath(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "/", "nix/store/" + hash + "-a", "/nix/store/" + hash, "/nix/store/" + hash + "-", "/nix/store/" + hash + "_a", "/" + hash + "-a",
		"/nix/store/" + hash + "-a/bin", "/nix/store/" + hash[1:] + "-a", "/nix/store/" + strings.Replace(hash, "z", "e", 1) + "-a",
		"/nix/../store/" + hash + "-a", "/nix/store/" + hash + "-a/", "/nix/store/" + hash + "-a b", "/nix/store/" + hash + "-ä",
		"/nix/store/" + hash + "-" + strings.Repeat("n", 212), "/nix/store/" + hash + "-..", "/nix/store/" + hash + "-.", "/nix/a,b/" + hash + "-a",
		"/nix/store/" + hash + "-..-x", "/nix/store/" + hash + "-a\n", "/nix/store/" + hash + "-a\x00",
	} {
		if err := CheckPath(bad); err == nil {
			t.Errorf("%q is taken for a store path", bad)
		}
	}
}

// narinfoOf is a narinfo with every key; changes replace lines by their keys.
func narinfoOf(changes map[string]string) string {
	lines := []string{
		"StorePath: /nix/store/" + hash + "-app-1.0", "URL: nar/x.nar.zst", "Compression: zstd",
		"FileHash: sha256:" + strings.Repeat("0", 52), "FileSize: 12",
		"NarHash: sha256:" + strings.Repeat("1", 52), "NarSize: 345",
		"References: " + hash + "-app-1.0 " + strings.Replace(hash, "0", "1", 1) + "-lib", "Deriver: " + hash + "-app-1.0.drv",
		"Sig: one:AAAA", "Sig: two:BBBB", "CA: fixed:r:sha256:x",
	}
	var b strings.Builder
	for _, line := range lines {
		key, _, _ := strings.Cut(line, ":")
		if change, ok := changes[key]; ok {
			line = change
		}
		if line != "-" {
			b.WriteString(line + "\n")
		}
	}
	return b.String() + changes[""]
}

func TestParsesNarinfo(t *testing.T) {
	info, err := ParseNarinfo([]byte(narinfoOf(nil)))
	if err != nil {
		t.Fatal(err)
	}
	want := &Info{
		Path: "/nix/store/" + hash + "-app-1.0", URL: "nar/x.nar.zst", Compression: "zstd",
		FileHash: "sha256:" + "0000000000000000000000000000000000000000000000000000000000000000", FileSize: 12,
		NarHash: info.NarHash, NarSize: 345,
		References: []string{"/nix/store/" + hash + "-app-1.0", "/nix/store/1" + hash[1:] + "-lib"},
		Deriver:    "/nix/store/" + hash + "-app-1.0.drv", Signatures: []string{"one:AAAA", "two:BBBB"}, CA: "fixed:r:sha256:x",
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	theirs, err := oracle.Parse(strings.NewReader(narinfoOf(map[string]string{"Sig": "-"})))
	if err != nil {
		t.Fatal(err)
	}
	if theirs.NarHash.Digest() == nil || info.NarHash.Encoded() != fmt.Sprintf("%x", theirs.NarHash.Digest()) {
		t.Errorf("NarHash is %s, go-nix reads %x", info.NarHash, theirs.NarHash.Digest())
	}
	if got, want := info.Fingerprint(), theirs.Fingerprint(); got != want {
		t.Errorf("fingerprint %q, go-nix has %q", got, want)
	}
}

// What caches in the wild leave out or add.
func TestParsesOddNarinfos(t *testing.T) {
	for name, tc := range map[string]struct {
		changes map[string]string
		check   func(*Info) bool
	}{
		"no file hash":       {map[string]string{"FileHash": "-", "FileSize": "-"}, func(i *Info) bool { return i.FileHash == "" && i.FileSize == 0 }},
		"no compression":     {map[string]string{"Compression": "-"}, func(i *Info) bool { return i.Compression == "bzip2" }},
		"empty compression":  {map[string]string{"Compression": "Compression:"}, func(i *Info) bool { return i.Compression == "bzip2" }},
		"empty references":   {map[string]string{"References": "References: "}, func(i *Info) bool { return i.References == nil }},
		"no space":           {map[string]string{"References": "References:"}, func(i *Info) bool { return i.References == nil }},
		"not a references":   {map[string]string{"References": "-"}, func(i *Info) bool { return i.References == nil }},
		"unknown deriver":    {map[string]string{"Deriver": "Deriver: unknown-deriver"}, func(i *Info) bool { return i.Deriver == "" }},
		"unknown keys":       {map[string]string{"": "System: x\nFuture: a: b\nFuture: again\n\n"}, func(i *Info) bool { return i.NarSize == 345 }},
		"no signature":       {map[string]string{"Sig": "-"}, func(i *Info) bool { return i.Signatures == nil }},
		"a query in its URL": {map[string]string{"URL": "URL: nar/x.nar?hash=abc"}, func(i *Info) bool { return i.URL == "nar/x.nar?hash=abc" }},
		"lines of Windows":   {map[string]string{"URL": "URL: nar/x.nar\r"}, func(i *Info) bool { return i.URL == "nar/x.nar" }},
		"another store":      {map[string]string{"StorePath": "StorePath: /gnu/store/" + hash + "-x"}, func(i *Info) bool { return strings.HasPrefix(i.References[0], "/gnu/store/") }},
	} {
		info, err := ParseNarinfo([]byte(narinfoOf(tc.changes)))
		if err != nil || !tc.check(info) {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

func TestRefusesNarinfos(t *testing.T) {
	for want, changes := range map[string]map[string]string{
		"has no StorePath":                 {"StorePath": "-"},
		"has no URL":                       {"URL": "-"},
		"has no NarHash":                   {"NarHash": "-"},
		"has no NarSize":                   {"NarSize": "-"},
		"its URL or its NarSize":           {"URL": "URL:"},
		"or its NarSize is empty":          {"NarSize": "NarSize: 0"},
		`"-1" is not a number of bytes`:    {"NarSize": "NarSize: -1"},
		`"1e3" is not a number`:            {"FileSize": "FileSize: 1e3"},
		`"99999999999999999999" is no`:     {"NarSize": "NarSize: 99999999999999999999"},
		`NarHash: "md5:00" is no`:          {"NarHash": "NarHash: md5:00"},
		`FileHash: "sha256:" is not a SHA`: {"FileHash": "FileHash: sha256:"},
		"not a store path":                 {"StorePath": "StorePath: /nix/store/../../etc"},
		`in References: "../../etc"`:       {"References": "References: ../../etc"},
		`in Deriver: "x"`:                  {"Deriver": "Deriver: x"},
		"it is there twice":                {"": "NarSize: 345\n"},
		"isn't a key and a value":          {"": "<html>\n"},
		"Sig: there are more than 64":      {"": strings.Repeat("Sig: k:AAAA\n", 64)},
	} {
		info, err := ParseNarinfo([]byte(narinfoOf(changes)))
		if !errors.Is(err, ErrNarinfo) || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %+v, %v", want, info, err)
		}
	}
}

func FuzzNarinfo(f *testing.F) {
	f.Add([]byte(narinfoOf(nil)))
	f.Add([]byte(narinfoOf(map[string]string{"Sig": "-", "CA": "-"})))
	f.Fuzz(func(t *testing.T, text []byte) {
		info, err := ParseNarinfo(text)
		if err != nil {
			if !errors.Is(err, ErrNarinfo) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if err := info.check(); err != nil {
			t.Fatalf("what was read is wrong: %v", err)
		}
		_, _ = info.Verify(nil)
		theirs, err := oracle.Parse(bytes.NewReader(text))
		if err != nil {
			return
		}
		// go-nix knows no other store, neither trims nor checks, and takes a
		// narinfo with doubles.
		if theirs.StorePath != info.Path || storepath.Validate(info.Path) != nil || theirs.Check() != nil || len(theirs.References) != len(info.References) {
			return
		}
		if got, want := info.Fingerprint(), theirs.Fingerprint(); got != want && strings.Join(info.References, "") == "/nix/store/"+strings.Join(theirs.References, "/nix/store/") {
			t.Fatalf("fingerprint %q, go-nix has %q", got, want)
		}
	})
}
