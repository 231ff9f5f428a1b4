// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	hashA = "0123456789abcdfghijklmnpqrsvwxyz"
	hashB = "zyxwvsrqpnmlkjihgfdcba9876543210"
	hashC = "00000000000000000000000000000000"
)

func TestScanFindsReferences(t *testing.T) {
	src := build(t,
		"f 0644 0:0 /"+hashA+"-app/text see"+hashB+"!",
		"l 0:0 /"+hashA+"-app/link /s/"+hashC+"-c",
		"f 0644 0:0 /"+hashB+"-b "+hashB+" and "+hashA[1:],
		"l 0:0 /"+hashC+"-c nowhere",
		"f 0644 0:0 /other "+hashA,
	)
	dst := t.TempDir()
	if status, errs := callMain("scan", "--store", "/s", src, dst); status != 0 {
		t.Fatal(errs)
	}
	got, err := os.ReadFile(filepath.Join(dst, "registration"))
	must(t, err)
	want := ""
	for _, p := range []struct {
		name string
		refs []string
	}{
		{hashC + "-c", nil},
		{hashA + "-app", []string{hashC + "-c", hashB + "-b"}},
		{hashB + "-b", []string{hashB + "-b"}},
	} {
		archive := archiveOf(t, filepath.Join(src, p.name))
		want += fmt.Sprintf("/s/%s\n%x\n%d\n\n%d\n", p.name, sha256.Sum256(archive), len(archive), len(p.refs))
		for _, ref := range p.refs {
			want += "/s/" + ref + "\n"
		}
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestScanOfADirInEachPath(t *testing.T) {
	a, b := strings.Repeat("a1", 32), strings.Repeat("0f", 32)
	src := build(t, "f 0644 0:0 /"+a+"/content/x blake3:"+b, "f 0644 0:0 /"+a+"/meta.yaml "+a, "f 0644 0:0 /"+b+"/content y")
	dst := t.TempDir()
	if status, errs := callMain("scan", "--store", "/var/s", "--content", "content", src, dst); status != 0 {
		t.Fatal(errs)
	}
	got, err := os.ReadFile(filepath.Join(dst, "registration"))
	must(t, err)
	if lines := strings.Split(string(got), "\n"); !slices.Equal(lines[8:11], []string{"", "1", "/var/s/" + b}) || lines[4] != "0" {
		t.Errorf("registration:\n%s", got)
	}
	if status, errs := callMain("scan", "--content", "missing", src, t.TempDir()); status != ownFault || !strings.Contains(errs, "no such file") {
		t.Errorf("status %d, %s", status, errs)
	}
}

// However a text is cut into pieces, what is in it is found, and nothing else.
func TestReferencesAreFoundAcrossPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	hex := strings.Repeat("0f", 32)
	names := []string{hashA + "-a", hashB + "-b", hashC + "-c", hex}
	for range 2000 {
		var text strings.Builder
		var want []string
		for _, name := range names {
			text.WriteString([]string{"", "-", "0", "e!", strings.Repeat("a", r.IntN(70)) + " "}[r.IntN(5)])
			switch r.IntN(3) {
			case 0:
				text.WriteString("." + hashOf(name) + ".")
				want = append(want, name)
			case 1:
				text.WriteString("." + hashOf(name)[1:] + ".")
			}
		}
		refs := newRefs(names)
		for data := []byte(text.String()); len(data) > 0; {
			n := 1 + r.IntN(len(data))
			if r.IntN(4) > 0 {
				n = min(n, 20)
			}
			_, _ = refs.Write(data[:n])
			data = data[n:]
		}
		slices.Sort(want)
		if got := refs.found(); !slices.Equal(got, want) {
			t.Fatalf("in %q found %q, want %q", text.String(), got, want)
		}
	}
}
