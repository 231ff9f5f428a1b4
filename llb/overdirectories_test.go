// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"strings"
	"testing"
)

// TestFilesOverDirectories refuses files where the base has a directory, or a link to one, and
// links where it has a directory, and replaces other links.
func TestFilesOverDirectories(t *testing.T) {
	for entry, want := range map[string]string{
		`{dest: /bin, source: tool}`:  "put a file at /bin: the base has a link to the directory /usr/bin there; write /bin/ to put the file into it",
		`{dest: /bin, content: x}`:    "put a file at /bin: the base has a link to the directory /usr/bin there",
		`{dest: /usr, source: tool}`:  "put a file at /usr: the base has a directory there; write /usr/",
		`{dest: /opt/, source: tool}`: "put a file at /opt/tool: the base has a directory there; the file would take its place",
		`{dest: /opt/, url: "https://example.org/tool", checksum: "` + sum + `"}`: "put a file at /opt/tool: the base has a directory there; the file would take its place",
		`{dest: /, source: rootfs}`:                              "put a link of the source at /opt/tool: there is a directory already",
		`{dest: /, source: rootfs, exclude: [opt/tool]}`:         "",
		`{dest: /sh, source: tool}`:                              "",
		`{dest: /run, content: x}`:                               "",
		`{dest: /bin, symlink: opt}`:                             "",
		`{dest: /new, symlink: usr}, {dest: /new, source: tool}`: "",
		`{dest: /opt/tool/, source: tool}`:                       "",
	} {
		_, err := buildFile(t.Context(), odd(), "from: base\nlayers: [{files: ["+entry+"]}]\n", false)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", entry, err, want)
		}
	}
}

const sum = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
