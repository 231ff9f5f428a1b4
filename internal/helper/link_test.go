// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinkMergesTheDirsOfRoots(t *testing.T) {
	one := build(t,
		"f 0555 0:0 /s/app/bin/run x",
		"f 0555 0:0 /s/app/bin/both x",
		"l 0:0 /s/app/lib ../dep/lib",
		"l 0:0 /s/app/share/here .",
		"f 0444 0:0 /s/app/share/doc/a x",
		"d 0755 0:0 /s/app/empty",
		"f 0444 0:0 /s/app/README x",
		"f 0444 0:0 /s/app/nix-support/x x",
		"l 0:0 /s/app/loop loop2",
		"l 0:0 /s/app/gone /nowhere",
	)
	two := build(t,
		"f 0444 0:0 /s/dep/lib/libx.so x",
		"l 0:0 /s/dep/lib/libx.so.1 libx.so",
		"f 0555 0:0 /s/tool/bin/both y",
		"f 0555 0:0 /s/tool/bin/tool y",
		"f 0444 0:0 /s/tool/share/here/x y",
		"f 0444 0:0 /s/tool/share/doc/b y",
		"f 0444 0:0 /s/file x",
		"l 0:0 /s/linked tool",
	)
	dst := t.TempDir()
	status, errs := callMain("link", "--store", "/s", "--into", "/usr/local", "--mount", one, "--mount", two,
		"--root", "/s/app", "--root", "/s/linked", "--root", "/s/file", "--root", "/s/missing", dst)
	if status != 0 {
		t.Fatal(errs)
	}
	want := []string{
		"d 0755 0:0 /", "d 0755 0:0 /usr", "d 0755 0:0 /usr/local",
		"d 0755 0:0 /usr/local/bin",
		"l 0:0 /usr/local/bin/both /s/app/bin/both",
		"l 0:0 /usr/local/bin/run /s/app/bin/run",
		"l 0:0 /usr/local/bin/tool /s/linked/bin/tool",
		"d 0755 0:0 /usr/local/empty",
		"d 0755 0:0 /usr/local/lib",
		"l 0:0 /usr/local/lib/libx.so /s/app/lib/libx.so",
		"l 0:0 /usr/local/lib/libx.so.1 /s/app/lib/libx.so.1",
		"d 0755 0:0 /usr/local/share",
		"d 0755 0:0 /usr/local/share/doc",
		"l 0:0 /usr/local/share/doc/a /s/app/share/doc/a",
		"l 0:0 /usr/local/share/doc/b /s/linked/share/doc/b",
		"l 0:0 /usr/local/share/here /s/app/share/here",
	}
	var got []string
	for _, line := range listing(t, dst) {
		line, _, _ = strings.Cut(line, " @")
		got = append(got, line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, line := range []string{
		"leave out /s/linked/bin/both: an earlier path has something at /usr/local/bin/both",
		"leave out /s/linked/share/here: an earlier path has something at /usr/local/share/here",
		"link nothing of /s/file: it isn't a directory",
		"link nothing of /s/missing: it isn't a directory",
	} {
		if !strings.Contains(errs, line) {
			t.Errorf("no warning %q in\n%s", line, errs)
		}
	}
	if status, errs := callMain("link", dst); status != ownFault || !strings.Contains(errs, "want --into and DST") {
		t.Errorf("status %d, %s", status, errs)
	}
}
