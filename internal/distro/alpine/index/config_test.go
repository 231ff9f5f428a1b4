// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/alpine/control"
)

func parseOne(text string) ([]Repository, error) {
	return ParseRepositories("x86_64", File{"/etc/apk/repositories", text})
}

// TestReadsRepositoriesOfAPK3 reads what apk 3 takes in such files. The wanted addresses
// are those that "apk update" of apk 3.0.6 fetches indexes from.
func TestReadsRepositoriesOfAPK3(t *testing.T) {
	got, err := ParseRepositories("aarch64", File{"/etc/apk/repositories", "set -default mirror=https://example.org/alpine\nset version=v3.23 \nv2 ${mirror}/${version:5} main community/\n"},
		File{"/etc/apk/repositories.d/more.list", "set mirror=http://example.com\nset -default mirror=http://no.example.com\n@edge ${mirror}/${APK_ARCH}/\n/media/cdrom\n"})
	want := []Repository{
		{URL: "https://example.org/alpine/v3.23/main"},
		{URL: "https://example.org/alpine/v3.23/community"},
		{URL: "http://example.com/aarch64", Tag: "edge"},
		{URL: "/media/cdrom"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	long := strings.Repeat("set a=${a}${a}\n", 40)
	if got, err := parseOne("set a=aa\n" + long + "http://example.org/${a}"); err == nil {
		t.Errorf("%d bytes are taken", len(got[0].URL))
	}
}

func TestReadsConfiguration(t *testing.T) {
	got, err := parseOne("# comment\n\nhttps://example.org/alpine/v3.20/main/\n  @edge  http://example.org/edge # no\n")
	if err == nil {
		t.Errorf("a comment after an address is taken: %v", got)
	}
	got, err = parseOne("# comment\n\nhttps://example.org/alpine/v3.20/main/\n\t@edge  http://example.org/edge\n")
	want := []Repository{{URL: "https://example.org/alpine/v3.20/main"}, {URL: "http://example.org/edge", Tag: "edge"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if url := got[0].IndexURL("aarch64"); url != "https://example.org/alpine/v3.20/main/aarch64/APKINDEX.tar.gz" {
		t.Error(url)
	}
	for _, bad := range []string{
		"@edge", "@ http://example.org", "a b", "http://example.org/${X}", "v3 http://example.org", "ndx http://example.org/APKINDEX.tar.gz",
		"http://example.org/APKINDEX.tar.gz", "http://example.org main http://example.org", "v2", "v2 main", "set", "set =x", "set APK_X=y", "set X=${X}",
		"set A=b\nhttp://example.org/${A", "set A=b\nhttp://example.org/${A:x}",
	} {
		if got, err := parseOne(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		}
	}
	if _, err := ReadInstalled("C:" + control.Q1(nil) + "\nP:a\nV:1-r0\nf:s\n"); err == nil || !strings.Contains(err.Error(), "could not install wholly: a;") {
		t.Error(err)
	}
}
